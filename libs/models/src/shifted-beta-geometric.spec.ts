import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fitSbg, sbgExpectedRenewals, sbgLikelihood, sbgRetention, sbgSurvival } from './shifted-beta-geometric.js';
import { anyShape, between } from './testdata/histories.js';
import { expectSlopes } from './testdata/slopes.js';

/** Per cent of customers left at the start and after each of seven renewals (Fader and Hardie 2007, table 1), of 1,000. */
const HIGH_END = { survivors: [1000, 869, 743, 653, 593, 551, 517, 491] };
const REGULAR = { survivors: [1000, 631, 468, 382, 326, 289, 262, 241] };

describe('sBG', () => {
  it('finds the parameters that the authors published', () => {
    expect(fitSbg([HIGH_END]).parameters).toEqual({ alpha: expect.closeTo(0.668, 2), beta: expect.closeTo(3.806, 2) });
    expect(fitSbg([REGULAR]).parameters).toEqual({ alpha: expect.closeTo(0.704, 2), beta: expect.closeTo(1.182, 2) });
  });

  it('has retention that rises with each renewal, and survival that is its product', () => {
    fc.assert(
      fc.property(anyShape, anyShape, fc.nat({ max: 30 }), (alpha, beta, renewals) => {
        const parameters = { alpha, beta };
        expect(sbgRetention(parameters, renewals + 1)).toBeGreaterThan(sbgRetention(parameters, renewals));
        expect(sbgSurvival(parameters, renewals + 1)).toBeCloseTo(
          sbgSurvival(parameters, renewals) * sbgRetention(parameters, renewals),
          12,
        );
      }),
    );
  });

  it('has the derivatives that differences show, of several cohorts', () => {
    fc.assert(
      fc.property(anyShape, anyShape, (alpha, beta) => {
        expectSlopes(sbgLikelihood([HIGH_END, { survivors: [500, 300] }]), [alpha, beta]);
      }),
    );
  });

  it('expects more renewals of a customer who has renewed often, and fewer at a higher discount', () => {
    const parameters = { alpha: 0.668, beta: 3.806 };
    fc.assert(
      fc.property(fc.nat({ max: 20 }), between(0.01, 0.5), (renewals, discount) => {
        const here = sbgExpectedRenewals(parameters, renewals, discount);
        expect(sbgExpectedRenewals(parameters, renewals + 1, discount)).toBeGreaterThan(here);
        expect(sbgExpectedRenewals(parameters, renewals, discount + 0.01)).toBeLessThan(here);
      }),
    );
    expect(sbgExpectedRenewals(parameters, 0, 0)).toBe(Infinity);
    expect(sbgExpectedRenewals({ alpha: 3, beta: 4 }, 0, 0)).toBeCloseTo(
      sbgExpectedRenewals({ alpha: 3, beta: 4 }, 0, 1e-12),
      3,
    );
  });

  it('rejects a cohort that grows, and one that was never renewed', () => {
    expect(() => fitSbg([{ survivors: [10, 12] }])).toThrow('The survivors are not valid.');
    expect(() => fitSbg([{ survivors: [10] }])).toThrow('No cohort has a renewal yet');
  });
});
