import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sampleOf } from '#testing';
import { factOf, FACTS, TOUCHPOINT_TYPES, touchpointType } from './catalogue.js';
import { separatePersonal } from './personal.js';
import { factSchema, touchpointSchema } from './schemas.js';
import { assertNoGaps, upcast, UPCASTERS, type Data } from './upcasters.js';
import { validateFact, validateTouchpointData } from './validation.js';

/** An event as some log holds it. `becomes`: what the next version makes of it; on every version but the newest. */
interface Golden {
  readonly type: string;
  readonly version: number;
  readonly data: Data;
  readonly becomes?: Data;
}

const FOLDER = join('libs', 'contracts', 'golden');
const GOLDEN = readdirSync(FOLDER)
  .sort()
  .map((file) => ({ file, ...(JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Golden) }));

const newestOf = (type: string): number => (touchpointType(type) ?? factOf(type))!.version;
const validate = (type: string, version: number, data: Data) =>
  (factOf(type) === null ? validateTouchpointData : validateFact)(type, version, data);

const VERSIONS = [...TOUCHPOINT_TYPES, ...FACTS].flatMap(({ name, version }) =>
  Array.from({ length: version }, (_, index) => `${name}.v${index + 1}.json`),
);

describe('the golden corpus', () => {
  it('has one file for every version of every type and every fact, and no other', () => {
    expect(GOLDEN.map(({ file }) => file)).toEqual([...VERSIONS].sort());
    for (const { file, type, version } of GOLDEN) expect(file).toBe(`${type}.v${version}.json`);
  });

  it.each(GOLDEN)('$file holds every field of its version, and is valid in it', ({ type, version, data }) => {
    const schema = touchpointSchema(type, version) ?? factSchema(type, version);
    expect(Object.keys(data)).toEqual(expect.arrayContaining(Object.keys(schema?.['properties'] as object)));
    expect(validate(type, version, data)).toEqual({ ok: true });
  });

  it.each(GOLDEN)('$file is still read today', ({ type, version, data, becomes }) => {
    const newest = newestOf(type);
    const today = upcast(type, version, data);
    expect(validate(type, newest, today)).toEqual({ ok: true });
    if (version === newest) expect(today).toEqual(data);
    else expect(UPCASTERS[type]![version - 1]!(data)).toEqual(becomes);
  });

  it.each(GOLDEN.filter(({ type }) => factOf(type) === null))(
    '$file means the same with its personal fields sealed away',
    ({ type, version, data }) => {
      const newest = newestOf(type);
      const whole = upcast(type, version, data);
      const sealed = upcast(type, version, separatePersonal(type, version, data).data);
      expect(sealed).toEqual(separatePersonal(type, newest, whole).data);
    },
  );
});

describe('upcasting', () => {
  it.each([...TOUCHPOINT_TYPES, ...FACTS].filter(({ version }) => version > 1))(
    'gives valid $name of every valid older one',
    ({ name, version: newest }) => {
      for (let version = 1; version < newest; version += 1)
        fc.assert(
          fc.property(sampleOf(name, version), (data) => {
            const before = structuredClone(data);
            expect(validate(name, newest, upcast(name, version, data))).toEqual({ ok: true });
            expect(data).toEqual(before);
          }),
          { numRuns: 500 },
        );
    },
  );

  it('leaves what is newest as it is, and what is not built in alone', () => {
    const data = { caseId: 'c' };
    expect(upcast('case-resolved', 2, data)).toBe(data);
    expect(upcast('campsite-booked', 7, data)).toBe(data);
  });

  it('rejects a version that it cannot know', () => {
    for (const version of [0, 3, -1, 1.5, NaN]) expect(() => upcast('case-resolved', version, {})).toThrow(RangeError);
  });
});

describe('the gap check at the start', () => {
  const identity = (data: Data): Data => data;
  const contracts = (version: number, upcasters: Record<string, (typeof identity)[]>, classes: number) => ({
    types: [{ name: 'a', version }],
    upcasters,
    hasClass: (_type: string, wanted: number) => wanted <= classes,
  });

  it('finds none in what we ship', () => {
    expect(() => assertNoGaps()).not.toThrow();
  });

  it.each([
    ['a has no upcaster from version 2 to 3', contracts(3, { a: [identity] }, 3)],
    ['a has no upcaster from version 1 to 2', contracts(2, {}, 2)],
    ['a has no class for version 2', contracts(2, { a: [identity] }, 1)],
    ['a has a class for version 2, but the catalogue ends at 1', contracts(1, {}, 2)],
    ['a has an upcaster from version 1, but the catalogue ends there', contracts(1, { a: [identity] }, 1)],
    [
      'rate-published has no upcaster from version 1 to 2',
      { ...contracts(1, {}, 2), types: [{ name: 'rate-published', version: 2 }] },
    ],
    ['b has upcasters, but is not in the catalogue', contracts(1, { b: [identity] }, 1)],
  ])('says that %s', (gap, given) => {
    expect(() => assertNoGaps(given)).toThrow(gap);
  });

  it('is content with an unbroken chain', () => {
    expect(() => assertNoGaps(contracts(3, { a: [identity, identity] }, 3))).not.toThrow();
  });
});
