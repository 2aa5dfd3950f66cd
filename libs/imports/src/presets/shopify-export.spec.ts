import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { mappedReader } from '../mapped-reader.js';
import { parseMapping } from '../mapping.js';
import { proposeMapping } from '../proposing/propose-mapping.js';
import type { TouchpointInput } from '../import-item.js';
import { readWhole, withFile } from '../testdata/read-file.js';
import { shopifyExport, type ExportedOrder } from '../testdata/shopify-export.js';
import { PRESETS } from './index.js';

const ZONE = 'Europe/Berlin';
const ORDERS = 5_000;

interface Figures {
  readonly orders: number;
  readonly gross: Readonly<Record<string, number>>;
  readonly returned: Readonly<Record<string, number>>;
  /** By customer: how many orders, the days of the first and the last, and what was paid. */
  readonly customers: Readonly<Record<string, readonly [orders: number, first: string, last: string, paid: number]>>;
}

/** From what was put into the file: the months and days are those that its local times say. */
function expected(orders: readonly ExportedOrder[]): Figures {
  const gross: Record<string, number> = {};
  const returned: Record<string, number> = {};
  const customers: Record<string, [number, string, string, number]> = {};
  for (const { email, createdAt, cents, refundedCents, cancelled } of orders) {
    const [month, day] = [createdAt.slice(0, 7), createdAt.slice(0, 10)];
    const back = cancelled ? cents : refundedCents;
    gross[month] = (gross[month] ?? 0) + cents;
    if (back > 0) returned[month] = (returned[month] ?? 0) + back;
    if (email === null) continue;
    const [count, first, last, paid] = customers[email] ?? [0, day, day, 0];
    customers[email] = [count + 1, first < day ? first : day, last > day ? last : day, paid + cents - back];
  }
  return { orders: orders.length, gross, returned, customers };
}

/** From the touchpoints: their instants, in the zone of the business. */
function figuresOf(touchpoints: readonly TouchpointInput[]): Figures {
  const days = new Intl.DateTimeFormat('sv-SE', { timeZone: ZONE, dateStyle: 'short' });
  const placed = new Map<string, number>();
  const gross: Record<string, number> = {};
  const returned: Record<string, number> = {};
  const customers: Record<string, [number, string, string, number]> = {};
  for (const { type, occurredAt, identifiers, data } of touchpoints) {
    const day = days.format(new Date(occurredAt));
    const month = day.slice(0, 7);
    const order = String(data['orderId']);
    const email = identifiers.find(({ namespace }) => namespace === 'email')?.value;
    const amount = Number(data['totalMinor'] ?? data['amountMinor'] ?? placed.get(order));
    if (type === 'order-placed') {
      placed.set(order, amount);
      gross[month] = (gross[month] ?? 0) + amount;
    } else returned[month] = (returned[month] ?? 0) + amount;
    if (email === undefined) continue;
    const [count, first, last, paid] = customers[email] ?? [0, day, day, 0];
    customers[email] =
      type === 'order-placed'
        ? [count + 1, first < day ? first : day, last > day ? last : day, paid + amount]
        : [count, first, last, paid - amount];
  }
  return { orders: placed.size, gross, returned, customers };
}

describe(`an export of ${ORDERS} orders, with refunds, offsets of summer and winter, guests and repeated rows`, () => {
  const { csv, orders } = shopifyExport(ORDERS, 12, ZONE);
  const figures = expected(orders);

  it('has all of these', () => {
    expect(csv).toContain(' +0100');
    expect(csv).toContain(' +0200');
    expect(csv.split('\n').length).toBeGreaterThan(ORDERS * 1.9);
    expect(orders.filter(({ email }) => email === null).length).toBeGreaterThan(20);
    expect(orders.filter(({ refundedCents }) => refundedCents > 0).length).toBeGreaterThan(300);
    expect(orders.filter(({ cancelled }) => cancelled).length).toBeGreaterThan(50);
  });

  it('gives by the preset the orders, revenue by month, refunds and customers that were put into it', async () => {
    const preset = PRESETS.find(({ name }) => name === 'shopify-orders');
    const reader = preset?.reader({ timeZone: ZONE, currency: null, source: 'shopify' });
    const { touchpoints, invalid, report } = await withFile(csv, (path) => readWhole(path, reader as never));
    expect(invalid).toEqual([]);
    expect(figuresOf(touchpoints)).toEqual(figures);
    expect([...report.notices.keys()]).toEqual(['identical rows of one group, taken once']);
  });

  it('gives the same by a proposed mapping that was changed by hand', async () => {
    // The columns of a shop that has no preset.
    const other = csv.replace('Name,Email,', 'Order no,Customer mail,').replaceAll('Lineitem ', 'Item ');
    const { touchpoints, invalid } = await withFile(other, async (path) => {
      const options = { source: 'shop', timeZone: ZONE, currency: 'EUR' };
      const { mapping } = await proposeMapping({ path, name: 'orders.csv' }, options);
      const proposed = mapping as {
        groupBy: object;
        identifiers: object[];
        touchpoints: { type: string; when?: object }[];
      };
      const byHand = {
        ...proposed,
        groupBy: { ...proposed.groupBy, identicalRows: 'once' },
        identifiers: [...proposed.identifiers, { namespace: 'guestOrder', column: 'Order no', lastResort: true }],
      };
      return readWhole(path, mappedReader(parseMapping(byHand)));
    });
    expect(invalid).toEqual([]);
    expect(figuresOf(touchpoints)).toEqual(figures);
  });
});
