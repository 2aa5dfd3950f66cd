import type { PresetOptions } from './preset.js';

const NOT_PLACED = ['pending', 'pending payment', 'failed', 'draft', 'checkout-draft', 'auto-draft', 'trash'];
const CANCELLED = ['cancelled', 'canceled'];

/** What the preset `woocommerce-orders` reads, as a mapping: the columns of the usual export plugins, by each of their names. */
export function woocommerceOrders({ source, currency: fallback, timeZone }: PresetOptions): object {
  const currency = {
    column: 'Order Currency',
    aliases: ['order_currency', 'Currency', 'currency'],
    columnOptional: true,
    ...(fallback === null ? {} : { default: fallback }),
  };
  const number = {
    column: 'Order Number',
    aliases: ['order_number', 'Order ID', 'Order Id', 'order_id', 'Order #', 'OrderNumber', 'OrderId'],
  };
  const status = {
    column: 'Order Status',
    aliases: ['status', 'Status', 'order_status', 'OrderStatus'],
    columnOptional: true,
    ignoreCase: true,
  };
  const refund = {
    column: 'Order Refund Amount',
    aliases: ['order_refund_amount', 'refunded_total', 'Refunded Total', 'order_refund', 'Refund Amount'],
    columnOptional: true,
  };
  const refunded = {
    any: [
      { ...refund, greaterThan: 0 },
      { ...refund, lessThan: 0 },
    ],
  };
  const placed = { not: { ...status, in: withPrefix(NOT_PLACED) } };
  const cancelled = { ...status, in: withPrefix(CANCELLED) };
  const money = { as: 'money', currency };
  const item = { column: 'Item Name', aliases: ['item_name', 'Product Name', 'Product name'], columnOptional: true };
  const quantity = {
    column: 'Quantity',
    aliases: ['Quantity (- Refund)', 'item_quantity', 'Item Quantity', 'quantity'],
    columnOptional: true,
  };
  const price = {
    column: 'Item Cost',
    aliases: ['item_price', 'Item Price', 'item_cost', 'Product Current Price'],
    columnOptional: true,
  };
  return {
    comment: [
      'Orders of WooCommerce as the usual plugins export them, a row for each order or for each of its lines.',
      'Orders that were not paid (pending, failed, draft) make no touchpoint. A refund is booked at the time of the order.',
      'An order without an e-mail address or a phone number is that of a guest: a customer of its own.',
    ],
    source,
    timeZone,
    groupBy: { ...number, blank: 'continues', identicalRows: 'once' },
    decimalSeparator: 'auto',
    occurredAt: {
      column: 'Order Date',
      aliases: ['date', 'Date', 'order_date', 'OrderDate', 'Date Created'],
      format: 'iso',
    },
    channel: 'web',
    identifiers: [
      {
        namespace: 'email',
        column: 'Email (Billing)',
        aliases: ['billing_email', 'Billing Email', 'Billing Email Address', 'BillingEmail', 'Customer Email', 'email'],
        columnOptional: true,
        optional: true,
        inGroup: 'first',
      },
      {
        namespace: 'phone',
        column: 'Phone (Billing)',
        aliases: ['billing_phone', 'Billing Phone', 'BillingPhone'],
        columnOptional: true,
        optional: true,
        inGroup: 'first',
      },
      { namespace: 'guestOrder', ...number, prefix: `${source}/`, lastResort: true },
    ],
    data: { orderId: number },
    touchpoints: [
      {
        type: 'order-placed',
        when: placed,
        data: {
          currency: { ...currency, as: 'currency' },
          totalMinor: {
            column: 'Order Total Amount',
            aliases: ['order_total', 'Order Total', 'OrderTotal', 'total', 'Total'],
            ...money,
          },
          lines: {
            when: [
              { ...item, present: true },
              { ...quantity, present: true },
              { ...price, present: true },
            ],
            eachRow: {
              sku: {
                column: 'SKU',
                aliases: ['item_sku', 'Item SKU', 'sku', 'Product SKU'],
                columnOptional: true,
                maxLength: 200,
                fallback: { ...item, maxLength: 200 },
              },
              name: { ...item, maxLength: 200 },
              quantity: { ...quantity, as: 'integer' },
              unitPriceMinor: { ...price, ...money, rounding: 'half-up' },
            },
          },
        },
      },
      {
        type: 'order-returned',
        when: [placed, refunded, { not: cancelled }],
        data: { amountMinor: { ...refund, ...money, sign: 'absolute' }, currency: { ...currency, as: 'currency' } },
      },
      {
        type: 'order-returned',
        suffix: '/refunded',
        when: [{ ...status, in: withPrefix(['refunded']) }, { not: refunded }],
        data: { whole: { value: true } },
      },
      { type: 'order-cancelled', when: cancelled },
    ],
  };
}

/** A status as the shop shows it, and as its database has it. */
function withPrefix(names: readonly string[]): readonly string[] {
  return names.flatMap((name) => [name, `wc-${name}`]);
}
