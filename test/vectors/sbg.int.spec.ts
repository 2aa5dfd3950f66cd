import { it } from '@jest/globals';
import { fitSbg } from '#models';
import { describeCases, expectWithin, vectorCases, type VectorCase } from './vectors.js';

const cases = vectorCases('sbg.json') as readonly VectorCase<{
  readonly customers: number;
  readonly percentAlive: readonly number[];
}>[];

describeCases('contractual retention as others published it', cases, () => {
  it.each(cases.map((each) => [each.id, each] as const))('%s', (_id, { input, expected, tolerance }) => {
    const survivors = input.percentAlive.map((percent) => (percent * input.customers) / 100);
    expectWithin(fitSbg([{ survivors }]).parameters, expected, tolerance);
  });
});
