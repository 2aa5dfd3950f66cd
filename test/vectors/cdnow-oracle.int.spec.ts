import { expect, it } from '@jest/globals';
import { areaUnderCurve, BG_NBD, expectedSpend, fitGammaGamma, PARETO_NBD } from '#models';
import { cdnowHistories, historiesOf } from './cdnow.js';
import { dataSet, describeCases, expectWithin, rowsOf } from './vectors.js';

const oracle = dataSet('cdnow-sample-oracle.csv');
const sample = dataSet('CDNOW_sample.txt');

/** What the sample gives each customer, under the parameters that the figures were made with. */
describeCases('each customer of the CDNOW sample', oracle === null ? [] : [oracle], () => {
  const rows = rowsOf(oracle ?? 'id');
  const bg = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
  const pareto = { r: 0.553, alpha: 10.58, s: 0.606, beta: 11.656 };
  const spend = { p: 6.25, q: 3.74, v: 15.44 };

  it('has the published probability, expectation and spend', () => {
    expect(rows.length).toBe(2357);
    for (const row of rows) {
      const [x, recency, age, mean] = ['x', 't_x', 'T_cal', 'm_x'].map((name) => Number(row[name])) as [
        number,
        number,
        number,
        number,
      ];
      const found = {
        bgnbd_palive: BG_NBD.probabilityAlive(bg, x, recency, age),
        bgnbd_ce39: BG_NBD.expectedPurchases(bg, x, recency, age, 39),
        pnbd_palive: PARETO_NBD.probabilityAlive(pareto, x, recency, age),
        pnbd_ce39: PARETO_NBD.expectedPurchases(pareto, x, recency, age, 39),
        gg_expected_spend: expectedSpend(spend, x, mean),
      };
      const published = Object.fromEntries(Object.keys(found).map((name) => [name, Number(row[name])]));
      expectWithin(found, published, { abs: 1e-6 }, row['id']);
    }
  });
});

describeCases('the CDNOW sample', sample === null ? [] : [sample], () => {
  it('is fitted as published', () => {
    const customers = cdnowHistories(sample ?? '', '1997-09-30');
    const histories = historiesOf(customers);
    const bg = BG_NBD.fit(histories);
    expectWithin(bg.parameters, { r: 0.2426, alpha: 4.414, a: 0.793, b: 2.426 }, { rel: 0.005 });
    expect(bg.logLikelihood).toBeCloseTo(-9582.43, 1);
    expect(PARETO_NBD.fit(histories).logLikelihood).toBeCloseTo(-9594.98, 1);
    const { parameters } = fitGammaGamma({
      frequency: histories.frequency,
      monetary: Float64Array.from(customers, ({ monetary }) => monetary),
    });
    expectWithin(parameters, { p: 6.25, q: 3.74, v: 15.44 }, { rel: 0.005 });
  });

  it('shows which figures tell who will buy again: P(alive) of BG/NBD ranks them backwards', () => {
    const customers = cdnowHistories(sample ?? '', '1997-09-30');
    const bought = customers.map(({ later }) => later > 0);
    const bg = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
    const pareto = { r: 0.553, alpha: 10.58, s: 0.606, beta: 11.656 };
    const area = (score: (x: number, recency: number, age: number) => number): number | null =>
      areaUnderCurve(
        Float64Array.from(customers, ({ x, recency, age }) => score(x, recency, age)),
        bought,
      );
    expect(area((...history) => BG_NBD.probabilityAlive(bg, ...history))).toBeLessThan(0.35);
    expect(area((...history) => PARETO_NBD.probabilityAlive(pareto, ...history))).toBeGreaterThan(0.7);
    expect(area((...history) => BG_NBD.expectedPurchases(bg, ...history, 39))).toBeGreaterThan(0.75);
  });
});
