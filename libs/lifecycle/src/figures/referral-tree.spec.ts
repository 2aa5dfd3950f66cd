import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { advocacyOf, referralTree, type ReferralEdge } from './referral-tree.js';

const edge = (referrer: string, referred: string, at: number): ReferralEdge => ({
  ...{ referrer, referred, at },
  key: `${referrer}${referred}`,
});

describe('referrals', () => {
  it('make a tree, in which each customer knows those brought at first and second hand', () => {
    const tree = referralTree([edge('a', 'b', 1), edge('a', 'c', 2), edge('b', 'd', 3), edge('d', 'e', 4)]);
    expect(Object.fromEntries(advocacyOf(tree))).toEqual({
      a: { direct: 2, all: 4, depth: 3 },
      b: { direct: 1, all: 2, depth: 2 },
      d: { direct: 1, all: 1, depth: 1 },
    });
  });

  it('that would close a cycle are refused and listed', () => {
    const back = edge('c', 'a', 3);
    const tree = referralTree([edge('a', 'b', 1), edge('b', 'c', 2), back]);
    expect(tree.rejected).toEqual([{ edge: back, reason: 'cycle' }]);
    expect(tree.referrerOf.has('a')).toBe(false);
  });

  it('count once: the first referrer stays, and no customer brings themselves', () => {
    const [second, self] = [edge('x', 'b', 2), edge('a', 'a', 3)];
    const tree = referralTree([second, edge('a', 'b', 1), self, edge('a', 'b', 4)]);
    expect(tree.referrerOf.get('b')).toBe('a');
    expect(tree.rejected).toEqual([
      { edge: second, reason: 'referred-already' },
      { edge: self, reason: 'self' },
    ]);
  });

  const name = fc.constantFrom(...'abcdefgh');
  const edges = fc.array(
    fc.tuple(name, name, fc.nat(5)).map(([referrer, referred, at]) => edge(referrer, referred, at)),
    { maxLength: 30 },
  );

  it('are the same in whatever order they arrive', () => {
    fc.assert(
      fc.property(edges, fc.func(fc.nat()), (some, by) => {
        const shuffled = [...some].sort((a, b) => by(a) - by(b));
        const [one, other] = [referralTree(some), referralTree(shuffled)];
        expect(new Map([...other.referrerOf].sort())).toEqual(new Map([...one.referrerOf].sort()));
        expect(other.rejected.map(({ reason }) => reason).sort()).toEqual(
          one.rejected.map(({ reason }) => reason).sort(),
        );
      }),
    );
  });

  it('never run in a circle, and every one brought is counted by those above them', () => {
    fc.assert(
      fc.property(edges, (some) => {
        const tree = referralTree(some);
        const above = (customer: string): string[] => {
          const referrer = tree.referrerOf.get(customer);
          return referrer === undefined ? [] : [referrer, ...above(referrer)];
        };
        const counted = new Map<string, number>();
        for (const customer of tree.referrerOf.keys())
          for (const each of above(customer)) counted.set(each, (counted.get(each) ?? 0) + 1);
        expect(new Map([...advocacyOf(tree)].map(([customer, { all }]) => [customer, all]))).toEqual(counted);
      }),
    );
  });
});
