import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CUSTOM_RANK, factOf, FACTS, rankOf, streamOfFact, TOUCHPOINT_TYPES, touchpointType } from './catalogue.js';

describe('the catalogue', () => {
  it('names each type once, apart from every business fact and everything the engine writes', () => {
    const names = [...TOUCHPOINT_TYPES, ...FACTS].map((type) => type.name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('ranks types in the order of the table, custom ones after all of them', () => {
    expect(TOUCHPOINT_TYPES.map((type) => type.rank)).toEqual(TOUCHPOINT_TYPES.map((_, index) => index));
    expect(rankOf('ad-viewed')).toBe(0);
    expect(rankOf('order-placed')).toBeLessThan(rankOf('order-cancelled'));
    expect(rankOf('note-added')).toBeLessThan(rankOf('campsite-booked'));
    expect(rankOf('campsite-booked')).toBe(CUSTOM_RANK);
    expect(rankOf('campsite-booked')).toBe(rankOf('yurt-booked'));
  });

  it('knows a type by its name, and nothing else by anything', () => {
    expect(touchpointType('quote-expired')).toMatchObject({ group: 'evaluation', origin: 'system', version: 1 });
    expect(touchpointType('toString')).toBeNull();
    expect(touchpointType('Order-Placed')).toBeNull();
    expect(factOf('rate-published')).toEqual({ name: 'rate-published', version: 1 });
    expect(factOf('order-placed')).toBeNull();
  });

  it('gives each fact of the business a stream by its kind', () => {
    expect(streamOfFact('policy-published')).toBe('business-policy');
    expect(streamOfFact('actor-surveyed')).toBe(streamOfFact('actor-registered'));
  });
});

const semantics = join(process.env['PERENNIAL_SHARED'] ?? '../shared', 'semantics.md');
const withSemantics = existsSync(semantics) ? describe : describe.skip;
// A skipped comparison says so aloud.
if (!existsSync(semantics)) console.warn(`skipped: ${semantics} is not here, so the catalogue is not compared with it`);

/** Types that the document has and the catalogue has not: each is asked for by an open issue, and leaves this list when it is built. */
const NOT_BUILT_YET: readonly string[] = [];

withSemantics('the catalogue beside the document that it implements', () => {
  it('holds the same types, in the same order, with the same origins', () => {
    const origins: Record<string, string> = { c: 'customer', b: 'business', s: 'system' };
    const rows = readFileSync(semantics, 'utf8')
      .split('## 2.')[0]!
      .split('\n')
      .filter((line) => line.startsWith('|') && !/^\|(-| group )/.test(line));
    const expected = rows.flatMap((row) =>
      row
        .split('|')[2]!
        .replace(/\([^)]*\)/g, '')
        .split(',')
        .map((cell) => cell.trim().split(/\s+/))
        .map(([name, mark]) => ({
          name: name!.startsWith('-') ? `subscription${name}` : name!,
          origin: origins[mark ?? 's'],
        })),
    );
    expect(expected.length).toBeGreaterThan(60);
    const built = expected.filter(({ name }) => !NOT_BUILT_YET.includes(name));
    expect(TOUCHPOINT_TYPES.map(({ name, origin }) => ({ name, origin }))).toEqual(built);
  });
});
