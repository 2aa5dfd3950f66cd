import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { portfolioCell, valueTierEdges, valueTierOf } from './value-tiers.js';

const tiersOf = (...profits: (number | null)[]) => {
  const edges = valueTierEdges(Float64Array.from(profits.filter((each) => each !== null)), 0.8, 0.95);
  return profits.map((profit) => valueTierOf(profit, edges)).join('');
};

describe('the value tier', () => {
  it('is A for those who bring four fifths of the profit, B up to 95 %, C for the rest', () => {
    expect(tiersOf(500, 300, 100, 50, 30, 20)).toBe('AABBCC');
  });

  it('includes the customer who reaches the share', () => {
    expect(tiersOf(90, 10)).toBe('AB');
  });

  it('is C for those who cost money, however many they are', () => {
    expect(tiersOf(100, -1_000_000, 0)).toBe('ACC');
    expect(tiersOf(-5, 0)).toBe('CC');
  });

  it('is not known where the profit is not', () => {
    expect(valueTierOf(null, { a: 1, b: 0 })).toBeNull();
  });

  it('is one for equal profits, and never lower for a higher one', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -20, max: 60 }), { minLength: 1 }), (profits) => {
        const edges = valueTierEdges(Float64Array.from(profits), 0.8, 0.95);
        const ordered = [...profits].sort((a, b) => b - a).map((profit) => valueTierOf(profit, edges));
        expect(ordered).toEqual([...ordered].sort());
        const positive = profits.filter((each) => each > 0);
        const sum = (some: number[]): number => some.reduce((total, each) => total + each, 0);
        expect(sum(positive.filter((each) => valueTierOf(each, edges) === 'A'))).toBeGreaterThanOrEqual(
          0.8 * sum(positive) - 1e-9,
        );
      }),
    );
  });
});

describe('the cell of the portfolio', () => {
  const edges = { serviceCostMinor: 1_000, potentialMinor: 5_000 };
  const cell = (tier: 'A' | 'B' | 'C' | null, serviceCostMinor: number | null, potentialMinor: number | null) =>
    portfolioCell({ tier, serviceCostMinor, potentialMinor }, edges);

  it('is taken by value and need, then by potential, else they are maintained', () => {
    expect(cell('A', 1_000, null)).toBe('high-value-high-need');
    expect(cell('A', 999, null)).toBe('high-value-low-need');
    expect(cell('B', 5_000, 9_000)).toBe('low-value-high-need');
    expect(cell('C', 0, 5_000)).toBe('high-potential');
    expect(cell('C', 0, 4_999)).toBe('maintain');
  });

  it('stays unknown where what it follows from is unknown', () => {
    expect(cell(null, 0, 0)).toBeNull();
    expect(cell('A', null, 0)).toBeNull();
    expect(cell('B', 0, null)).toBeNull();
  });

  it('is not high where no customer needs or promises anything', () => {
    expect(
      portfolioCell({ tier: 'C', serviceCostMinor: 0, potentialMinor: 0 }, { serviceCostMinor: 0, potentialMinor: 0 }),
    ).toBe('maintain');
  });
});
