import { expect, it } from '@jest/globals';
import {
  BG_NBD,
  bgBbExpectedPurchases,
  bgBbProbabilityAlive,
  discountedPurchases,
  expectedSpend,
  fitBgBb,
  fitGammaGamma,
  MBG_NBD,
  PARETO_NBD,
  summarizePurchases,
  type HistoryModel,
  type Parameters,
  type PurchaseHistories,
} from '#models';
import { cdnowHistories, historiesOf, type CdnowCustomer } from './cdnow.js';
import { dataSet, describeCases, expectWithin, rowsOf, vectorCases, type VectorCase } from './vectors.js';

const cases = vectorCases('clv.json');

const MODELS: Readonly<Record<string, HistoryModel>> = {
  'BG/NBD': BG_NBD as HistoryModel,
  'MBG/NBD': MBG_NBD as HistoryModel,
  'Pareto/NBD': PARETO_NBD as HistoryModel,
};

interface Inputs {
  readonly dataset?: string;
  readonly x?: number | readonly number[];
  readonly t_x?: number | readonly number[];
  readonly T?: number | readonly number[];
  readonly t?: number | readonly number[];
}

/** A data set is not there: the case says so and is not run. */
class NotThere extends Error {}

function table(name: string): readonly Readonly<Record<string, string>>[] {
  const text = dataSet(name);
  if (text === null) throw new NotThere(name);
  return rowsOf(text);
}

function cdnow(): readonly CdnowCustomer[] {
  const text = dataSet('CDNOW_sample.txt');
  if (text === null) throw new NotThere('CDNOW_sample.txt');
  return cdnowHistories(text, '1997-09-30');
}

/** The histories of a data set that a case names. */
function histories(named: string): PurchaseHistories {
  const name = /[\w-]+\.(?:csv|txt)/.exec(named)?.[0] ?? 'cdnow_customers_summary.csv';
  if (/cdnowElog|with_transactions|CDNOW_sample/i.test(name)) return historiesOf(cdnow());
  const rows = table(name);
  const column = (key: string): Float64Array => Float64Array.from(rows, (row) => Number(row[key]));
  return { frequency: column('frequency'), recency: column('recency'), age: column('T') };
}

const fits = new Map<string, Parameters>();

/** The fit of a model to a data set that a case names. */
function fitted(model: string, named: string): Parameters {
  const key = `${model} ${named}`;
  const parameters = fits.get(key) ?? (MODELS[model] as HistoryModel).fit(histories(named)).parameters;
  fits.set(key, parameters);
  return parameters;
}

const parametersOf = ({ params, model }: VectorCase): Parameters =>
  typeof params === 'object' && params !== null ? params : fitted(model, params ?? '');

/** The ends of what a number may have been before it was rounded to two decimals; a number with more digits stands for itself. */
function unrounded(value: number): readonly number[] {
  return Math.abs(value * 100 - Math.round(value * 100)) < 1e-9 ? [value - 0.005, value + 0.005] : [value];
}

/** Every combination of the ends of all parameters. */
const combinations = (parameters: Parameters): readonly Parameters[] =>
  Object.entries(parameters).reduce<Parameters[]>(
    (all, [name, value]) => all.flatMap((each) => unrounded(value).map((end) => ({ ...each, [name]: end }))),
    [{}],
  );

/** A value for each of the inputs that are lists. */
function eachOf(
  { x = 0, t_x = 0, T = 0, t = 0 }: Inputs,
  value: (x: number, tx: number, age: number, t: number) => number,
) {
  const all = [x, t_x, T, t];
  const length = Math.max(...all.map((each) => (Array.isArray(each) ? each.length : 0)));
  const at = (index: number): number =>
    value(...(all.map((each) => (Array.isArray(each) ? each[index] : each)) as [number, number, number, number]));
  return length === 0 ? at(0) : Array.from({ length }, (_, index) => at(index));
}

const rowHistory = (x: number, recency: number, age: number): PurchaseHistories => ({
  frequency: Float64Array.of(x),
  recency: Float64Array.of(recency),
  age: Float64Array.of(age),
});

/** What each function of the cases gives. */
const FUNCTIONS: Readonly<Record<string, (given: VectorCase) => unknown>> = {
  mle: ({ model, input }) => {
    const { dataset = '' } = input as Inputs;
    if (model === 'Gamma-Gamma') {
      const repeaters = cdnow();
      return fitGammaGamma({
        frequency: Float64Array.from(repeaters, ({ x }) => x),
        monetary: Float64Array.from(repeaters, ({ monetary }) => monetary),
      }).parameters;
    }
    return model === 'BG/BB' ? fitBgBb(histories(dataset)).parameters : fitted(model, dataset);
  },
  conditionalExpectedTransactions: (given) => {
    const parameters = parametersOf(given);
    return eachOf(given.input as Inputs, (x, recency, age, t) =>
      given.model === 'BG/BB'
        ? bgBbExpectedPurchases(parameters as never, x, recency, age, t)
        : (MODELS[given.model] as HistoryModel).expectedPurchases(parameters, x, recency, age, t),
    );
  },
  expectation: (given) => {
    const parameters = parametersOf(given);
    return eachOf(given.input as Inputs, (_x, _recency, _age, t) =>
      (MODELS[given.model] as HistoryModel).expectedPurchasesOfNew(parameters, t),
    );
  },
  pAlive: (given) => {
    const parameters =
      given.params === 'any' ? { r: 0.3, alpha: 4, a: 0.8, b: 2.4, s: 0.6, beta: 11 } : parametersOf(given);
    return eachOf(given.input as Inputs, (x, recency, age) =>
      given.model === 'BG/BB'
        ? bgBbProbabilityAlive(parameters as never, x, recency, age)
        : (MODELS[given.model] as HistoryModel).probabilityAlive(parameters, x, recency, age),
    );
  },
  'nll-additivity': (given) => {
    const model = MODELS[given.model] as HistoryModel;
    const { x, t_x, T } = given.input as Readonly<Record<'x' | 't_x' | 'T', readonly number[]>>;
    const all = { frequency: Float64Array.from(x), recency: Float64Array.from(t_x), age: Float64Array.from(T) };
    const parameters = parametersOf(given);
    const each = x.map((_, at) =>
      model.logLikelihood(parameters, rowHistory(x[at] as number, t_x[at] as number, T[at] as number)),
    );
    return model.logLikelihood(parameters, all) / x.length - each.reduce((sum, one) => sum + one, 0) / x.length;
  },
  invariance: (given) => {
    const model = MODELS[given.model] as HistoryModel;
    const { scaleRecencyAndT: scale, checks } = given.input as {
      readonly scaleRecencyAndT: number;
      readonly checks: readonly Readonly<Record<'x' | 't_x' | 'T', number>>[];
    };
    const plain = histories('cdnow_customers_summary.csv');
    const scaled = {
      ...plain,
      recency: plain.recency.map((each) => each * scale),
      age: plain.age.map((each) => each * scale),
    };
    const [one, other] = [plain, scaled].map((each) => model.fit(each).parameters) as [Parameters, Parameters];
    return checks.map(
      ({ x, t_x, T }) =>
        model.probabilityAlive(other, x, t_x * scale, T * scale) - model.probabilityAlive(one, x, t_x, T),
    );
  },
  freqVsConditionalExpected: (given) => {
    const model = MODELS[given.model] as HistoryModel;
    const { censor, tStar } = given.input as { readonly censor: number; readonly tStar: number };
    const customers = cdnow();
    const { parameters } = model.fit(historiesOf(customers));
    const bins = Array.from({ length: censor + 1 }, (_, bin) =>
      customers.filter(({ x }) => Math.min(x, censor) === bin),
    );
    const mean = (of: readonly CdnowCustomer[], value: (customer: CdnowCustomer) => number): number =>
      of.reduce((sum, each) => sum + value(each), 0) / of.length;
    return {
      bins: bins.map(({ length }) => length),
      actual: bins.map((bin) => mean(bin, ({ later }) => later)),
      expected: bins.map((bin) =>
        mean(bin, ({ x, recency, age }) => model.expectedPurchases(parameters, x, recency, age, tStar)),
      ),
    };
  },
  expectedAverageSpend: (given) =>
    cdnow()
      .slice(0, (given.expected as readonly number[]).length)
      .map(({ x, monetary }) => expectedSpend(given.params as never, x, monetary)),
  'describe(monetary of repeaters)': () => {
    const values = cdnow()
      .filter(({ x }) => x > 0)
      .map(({ monetary }) => monetary)
      .sort((a, b) => a - b);
    const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
    const square = values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (values.length - 1);
    const middle = values.length / 2;
    return {
      mean,
      std: Math.sqrt(square),
      min: values[0],
      median: ((values[Math.ceil(middle - 1)] as number) + (values[Math.floor(middle)] as number)) / 2,
      max: values.at(-1),
      count: values.length,
    };
  },
  customerLifetimeValue: (given) => {
    const { customers, monetaryValue, months, monthlyDiscountRate, monthDays } = given.input as {
      readonly customers: readonly Readonly<Record<'x' | 't_x' | 'T', number>>[];
    } & Readonly<Record<'monetaryValue' | 'months' | 'monthlyDiscountRate' | 'monthDays', number>>;
    const horizon = { periods: months, periodLength: monthDays, discount: monthlyDiscountRate };
    // The parameters are published with two decimals: what they may have been gives a range, and the published value must lie in it.
    const ends = combinations(given.params as Parameters).map((parameters) =>
      customers.map(
        ({ x, t_x, T }) =>
          monetaryValue *
          discountedPurchases(BG_NBD, parameters as never, { frequency: x, recency: t_x, age: T }, horizon),
      ),
    );
    return (given.expected as readonly number[]).map((published, at) => {
      const values = ends.map((each) => each[at] as number);
      return Math.min(Math.max(published, Math.min(...values)), Math.max(...values));
    });
  },
  'summary head': ({ input, expected }) => {
    const purchases = table(dataSetIn((input as Inputs).dataset ?? '')).map((row) => ({
      customer: Number(row['id']),
      day: Math.floor(Date.parse(row['date'] ?? '') / 86_400_000),
    }));
    return summarizePurchases(purchases, { until: Math.max(...purchases.map(({ day }) => day)) })
      .slice()
      .sort((a, b) => a.customer - b.customer)
      .slice(0, (expected as readonly unknown[]).length)
      .map(({ frequency, recency, age }) => [frequency, recency, age]);
  },
};

/** The data set that a text names. */
const dataSetIn = (named: string): string => /[\w-]+\.(?:csv|txt)/.exec(named)?.[0] ?? '';

/** Whether the data set of a case is there: without it the case is skipped, and says so. */
function isThere({ input }: VectorCase): boolean {
  const name = dataSetIn((input as Inputs).dataset ?? '');
  if (name === '') return true;
  return dataSet(/cdnowElog|with_transactions/i.test(name) ? 'CDNOW_sample.txt' : name) !== null;
}

const present = cases.filter(isThere);
const missing = cases.filter((each) => !isThere(each));

describeCases('purchases and lifetime value as others published them', cases, () => {
  it.skip.each(missing.map((each) => [each.id, dataSetIn((each.input as Inputs).dataset ?? '')]))(
    '%s (skipped: no data set %s)',
    () => undefined,
  );

  it.each(present.map((each) => [each.id, each] as const))('%s', (_id, given) => {
    const found = FUNCTIONS[given.function];
    if (found === undefined) throw new Error(`No test knows the function ${given.function}.`);
    const value = found(given);
    const { expected, tolerance } = given;
    if (typeof expected !== 'string') expectWithin(value, expected, tolerance);
    else if (expected.startsWith('each in [0,1]'))
      for (const each of [value].flat() as number[]) {
        expect(each).toBeGreaterThanOrEqual(0);
        expect(each).toBeLessThanOrEqual(1);
      }
    // An equality: the function gives the difference of its two sides.
    else for (const each of [value].flat() as number[]) expectWithin(each, 0, tolerance);
  });
});
