import type { Parameters } from './fit.js';
import type { HistoryModel } from './model.js';
import { powerIntegral } from './numeric/power-integral.js';
import type { ParetoNbdParameters } from './pareto-nbd.js';
import { PARETO_NBD } from './pareto-nbd.js';

/** Over what time, and how, future purchases are discounted. */
export interface Horizon {
  /** How many periods. */
  readonly periods: number;
  /** The length of a period in the unit of time of the model. */
  readonly periodLength: number;
  /** The discount of a period: purchases of period k count by (1 + discount)^−k. */
  readonly discount: number;
}

/** A discount of a year as one of a month: (1 + d)^(1 ÷ 12) − 1. */
export const monthlyDiscount = (yearly: number): number => Math.expm1(Math.log1p(yearly) / 12);

/** The discounted number of purchases expected of a customer within a horizon: what a purchase is worth, times this, is the customer lifetime value. */
export function discountedPurchases<Name extends string>(
  model: Pick<HistoryModel<Name>, 'expectedPurchases'>,
  parameters: Parameters<Name>,
  { frequency, recency, age }: { readonly frequency: number; readonly recency: number; readonly age: number },
  { periods, periodLength, discount }: Horizon,
): number {
  let sum = 0;
  let before = 0;
  for (let period = 1; period <= periods; period += 1) {
    const until = model.expectedPurchases(parameters, frequency, recency, age, period * periodLength);
    sum += (until - before) * (1 + discount) ** -period;
    before = until;
  }
  return sum;
}

/**
 * DERT, the discounted expected residual transactions of a customer for all time, under Pareto/NBD with a continuous discount `rate` in the model's unit of time (Fader, Hardie and Lee 2005, "RFM and CLV", equation 2; here as an integral instead of a
 * confluent hypergeometric function).
 */
export function paretoNbdResidualPurchases(
  parameters: ParetoNbdParameters,
  frequency: number,
  recency: number,
  age: number,
  rate: number,
): number {
  const { r, alpha, s, beta } = parameters;
  return (
    ((PARETO_NBD.probabilityAlive(parameters, frequency, recency, age) * (r + frequency)) / (alpha + age)) *
    powerIntegral({ c: beta + age, k: 0, d: beta + age, m: s, rate, from: 0, to: Infinity })
  );
}
