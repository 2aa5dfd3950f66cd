import { BG_NBD, MBG_NBD } from './beta-geometric.js';
import { bgBbExpectedPurchases, bgBbProbabilityAlive, fitBgBb, type BgBbParameters } from './bg-bb.js';
import type { Fit, FitOptions, Parameters } from './fit.js';
import { expectedSpend, fitGammaGamma, type GammaGammaParameters } from './gamma-gamma.js';
import { ModelInputError } from './input-error.js';
import type { HistoryModel } from './model.js';
import { PARETO_NBD } from './pareto-nbd.js';
import {
  fitSbg,
  sbgExpectedRenewals,
  sbgRetention,
  sbgSurvival,
  type SbgParameters,
} from './shifted-beta-geometric.js';

/** The numbers of a table, by the names of its columns. */
export type Columns = Readonly<Record<string, Float64Array>>;

/** A model as a table sees it: which columns a fit reads, which columns a prediction reads, and which it gives. */
export interface ModelEntry {
  readonly name: string;
  /** What it is, for people. */
  readonly title: string;
  readonly parameterNames: readonly string[];
  readonly fitColumns: readonly string[];
  /** @throws ModelInputError where the rows are not valid. */
  fit(columns: Columns, options?: FitOptions): Fit;
  readonly predictColumns: readonly string[];
  /** Whether predictions reach some time ahead. */
  readonly hasHorizon: boolean;
  /** The predictions of one row, by name. A number that does not exist is null. */
  predict(parameters: Parameters, row: readonly number[], horizons: readonly number[]): Prediction;
}

export type Prediction = Readonly<Record<string, number | null>>;

const HISTORY = ['frequency', 'recency', 'T'];

const historyEntry = <Name extends string>(model: HistoryModel<Name>, title: string): ModelEntry => ({
  name: model.name,
  title,
  parameterNames: model.parameterNames,
  fitColumns: HISTORY,
  fit: (columns, options) => model.fit(historiesOf(columns), options),
  predictColumns: HISTORY,
  hasHorizon: true,
  predict: (given, [frequency = NaN, recency = NaN, age = NaN], horizons) => {
    const parameters = given as Parameters<Name>;
    return {
      pAlive: model.probabilityAlive(parameters, frequency, recency, age),
      ...byHorizon(horizons, (t) => ({
        expectedPurchases: model.expectedPurchases(parameters, frequency, recency, age, t),
        churnRisk: 1 - model.probabilityOfPurchase(parameters, frequency, recency, age, t),
      })),
    };
  },
});

/** Every model that is fitted to a table. */
export const MODELS: readonly ModelEntry[] = [
  historyEntry(BG_NBD, 'purchases without a contract; customers leave after a purchase'),
  historyEntry(PARETO_NBD, 'purchases without a contract; customers leave at any time'),
  historyEntry(MBG_NBD, 'as bg-nbd; customers may leave after the first purchase, too'),
  {
    name: 'bg-bb',
    title: 'purchases at given opportunities: events, seasons, years',
    parameterNames: ['alpha', 'beta', 'gamma', 'delta'],
    fitColumns: HISTORY,
    fit: (columns, options) => fitBgBb(historiesOf(columns), options),
    predictColumns: HISTORY,
    hasHorizon: true,
    predict: (given, [frequency = NaN, recency = NaN, age = NaN], horizons) => {
      const parameters = given as BgBbParameters;
      return {
        pAlive: bgBbProbabilityAlive(parameters, frequency, recency, age),
        ...byHorizon(horizons, (t) => ({
          expectedPurchases: bgBbExpectedPurchases(parameters, frequency, recency, age, t),
        })),
      };
    },
  },
  {
    name: 'gamma-gamma',
    title: 'the value of a purchase',
    parameterNames: ['p', 'q', 'v'],
    fitColumns: ['frequency', 'monetary'],
    fit: (columns, options) =>
      fitGammaGamma({ frequency: column(columns, 'frequency'), monetary: column(columns, 'monetary') }, options),
    predictColumns: ['frequency', 'monetary'],
    hasHorizon: false,
    predict: (parameters, [frequency = NaN, monetary = NaN]) => ({
      expectedAverageSpend: expectedSpend(parameters as GammaGammaParameters, frequency, monetary),
    }),
  },
  {
    name: 'sbg',
    title: 'renewals of contracts',
    parameterNames: ['alpha', 'beta'],
    fitColumns: ['period', 'customers'],
    fit: (columns, options) =>
      fitSbg([{ survivors: survivorsOf(column(columns, 'period'), column(columns, 'customers')) }], options),
    predictColumns: ['renewals'],
    hasHorizon: false,
    predict: (given, [renewals = NaN]) => {
      const parameters = given as SbgParameters;
      const expected = sbgExpectedRenewals(parameters, renewals, 0);
      return {
        retention: sbgRetention(parameters, renewals),
        survival: sbgSurvival(parameters, renewals),
        expectedRenewals: Number.isFinite(expected) ? expected : null,
      };
    },
  },
];

const column = (columns: Columns, name: string): Float64Array => columns[name] as Float64Array;

const historiesOf = (columns: Columns) => ({
  frequency: column(columns, 'frequency'),
  recency: column(columns, 'recency'),
  age: column(columns, 'T'),
});

/** Each figure once for each horizon, with the horizon in its name. */
const byHorizon = (horizons: readonly number[], figures: (t: number) => Prediction): Prediction =>
  Object.fromEntries(
    horizons.flatMap((t) => Object.entries(figures(t)).map(([name, value]) => [`${name}_${t}`, value] as const)),
  );

/** The customers by period, from 0; the rows may stand in any order. */
function survivorsOf(periods: Float64Array, customers: Float64Array): readonly number[] {
  const survivors: number[] = [];
  periods.forEach((period, at) => {
    if (!Number.isInteger(period) || period < 0 || period >= periods.length || survivors[period] !== undefined)
      throw new ModelInputError('The periods are not valid.', [
        { row: at, column: 'period', detail: `must be the whole numbers from 0, each once (got ${period})` },
      ]);
    survivors[period] = customers[at] as number;
  });
  return survivors;
}
