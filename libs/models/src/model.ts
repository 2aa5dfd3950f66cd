import type { Fit, FitOptions, Parameters } from './fit.js';
import type { PurchaseHistories, WeightedHistories } from './histories.js';

/** A model of purchases without a contract: from the history of a customer to what is to be expected. */
export interface HistoryModel<Name extends string = string> {
  readonly name: string;
  readonly parameterNames: readonly Name[];
  /** @throws ModelInputError where the histories are not valid. */
  fit(histories: PurchaseHistories, options?: FitOptions): Fit<Name>;
  /** The same for distinct histories with weights, which are not checked; weights may be 0. */
  fitDistinct(histories: WeightedHistories, options?: FitOptions): Fit<Name>;
  /** Of all customers. */
  logLikelihood(parameters: Parameters<Name>, histories: PurchaseHistories): number;
  /** The probability that the customer has not left for good. */
  probabilityAlive(parameters: Parameters<Name>, frequency: number, recency: number, age: number): number;
  /** The expected number of repeat purchases of a new customer in the time t after the first purchase. */
  expectedPurchasesOfNew(parameters: Parameters<Name>, t: number): number;
  /** The expected number of purchases of this customer in the next time t. */
  expectedPurchases(parameters: Parameters<Name>, frequency: number, recency: number, age: number, t: number): number;
  /** The probability of at least one purchase in the next time t: churn risk is what it lacks to 1. */
  probabilityOfPurchase(
    parameters: Parameters<Name>,
    frequency: number,
    recency: number,
    age: number,
    t: number,
  ): number;
}
