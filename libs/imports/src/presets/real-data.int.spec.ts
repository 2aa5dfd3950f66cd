import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { readFile } from '../testdata/read-layout.js';
import { cdnowLayout } from './cdnow.js';
import { onlineRetailLayout } from './online-retail.js';
import type { TouchpointDraft } from '../draft.js';

const SHARED = resolve(process.env['PERENNIAL_SHARED'] ?? '../shared');
const CDNOW = `${SHARED}/data/CDNOW_sample.txt`;
const ONLINE_RETAIL = `${SHARED}/data/online-retail-2010-12_2011-06.csv.gz`;
const VECTORS = `${SHARED}/vectors/online-retail.json`;

/** Where the published data are not at hand, the suite says so instead of passing silently. */
function describeWith(files: readonly string[], name: string, suite: () => void): void {
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length === 0) describe(name, suite);
  else {
    console.warn(`Skipped: ${name}. Not found: ${missing.join(', ')}`);
    describe.skip(name, suite);
  }
}

const customersOf = (drafts: readonly TouchpointDraft[]) => new Set(drafts.map((draft) => draft.identifiers[0]?.value));

// The larger file has a quarter of a million lines.
jest.setTimeout(120_000);

describeWith([CDNOW], 'CDNOW_sample.txt', () => {
  it('is 6,919 purchases of 2,357 customers, all distinct', async () => {
    const { drafts, invalid } = await readFile(CDNOW, cdnowLayout('UTC'));
    expect(invalid).toEqual([]);
    expect(drafts).toHaveLength(6919);
    expect(new Set(drafts.map((draft) => draft.id)).size).toBe(6919);
    expect(customersOf(drafts).size).toBe(2357);
    expect(drafts.filter((draft) => draft.id.endsWith('-2'))).toHaveLength(19);
    const days = new Set(drafts.map((draft) => `${draft.identifiers[0]?.value} ${draft.occurredAt}`));
    expect(6919 - days.size).toBeGreaterThanOrEqual(177);
  });
});

describeWith([ONLINE_RETAIL, VECTORS], 'Online Retail, the first seven months', () => {
  interface Vector {
    readonly id: string;
    readonly expected: Readonly<Record<string, number>> & { readonly revenueByMonth: Readonly<Record<string, number>> };
  }
  const vectors = existsSync(VECTORS)
    ? (JSON.parse(readFileSync(VECTORS, 'utf8')) as { vectors: readonly Vector[] }).vectors
    : [];
  const expected = (id: string) => {
    const found = vectors.find((vector) => vector.id === id)?.expected;
    if (found === undefined) throw new Error(`No vector ${id}`);
    return found;
  };
  interface Line {
    readonly quantity: number;
    readonly unitPriceMinor?: number;
  }
  const linesOf = (draft: TouchpointDraft) => draft.data['lines'] as readonly Line[];
  const priced = (draft: TouchpointDraft) => linesOf(draft).filter((line) => (line.unitPriceMinor ?? 0) > 0);

  it('has the counts and the gross revenue by month that were published, and a outcome for each of its lines', async () => {
    const { drafts, invalid, notes } = await readFile(ONLINE_RETAIL, onlineRetailLayout('UTC'));
    const rows = expected('rows');
    const totals = expected('totals');
    expect(notes.lines).toBe(rows['raw']);
    expect(invalid).toHaveLength(rows['withoutCustomer'] ?? 0);
    expect(new Set(invalid.map((row) => row.code))).toEqual(new Set(['customer-missing']));
    expect(new Set([...drafts, ...invalid].map((item) => item.id)).size).toBe(drafts.length + invalid.length);

    const orders = drafts.filter((draft) => draft.type === 'order-placed');
    const returns = drafts.filter((draft) => draft.type === 'order-returned');
    const count = (of: readonly TouchpointDraft[]) => of.reduce((sum, draft) => sum + linesOf(draft).length, 0);
    expect(count(orders)).toBe(rows['excludingCancellations']);
    expect(count(returns)).toBe(rows['cancelledRowsWithCustomer']);
    expect(count(orders) + count(returns) + invalid.length).toBe(245_903);
    expect(orders).toHaveLength((rows['invoicesWithCustomer'] ?? 0) - (rows['cancellationInvoicesWithCustomer'] ?? 0));
    expect(new Set(returns.map((draft) => draft.id.split('>')[0])).size).toBe(rows['cancellationInvoicesWithCustomer']);
    expect(customersOf(drafts).size).toBe(rows['customersAny']);

    // Over orders with an amount, as the vector counts them: one invoice is a gift of price 0 throughout.
    const paid = orders.filter((draft) => priced(draft).length > 0);
    expect(paid).toHaveLength(totals['invoices'] ?? 0);
    expect(customersOf(paid).size).toBe(totals['customers']);
    const byMonth: Record<string, number> = {};
    for (const draft of orders) {
      const month = draft.occurredAt.slice(0, 7);
      byMonth[month] = (byMonth[month] ?? 0) + (draft.data['totalMinor'] as number);
    }
    expect(Object.fromEntries(Object.entries(byMonth).map(([month, minor]) => [month, minor / 100]))).toEqual(
      totals.revenueByMonth,
    );
    const back = returns.reduce((sum, draft) => sum + (draft.data['amountMinor'] as number), 0);
    expect(-back / 100).toBe(expected('cancellations')['value']);
  });

  it('matches 3,283 of 4,241 returned lines, and 72 orders come back wholly', async () => {
    const { drafts, notes } = await readFile(ONLINE_RETAIL, onlineRetailLayout('UTC'));
    expect(Object.fromEntries(notes.remarks)).toEqual({
      'prices rounded to whole pence': 1,
      'order lines of price 0, kept as free articles': 14,
      'returned lines that match an order': 3283,
      'returned lines that match no order': 958,
      'orders wholly returned': 72,
    });
    expect(drafts.filter((draft) => draft.type === 'order-returned')).toHaveLength(2260);
  });
});
