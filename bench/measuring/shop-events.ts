/** An event as a shop sends it: about 600 bytes of JSON on the average. */
export interface ShopEvent {
  readonly id: string;
  readonly source: string;
  readonly type: 'order-placed' | 'product-viewed';
  readonly time: string;
  readonly channel: string;
  readonly identifiers: readonly { readonly namespace: string; readonly value: string }[];
  readonly correlationId: string;
  readonly data: object;
}

export interface ShopOptions {
  /** Names the run: ids of two shops never meet. */
  readonly shop: string;
  /** The events are spread over so many customers, each known by a userId, an e-mail address and a device. */
  readonly customers: number;
  /** When the events happened: one a second, up to here. */
  readonly until: number;
}

const CATEGORIES = ['kitchen', 'garden', 'living-room', 'bedroom', 'bathroom', 'office'];
const WORDS = ['walnut', 'linen', 'copper', 'glass', 'oak', 'wool', 'slate', 'cotton', 'brass', 'cork'];

/** Spreads consecutive numbers over a range, always in the same way. */
const spread = (n: number, range: number): number => (Math.imul(n, 0x9e3779b1) >>> 0) % range;

/** Event number `n`: the same options and number give the same event. Every third one is an order of four lines. */
export function shopEvent(n: number, { shop, customers, until }: ShopOptions): ShopEvent {
  const customer = spread(n, customers);
  const order = n % 3 === 0;
  const common = {
    id: `${(n >>> 0).toString(16).padStart(8, '0')}-7b1e-4c3a-9f11-${shop.padStart(12, '0').slice(-12)}`,
    source: `https://${order ? 'shop' : 'www'}.${shop}.example/events`,
    time: new Date(until - (spread(n, 30 * 86_400) + 1) * 1_000).toISOString(),
    channel: order ? 'shop' : 'site',
    correlationId: `session-${customer}-${n >> 8}`,
  };
  if (!order)
    return {
      ...common,
      type: 'product-viewed',
      identifiers: [
        { namespace: 'anonymousId', value: `visitor-of-${shop}-${customer}-1f0c8a77` },
        ...(n % 4 === 0 ? [{ namespace: 'userId', value: `${shop}-${customer}` }] : []),
      ],
      data: product(n),
    };
  return {
    ...common,
    type: 'order-placed',
    identifiers: [
      { namespace: 'userId', value: `${shop}-${customer}` },
      { namespace: 'email', value: `customer.${customer}@${shop}.example` },
    ],
    data: {
      orderId: `order-${shop}-${n}`,
      currency: 'EUR',
      lines: [0, 1, 2, 3, 4].map((line) => {
        const { sku, name, category, priceMinor } = product(n + line);
        return {
          sku,
          name,
          category,
          quantity: 1 + (line % 3),
          unitPriceMinor: priceMinor,
          costMinor: priceMinor >> 1,
        };
      }),
      discountMinor: 250,
      campaign: 'spring-in-the-garden',
    },
  };
}

function product(n: number) {
  const item = spread(n, 4_000);
  const word = (at: number) => WORDS[spread(item + at, WORDS.length)] ?? 'plain';
  return {
    sku: `SKU-${item}`,
    name: `${word(0)} ${word(1)} table lamp, number ${item}`,
    category: CATEGORIES[item % CATEGORIES.length] ?? 'other',
    priceMinor: 995 + item * 10,
    currency: 'EUR',
  };
}

export type BodyFormat = 'json' | 'ndjson';

export const CONTENT_TYPES: Readonly<Record<BodyFormat, string>> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
};

/** The bodies of consecutive events, `size` to a body. */
export function shopBodies(from: number, count: number, size: number, format: BodyFormat, shop: ShopOptions): Buffer[] {
  const bodies: Buffer[] = [];
  for (let at = from; at < from + count; at += size) {
    const texts: string[] = [];
    for (let n = at; n < Math.min(at + size, from + count); n += 1) texts.push(JSON.stringify(shopEvent(n, shop)));
    bodies.push(Buffer.from(format === 'json' ? `[${texts.join(',')}]` : `${texts.join('\n')}\n`));
  }
  return bodies;
}
