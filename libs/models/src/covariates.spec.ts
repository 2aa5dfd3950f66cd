import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BG_NBD } from './beta-geometric.js';
import { covariateLikelihood, fitWithCovariates, parametersWith, type CovariateHistories } from './covariates.js';
import { distinctHistories } from './histories.js';
import { anyHistory, anyRate, anyShape, between, histories } from './testdata/histories.js';
import { expectSlopes } from './testdata/slopes.js';
import { simulatedHistories } from './testdata/simulated.js';

const TRUTH = { r: 0.8, alpha: 8, a: 0.9, b: 3 };

/** Customers with one covariate of their own, who buy and leave as it says. */
function simulated(customers: number, seed: number, purchasing: number, leaving: number): CovariateHistories {
  const covariates = Float64Array.from({ length: customers }, (_, at) => at % 3);
  const parameters = { ...TRUTH, purchasing: { member: purchasing }, leaving: { member: leaving } };
  const rows = simulatedHistories(seed, customers, (at) =>
    parametersWith(parameters, { member: covariates[at] as number }),
  );
  return { ...rows, names: ['member'], covariates };
}

describe('BG/NBD with covariates', () => {
  it('has the derivatives that differences show', () => {
    const group = fc.tuple(
      fc.array(between(-2, 2), { minLength: 2, maxLength: 2 }),
      fc.array(anyHistory, { minLength: 1, maxLength: 4 }),
    );
    const coefficient = between(0.05, 0.8);
    fc.assert(
      fc.property(
        ...[fc.tuple(anyShape, anyRate, anyShape, anyShape), fc.array(coefficient, { minLength: 4, maxLength: 4 })],
        fc.array(group, { minLength: 1, maxLength: 3 }),
        (shapes, coefficients, groups) => {
          const likelihood = covariateLikelihood(
            groups.map(([z, rows]) => ({ z: Float64Array.from(z), histories: distinctHistories(histories(rows)) })),
          );
          expectSlopes(likelihood, [...shapes, ...coefficients]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is BG/NBD where the covariates tell nothing', () => {
    const rows = simulated(1_500, 11, 0, 0);
    const [plain, fit] = [BG_NBD.fit(rows), fitWithCovariates(rows)];
    expect(fit.converged).toBe(true);
    // Two parameters more: twice the rise of the likelihood is chi-squared with two degrees of freedom (its 99.9 % point is 13.8).
    expect(fit.logLikelihood).toBeGreaterThanOrEqual(plain.logLikelihood - 1e-6);
    expect(2 * (fit.logLikelihood - plain.logLikelihood)).toBeLessThan(13.8);
  });

  it('finds what the customers were made with, within its standard errors', () => {
    const fit = fitWithCovariates(simulated(8_000, 5, 0.5, -0.6));
    expect(fit.converged).toBe(true);
    const { parameters, standardErrors } = fit;
    const off = (found: number, truth: number, error: number | undefined): number =>
      Math.abs(found - truth) / (error as number);
    expect(off(parameters.purchasing['member'] as number, 0.5, standardErrors?.purchasing['member'])).toBeLessThan(3);
    expect(off(parameters.leaving['member'] as number, -0.6, standardErrors?.leaving['member'])).toBeLessThan(3);
    for (const name of ['r', 'alpha', 'a', 'b'] as const)
      expect(off(parameters[name], TRUTH[name], standardErrors?.[name])).toBeLessThan(3.5);
  });

  it('does not depend on the unit of a covariate, nor on that of time', () => {
    const rows = simulated(1_200, 3, 0.4, 0.3);
    const fit = fitWithCovariates(rows);
    const other = fitWithCovariates({
      ...rows,
      recency: rows.recency.map((each) => each * 7),
      age: rows.age.map((each) => each * 7),
      covariates: rows.covariates.map((each) => 100 + each * 10),
    });
    expect(other.parameters.purchasing['member']).toBeCloseTo((fit.parameters.purchasing['member'] as number) / 10, 5);
    const customer = (member: number) => parametersWith(fit.parameters, { member });
    const same = (member: number) => parametersWith(other.parameters, { member: 100 + member * 10 });
    for (const member of [0, 1, 2]) {
      expect(same(member).alpha / customer(member).alpha / 7).toBeCloseTo(1, 4);
      expect(same(member).a / customer(member).a).toBeCloseTo(1, 4);
      expect(same(member).b / customer(member).b).toBeCloseTo(1, 4);
    }
    expect((other.standardErrors?.alpha as number) / other.parameters.alpha).toBeGreaterThan(0);
  });

  it('rejects covariates that are no numbers, by customer', () => {
    const rows = {
      ...histories([
        [1, 2, 3],
        [0, 0, 3],
      ]),
      names: ['member'],
    };
    expect(() => fitWithCovariates({ ...rows, covariates: Float64Array.from([1, NaN]) })).toThrow(
      'The covariates are not valid.',
    );
    expect(() => fitWithCovariates({ ...rows, covariates: Float64Array.from([1]) })).toThrow(
      'Each customer must have one number',
    );
    expect(() => fitWithCovariates({ ...rows, names: [], covariates: new Float64Array(0) })).toThrow(
      'There are no covariates.',
    );
  });
});
