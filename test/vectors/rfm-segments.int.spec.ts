import { expect, it } from '@jest/globals';
import { rfmEdges, rfmScores, segmentOf, type RfmFigures, type RfmSegment } from '#models';
import { dataSet, describeCases, rowsOf, vectorCases } from './vectors.js';

interface Published {
  readonly id: string;
  readonly analysisDate?: string;
  readonly bins?: Readonly<Record<keyof RfmFigures, readonly number[]>>;
  readonly segments?: Readonly<Record<string, unknown>>;
  readonly expectedSegmentCounts?: Readonly<Record<string, number>>;
  readonly expectedTotals?: Readonly<Record<string, number>>;
  readonly expected?: readonly Readonly<Record<string, unknown>>[];
}

const cases = vectorCases('rfm-segments.json') as unknown as readonly Published[];
const orders = cases.length === 0 ? null : dataSet('rfm_data_orders.csv');
const published = cases.length === 0 ? null : dataSet('rfm-orders-published.csv');

const DAY = 86_400_000;

/** The figures of each customer on a day. */
function figuresOn(date: string): ReadonlyMap<string, RfmFigures> {
  const until = Date.parse(date);
  const figures = new Map<string, { recency: number; frequency: number; monetary: number }>();
  for (const row of rowsOf(orders ?? '')) {
    const customer = row['customer_id'] ?? '';
    const recency = (until - Date.parse(row['order_date'] ?? '')) / DAY;
    const known = figures.get(customer) ?? { recency, frequency: 0, monetary: 0 };
    figures.set(customer, {
      recency: Math.min(known.recency, recency),
      frequency: known.frequency + 1,
      monetary: known.monetary + Number(row['revenue']),
    });
  }
  return figures;
}

/** The segments of a case, whose columns are lists. */
function segmentsOf(columns: Readonly<Record<string, unknown>>): readonly RfmSegment[] {
  const range = (name: string, at: number) => (columns[name] as [number, number][])[at] as [number, number];
  return (columns['names'] as string[]).map((name, at) => ({
    name,
    recency: range('recency', at),
    frequency: range('frequency', at),
    monetary: range('monetary', at),
  }));
}

describeCases('scores and segments of a shop, as published', orders === null || published === null ? [] : cases, () => {
  const [whole] = cases.filter(({ analysisDate }) => analysisDate !== undefined);
  const figures = figuresOn(whole?.analysisDate ?? '2006-12-31');
  const edges = rfmEdges([...figures.values()], 'r-package');
  const scoresOf = (customer: string) => rfmScores(figures.get(customer) as RfmFigures, edges, 'r-package');

  it.each(cases.map((each) => [each.id, each] as const))('%s', (_, given) => {
    if (given.bins !== undefined) expect(edges).toEqual(given.bins);
    if (given.expectedTotals !== undefined)
      expect([...figures.values()].reduce((sum, { frequency }) => sum + frequency, 0)).toBe(
        given.expectedTotals['transactions'],
      );
    if (given.segments !== undefined) {
      const segments = segmentsOf(given.segments);
      const counts: Record<string, number> = {};
      for (const customer of figures.keys()) {
        const name = segmentOf(scoresOf(customer), segments);
        counts[name] = (counts[name] ?? 0) + 1;
      }
      expect(counts).toEqual(given.expectedSegmentCounts);
    }
    for (const row of given.expected ?? []) {
      const { recency, frequency, monetary } = figures.get(String(row['customer'])) as RfmFigures;
      const found = {
        recency,
        transactions: frequency,
        amount: monetary,
        r: scoresOf(String(row['customer'])).recency,
      };
      expect({ customer: row['customer'], ...found }).toEqual(row);
    }
  });

  it('has every row of the published table', () => {
    const rows = rowsOf(published ?? '');
    expect(rows.length).toBe(figures.size);
    for (const row of rows) {
      const customer = row['customer_id'] ?? '';
      const scores = scoresOf(customer);
      expect({ customer, ...scores, segment: segmentOf(scores) }).toEqual({
        customer,
        recency: Number(row['r']),
        frequency: Number(row['f']),
        monetary: Number(row['m']),
        segment: row['segment'],
      });
    }
  });
});
