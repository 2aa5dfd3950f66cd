import { Rejection } from '../pipeline/rejection.js';
import { isJsonObject } from './call.js';
import { Properties } from './properties.js';

/** What a `track` call becomes: the type of a touchpoint, and its data. */
export interface EventReading {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Persons beside the customer. */
  readonly recipients?: readonly string[];
}

/** Reads the properties of one event of a specification. `currency`: that of the source, where the event names none. */
export type EventReader = (properties: Properties, currency: string | undefined) => EventReading | Rejection;

/** Data without the fields that are not there, and with what no field holds. */
function withRest(
  type: string,
  fields: Readonly<Record<string, unknown>>,
  properties: Properties,
  recipients?: readonly string[],
): EventReading {
  const { rest } = properties;
  const data = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  return {
    type,
    data: rest === undefined ? data : { ...data, properties: rest },
    ...(recipients === undefined || recipients.length === 0 ? {} : { recipients }),
  };
}

/** The currency of the amounts: the event's own is stated in the data, the source's is added by ingestion and no part of the content. */
interface Currencies {
  readonly stated: string | undefined;
  readonly known: string | undefined;
}

function currenciesOf(properties: Properties, ofSource: string | undefined): Currencies {
  const stated = properties.currency();
  return { stated, known: stated ?? (properties.has('currency') ? undefined : ofSource) };
}

const SKU = ['sku', 'product_id', 'productId', 'id'];

/** The lines of an order or a cart; undefined, with the products among the rest, where one of them cannot be a line. */
function linesOf(
  properties: Properties,
  currency: string | undefined,
  line: (product: Properties, currency: string | undefined) => Readonly<Record<string, unknown>> | null,
): readonly unknown[] | undefined {
  const products = properties.list('products');
  if (products === undefined || products.length === 0) return undefined;
  const lines = products.map((product) => {
    if (!isJsonObject(product)) return null;
    const fields = new Properties(product);
    const read = line(fields, currency);
    if (read === null) return null;
    const { rest } = fields;
    const given = Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
    return rest === undefined ? given : { ...given, product: rest };
  });
  if (lines.every((each) => each !== null)) return lines;
  properties.giveBack('products');
  return undefined;
}

/** One product; without a quantity it is one piece. */
function productLine(product: Properties, currency: string | undefined) {
  const sku = product.id(SKU);
  const quantity = product.has('quantity') ? product.whole('quantity', 0, 1_000_000) : 1;
  if (sku === undefined || quantity === undefined) return null;
  const [name, category] = [product.text('name'), product.text('category')];
  return { sku, name, category, quantity, unitPriceMinor: product.money('price', currency, { signed: true }) };
}

/** The same where a line must have a price. */
function orderLine(product: Properties, currency: string | undefined) {
  const line = productLine(product, currency);
  return line?.unitPriceMinor === undefined ? null : line;
}

const ORDER_ID = ['order_id', 'orderId'];
const TOTALS = ['total', 'revenue', 'value'];

const NO_ORDER = Rejection.of(
  'data-invalid',
  '#/properties/order_id',
  'must be an id of 1 to 200 characters',
  'send the id of the order: it tells one order from another, and finds the order again when it is changed',
);
const NO_CURRENCY = Rejection.of(
  'data-invalid',
  '#/properties/currency',
  'must be a currency of ISO 4217 where the event has amounts',
  'send "currency": "EUR", or give the source its currency: perennial sources change NAME --currency EUR',
);
const NO_AMOUNT = Rejection.of(
  'data-invalid',
  '#/properties/total',
  'must be a decimal amount of 0 or more, or each of the products must have a sku and a price',
  'send what the customer paid as "total": 27.50',
);

function order(type: 'order-placed' | 'order-amended'): EventReader {
  return (properties, ofSource) => {
    const orderId = properties.id(ORDER_ID);
    if (orderId === undefined) return NO_ORDER;
    const { stated, known } = currenciesOf(properties, ofSource);
    if (known === undefined) return NO_CURRENCY;
    const totalMinor = properties.money(TOTALS, known);
    const lines = linesOf(properties, known, orderLine);
    const given = TOTALS.find((name) => properties.has(name));
    if (totalMinor === undefined && (given !== undefined || lines === undefined)) return NO_AMOUNT;
    const fields = {
      orderId,
      ...{ currency: stated, lines, totalMinor },
      ...(type === 'order-amended'
        ? {}
        : {
            cartId: properties.id('cart_id'),
            coupon: properties.text('coupon'),
            campaign: properties.text('campaign'),
          }),
    };
    return withRest(type, fields, properties);
  };
}

const orderReturned: EventReader = (properties, ofSource) => {
  const orderId = properties.id(ORDER_ID);
  if (orderId === undefined) return NO_ORDER;
  const { stated, known } = currenciesOf(properties, ofSource);
  const amountMinor = properties.money(TOTALS, known);
  const given = TOTALS.find((name) => properties.has(name));
  if (given !== undefined && amountMinor === undefined) return known === undefined ? NO_CURRENCY : NO_AMOUNT;
  const lines = linesOf(properties, known, (product) => {
    const sku = product.id(SKU);
    const quantity = product.has('quantity') ? product.whole('quantity', 1, 1_000_000) : 1;
    return sku === undefined || quantity === undefined ? null : { sku, quantity };
  });
  // Without an amount and without products, the whole order came back.
  const whole = amountMinor === undefined && !properties.has('products') ? true : undefined;
  return withRest('order-returned', { orderId, whole, lines, amountMinor, currency: stated }, properties);
};

const orderCancelled: EventReader = (properties) => {
  const orderId = properties.id(ORDER_ID);
  if (orderId === undefined) return NO_ORDER;
  return withRest('order-cancelled', { orderId, reason: properties.text('reason') }, properties);
};

const productViewed: EventReader = (properties, ofSource) => {
  const { stated, known } = currenciesOf(properties, ofSource);
  const fields = {
    ...{ sku: properties.id(SKU), name: properties.text('name'), category: properties.text('category') },
    ...{ priceMinor: properties.money('price', known), currency: stated },
  };
  return withRest('product-viewed', fields, properties);
};

/** What was added is one product and not the cart, so it stands beside the lines. */
const cartChanged =
  (change: 'added' | 'removed'): EventReader =>
  (properties) =>
    withRest('cart-updated', { cartId: properties.id('cart_id'), change }, properties);

const cartViewed: EventReader = (properties, ofSource) => {
  const { stated, known } = currenciesOf(properties, ofSource);
  const cartId = properties.id('cart_id');
  const totalMinor = properties.money(TOTALS, known);
  const lines = linesOf(properties, known, productLine);
  return withRest('cart-updated', { cartId, lines, totalMinor, currency: stated }, properties);
};

const checkoutStarted: EventReader = (properties, ofSource) => {
  const { stated, known } = currenciesOf(properties, ofSource);
  const ids = { cartId: properties.id('cart_id'), orderId: properties.id(ORDER_ID) };
  const totalMinor = properties.money(['value', 'total', 'revenue'], known);
  const lines = linesOf(properties, known, productLine);
  return withRest('checkout-started', { ...ids, lines, totalMinor, currency: stated }, properties);
};

const productsSearched: EventReader = (properties) =>
  withRest(
    'product-searched',
    {
      query: properties.text('query', 10_000),
      category: properties.text('category'),
      results: properties.whole('results', 0, 1_000_000_000),
    },
    properties,
  );

const wishListed: EventReader = (properties) =>
  withRest(
    'wish-listed',
    { sku: properties.id(SKU), name: properties.text('name'), category: properties.text('category') },
    properties,
  );

/** Who was told of it is a person of their own. */
const shared: EventReader = (properties) => {
  const { recipient } = properties.all;
  const isAddress = typeof recipient === 'string' && /^[^\s@]+@[^\s@]+$/.test(recipient);
  const recipients = isAddress ? [properties.text('recipient', 512) ?? recipient] : [];
  const fields = { sku: properties.id(SKU), network: properties.text('share_via') };
  return withRest('shared', fields, properties, recipients);
};

/** Stars are whole; a rating of another scale is no review of ours. */
const reviewed: EventReader = (properties) => {
  const stars = properties.whole('rating', 1, 5);
  if (stars === undefined) return withRest('site-visited', { event: 'Product Reviewed' }, properties);
  const fields = {
    ...{ stars, reviewId: properties.id('review_id'), sku: properties.id(SKU) },
    ...{ category: properties.text('category'), text: properties.text('review_body', 10_000) },
  };
  return withRest('review-posted', fields, properties);
};

const promotion =
  (type: 'ad-viewed' | 'ad-clicked'): EventReader =>
  (properties) => {
    const fields = {
      ...{ campaign: properties.text(['name', 'promotion_id']), creative: properties.text('creative') },
      placement: properties.text('position'),
    };
    return withRest(type, fields, properties);
  };

/** The events of the specification of e-commerce, version 2. */
export const COMMERCE_EVENTS: Readonly<Record<string, EventReader>> = {
  'Order Completed': order('order-placed'),
  'Order Updated': order('order-amended'),
  'Order Refunded': orderReturned,
  'Order Cancelled': orderCancelled,
  'Product Viewed': productViewed,
  'Product Added': cartChanged('added'),
  'Product Removed': cartChanged('removed'),
  'Wishlist Product Added to Cart': cartChanged('added'),
  'Cart Viewed': cartViewed,
  'Checkout Started': checkoutStarted,
  'Products Searched': productsSearched,
  'Product Added to Wishlist': wishListed,
  'Product Shared': shared,
  'Cart Shared': shared,
  'Product Reviewed': reviewed,
  'Promotion Viewed': promotion('ad-viewed'),
  'Promotion Clicked': promotion('ad-clicked'),
};

export { withRest };
