import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RowIdentity } from './row-identity.js';

describe('the id of a row without an id of its own', () => {
  it('is the same whenever the same rows are read again', () => {
    const rows = ['a', 'b', 'a', 'a', 'c'];
    const ids = (): readonly string[] => {
      const identity = new RowIdentity();
      return rows.map((row) => identity.of(row));
    };
    expect(ids()).toEqual(ids());
  });

  it('keeps identical rows apart by their ordinal', () => {
    const identity = new RowIdentity();
    const [first, second] = [identity.of('x'), identity.of('x')];
    expect(first).toMatch(/^[0-9a-f]{24}-1$/);
    expect(second).toBe(first?.replace(/-1$/, '-2'));
  });

  it('is unique within a file, whatever its repetitions and its length', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 5000 }), (numbers) => {
        const identity = new RowIdentity();
        const ids = numbers.map((number) => identity.of(`row ${number}`));
        expect(new Set(ids).size).toBe(ids.length);
      }),
      { numRuns: 20 },
    );
  });
});
