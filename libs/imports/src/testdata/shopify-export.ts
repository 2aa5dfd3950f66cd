import { Temporal } from 'temporal-polyfill';
import { seededRandom } from '../random.js';

/** An export of orders as Shopify writes it, made from a seed, with what was put into it. */
export interface ShopifyExport {
  readonly csv: string;
  readonly orders: readonly ExportedOrder[];
}

export interface ExportedOrder {
  readonly name: string;
  /** Null for a guest. */
  readonly email: string | null;
  /** The local time of the shop, as `yyyy-MM-ddTHH:mm:ss`, which its offset makes an instant. */
  readonly createdAt: string;
  readonly cents: number;
  readonly refundedCents: number;
  readonly cancelled: boolean;
}

const HEADER = [
  ...[
    'Name',
    'Email',
    'Financial Status',
    'Paid at',
    'Fulfillment Status',
    'Accepts Marketing',
    'Currency',
    'Subtotal',
  ],
  ...['Shipping', 'Taxes', 'Total', 'Discount Code', 'Discount Amount', 'Created at', 'Lineitem quantity'],
  ...['Lineitem name', 'Lineitem price', 'Lineitem sku', 'Cancelled at', 'Refunded Amount', 'Id', 'Phone'],
];

const euros = (cents: number): string => (cents / 100).toFixed(2);

/** So many orders over two and a half years, several rows each, refunds, cancellations, guests, and some rows repeated. */
export function shopifyExport(count: number, seed: number, zone: string): ShopifyExport {
  const random = seededRandom(seed);
  const whole = random.below;
  const begin = Temporal.Instant.from('2024-01-01T00:00:00Z').epochMilliseconds;
  const orders: ExportedOrder[] = [];
  const lines = [HEADER.join(',')];
  for (let at = 0; at < count; at += 1) {
    const instant = begin + Math.floor((at / count) * 900 * 86_400_000) + whole(86_400_000 / 1000) * 1000;
    const local = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone);
    const createdAt = local.toPlainDateTime().toString({ smallestUnit: 'second' });
    const written = `${createdAt.replace('T', ' ')} ${local.offset.replace(':', '')}`;
    const items = Array.from({ length: 1 + whole(3) }, () => ({
      quantity: 1 + whole(3),
      cents: 100 * (1 + whole(60)) + random.pick([0, 50, 99]),
      sku: `SKU-${whole(40)}`,
    }));
    const cents = items.reduce((sum, item) => sum + item.quantity * item.cents, 0);
    const chance = random.next();
    const refundedCents = chance < 0.04 ? cents : chance < 0.09 ? Math.floor(cents / 3) : 0;
    const cancelled = chance >= 0.09 && chance < 0.11;
    const email = random.bool(0.01) ? null : `c${whole(1_400)}@shop.example`;
    const name = `#${1001 + at}`;
    orders.push({ name, email, createdAt, cents, refundedCents, cancelled });
    const rows = items.map(({ quantity, cents: price, sku }, item) => {
      const status = refundedCents === cents ? 'refunded' : refundedCents > 0 ? 'partially_refunded' : 'paid';
      const order = {
        ...{
          'Financial Status': status,
          Currency: 'EUR',
          Total: euros(cents),
          'Refunded Amount': euros(refundedCents),
        },
        ...{ 'Cancelled at': cancelled ? written : '', Id: String(5_000_000 + at) },
      };
      const line: Readonly<Record<string, string>> = {
        ...{ Name: name, Email: email ?? '', 'Created at': written, ...(item === 0 ? order : {}) },
        ...{ 'Lineitem quantity': String(quantity), 'Lineitem name': `"Tea, no. ${sku}"` },
        ...{ 'Lineitem price': euros(price), 'Lineitem sku': sku },
      };
      return HEADER.map((column) => line[column] ?? '').join(',');
    });
    // A file that was put together of two exports has some orders twice.
    lines.push(...rows, ...(random.bool(0.02) ? rows : []));
  }
  return { csv: `${lines.join('\n')}\n`, orders };
}
