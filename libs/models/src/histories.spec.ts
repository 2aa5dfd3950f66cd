import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { distinctHistories, historyIssues } from './histories.js';
import { anyHistory, histories } from './testdata/histories.js';

describe('distinct histories', () => {
  it('have the customers of all histories, each once', () => {
    fc.assert(
      fc.property(fc.array(anyHistory, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 40 }), (rows, picks) => {
        const all = rows.length === 0 ? [] : picks.map((pick) => rows[pick % rows.length] as (typeof rows)[number]);
        const { frequency, recency, age, weight, indexOf, customers } = distinctHistories(histories(all));
        expect(customers).toBe(all.length);
        expect(new Set(all.map(String)).size).toBe(weight.length);
        expect(weight.reduce((sum, each) => sum + each, 0)).toBe(all.length);
        all.forEach((row, at) => {
          const index = indexOf[at] as number;
          expect([frequency[index], recency[index], age[index]]).toEqual(row);
        });
      }),
    );
  });

  it('of many customers are found by their hash', () => {
    const rows = Array.from(
      { length: 100_000 },
      (_, at) => [at % 7, at % 7 === 0 ? 0 : at % 365, 400 + (at % 11)] as const,
    );
    const distinct = distinctHistories(histories(rows));
    expect(distinct.weight.length).toBe(new Set(rows.map(String)).size);
    expect(distinct.frequencyMax).toBe(6);
  });
});

describe('what a history cannot be', () => {
  it('is nothing of a history that can be', () => {
    fc.assert(fc.property(fc.array(anyHistory), (rows) => expect(historyIssues(histories(rows))).toEqual([])));
  });
});
