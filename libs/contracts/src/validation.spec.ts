import { describe, expect, it } from '@jest/globals';
import { plainToInstance, type ClassConstructor } from 'class-transformer';
import { validateSync } from 'class-validator';
import fc, { type Arbitrary } from 'fast-check';
import { arbitraryOf, sampleOf } from '#testing';
import { BOUNDS, boundsIssue } from './bounds.js';
import { factOf, FACTS, TOUCHPOINT_TYPES } from './catalogue.js';
import { TouchpointForm } from './envelope.js';
import { factClassOf } from './facts/classes.js';
import type { JsonSchema } from './fields.js';
import type { ValidationIssue, Validity } from './validation-issue.js';
import { factSchema, touchpointSchema } from './schemas.js';
import { classOf } from './touchpoints/classes.js';
import { ENVELOPE_SCHEMA, validateEnvelope, validateFact, validateTouchpointData } from './validation.js';

const errorsOf = (verdict: Validity): readonly ValidationIssue[] => (verdict.ok ? [] : verdict.errors);

/** The verdict of class-validator itself. */
function classVerdict(target: ClassConstructor<object>, plain: unknown): boolean {
  return validateSync(plainToInstance(target, plain) as object).length === 0;
}

/** What channels get wrong: each of these in place of a field. */
const wrong: Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown[]>(
    ...[
      null,
      undefined,
      '',
      ' ',
      '0',
      '12',
      '12.5',
      'EUR',
      'eur',
      'XYZ',
      'self',
      'nps',
      'true',
      0,
      -0,
      1,
      -1,
      0.1,
      1.5,
    ],
    ...[5, 6, 10, 11, 1e13, 1e13 + 1, -1e13, 2 ** 53, 1e300, NaN, Infinity, true, false, [], [[]], [null], [1], ['a']],
    ...[{}, { a: 1 }, [{}], [[{}]], { length: 1 }, { sku: 'a' }, [{ sku: 'a', quantity: 1, unitPriceMinor: 2 }]],
    ...['2026-02-30', '2026-03-01', '2026-03-01T00:00:00', '2026-03-01T25:00:00Z', '2026-03-01 10:00:00+01:00'],
    ...[
      'x'.repeat(200),
      'x'.repeat(201),
      'x'.repeat(20_001),
      '😀'.repeat(200),
      '😀'.repeat(201),
      'é\uFE0F'.repeat(200),
    ],
    ...['a\0b', '\ud800', [{ namespace: 'email', value: 'a' }], { kind: 'employee', id: 'x' }, { kind: 'x' }],
  ),
  fc.string(),
  fc.double(),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Sets a field of the document, or of an object within it, to something else. */
function mutated(document: object, schema: JsonSchema, where: readonly number[], what: unknown): unknown {
  const copy = structuredClone(document) as Record<string, unknown>;
  let object: Record<string, unknown> = copy;
  let names = Object.keys((schema['properties'] ?? {}) as object);
  for (const [depth, choice] of where.entries()) {
    const key = names[choice % names.length] ?? 'stray';
    const value = object[key];
    const inner = Array.isArray(value) ? (value[choice % Math.max(value.length, 1)] as unknown) : value;
    if (depth === where.length - 1 || typeof inner !== 'object' || inner === null || Object.keys(inner).length === 0) {
      if (Array.isArray(value) && choice % 3 === 0) value.push(what);
      // No document holds what JSON cannot say: a field without a value is absent.
      else if (what === undefined) delete object[key];
      else object[key] = what;
      break;
    }
    object = inner as Record<string, unknown>;
    names = [...Object.keys(object), 'discountMinor', 'costMinor', 'role'];
  }
  return copy;
}

const places = fc.array(fc.nat(1000), { minLength: 1, maxLength: 2 });

const VERSIONS = [...TOUCHPOINT_TYPES, ...FACTS].flatMap(({ name, version }) =>
  Array.from({ length: version }, (_, index) => [name, index + 1] as const),
);

describe.each(VERSIONS)('%s, version %i', (type, version) => {
  const isFact = factOf(type) !== null;
  const target = (isFact ? factClassOf(type, version) : classOf(type, version))!;
  const schema = (isFact ? factSchema(type, version) : touchpointSchema(type, version))!;
  const validate = isFact ? validateFact : validateTouchpointData;

  it('accepts every sample of its contract, by the compiled validator and by class-validator', () => {
    fc.assert(
      fc.property(sampleOf(type, version), (data) => {
        expect(validate(type, version, data)).toEqual({ ok: true });
        expect(classVerdict(target, data)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('gets the same verdict from both, whatever a channel sends', () => {
    fc.assert(
      fc.property(sampleOf(type, version), places, wrong, (data, where, what) => {
        const sent = mutated(data, schema, where, what);
        const verdict = validate(type, version, sent);
        const fit = isFact || boundsIssue(sent) === null;
        const expected = fit && classVerdict(target, sent);
        expect({ sent, ok: verdict.ok }).toEqual({ sent, ok: expected });
        for (const issue of errorsOf(verdict)) expect([issue.detail, issue.hint]).not.toContain('');
      }),
      { numRuns: 100 },
    );
  });
});

describe('facts and touchpoints', () => {
  it('are never taken for one another', () => {
    expect(validateTouchpointData('person-erased', 1, { subjectIds: ['0'.repeat(32)], customerId: null }).ok).toBe(
      false,
    );
    expect(validateFact('shared', 1, {}).ok).toBe(false);
    expect(validateFact('rate-published', 2, {})).toMatchObject({
      errors: [{ hint: expect.stringContaining('use version 1') as unknown }],
    });
  });
});

describe('the envelope', () => {
  it('gets the same verdict from the compiled validator and from class-validator', () => {
    const verdicts = new Set<boolean>();
    fc.assert(
      fc.property(arbitraryOf(ENVELOPE_SCHEMA), places, fc.option(wrong), (document, where, what) => {
        const sent = what === null ? document : mutated(document as object, ENVELOPE_SCHEMA, where, what);
        const { data: inner, ...rest } = sent as Record<string, unknown>;
        // The envelope does not look into the data, but class-transformer throws at a field called `constructor`.
        fc.pre(boundsIssue(inner) === null);
        const verdict = validateEnvelope(sent);
        verdicts.add(verdict.ok);
        const expected = boundsIssue(rest) === null && classVerdict(TouchpointForm, sent);
        expect({ sent, ok: verdict.ok }).toEqual({ sent, ok: expected });
      }),
      { numRuns: 1000 },
    );
    expect(verdicts).toEqual(new Set([true, false]));
  });

  const good = {
    id: '1',
    source: 'shop',
    type: 'site-visited',
    channel: 'site',
    identifiers: [{ namespace: 'email', value: 'ann@shop.se' }],
    data: {},
  };

  it('is answered with pointer, detail and hint', () => {
    expect(validateEnvelope(good)).toEqual({ ok: true });
    expect(errorsOf(validateEnvelope({ ...good, identifiers: [{ namespace: 'userId', value: 17850 }] }))).toEqual([
      {
        pointer: '#/identifiers/0/value',
        detail: 'must be text of 1 to 512 characters (got a number)',
        hint: 'write it in quotes: text of 1 to 512 characters',
      },
    ]);
    expect(errorsOf(validateEnvelope({ ...good, time: '2026-03-01' }))).toEqual([
      {
        pointer: '#/time',
        detail:
          'must be a date-time of RFC 3339 with its offset, such as 2026-03-01T12:00:00Z (got text of another form)',
        hint: 'give a date-time of RFC 3339 with its offset, such as 2026-03-01T12:00:00Z',
      },
    ]);
    expect(errorsOf(validateEnvelope({ ...good, channel: undefined }))).toEqual([
      { pointer: '#/channel', detail: 'is required', hint: 'add it: text of 1 to 200 characters' },
    ]);
    expect(errorsOf(validateEnvelope({ ...good, test: 'yes' }))).toMatchObject([{ pointer: '#/test' }]);
    for (const document of [null, 'x', 1, [], [good], undefined]) expect(validateEnvelope(document).ok).toBe(false);
  });
});

describe('an issue', () => {
  const order = { orderId: 'o-1', currency: 'EUR', lines: [{ sku: 'a', quantity: 1, unitPriceMinor: 999 }] };

  it('names the place, what is wrong, and how to fix it', () => {
    const issues = (data: unknown) => errorsOf(validateTouchpointData('order-placed', 1, data));
    expect(issues({ ...order, currency: 'ECU' })).toEqual([
      {
        pointer: '#/currency',
        detail: 'must be a currency of ISO 4217, such as EUR (got text of another form)',
        hint: 'give a currency of ISO 4217, such as EUR',
      },
    ]);
    expect(issues({ ...order, lines: [{ sku: 'a', quantity: 1, unitPriceMinor: 9.99 }] })).toEqual([
      {
        pointer: '#/lines/0/unitPriceMinor',
        detail: 'must be a whole number from -10,000,000,000,000 to 10,000,000,000,000 (got a fraction)',
        hint: 'give a whole number; money is in minor units (cents)',
      },
    ]);
    expect(issues({ ...order, totalMinor: '999' })).toMatchObject([
      { pointer: '#/totalMinor', hint: expect.stringContaining('without quotes') },
    ]);
    expect(issues({ ...order, totalMinor: null })).toMatchObject([
      { pointer: '#/totalMinor', hint: 'leave the field out when it is unknown' },
    ]);
    expect(issues({ orderId: 'o-1', currency: 'EUR' })).toMatchObject([
      { pointer: '#', detail: 'the order has neither lines nor a total' },
    ]);
    const huge = { sku: 'a', quantity: 1_000_000, unitPriceMinor: 10_000_000_000_000 };
    expect(issues({ ...order, lines: [huge] })).toMatchObject([
      { detail: 'the lines add up to more than an exact integer can hold' },
    ]);
    expect(issues('order')).toMatchObject([{ pointer: '#', detail: 'must be an object' }]);
  });

  it.each(['order-placed', 'order-amended'])('tells a source of %s with money that went back what to send', (type) => {
    const issues = (data: unknown) => errorsOf(validateTouchpointData(type, 1, data));
    const [total] = issues({ ...order, totalMinor: -5 });
    expect(total).toMatchObject({ pointer: '#/totalMinor', detail: expect.stringContaining('must be 0 or more') });
    expect(total?.hint).toContain('send order-returned');
    expect(issues({ orderId: 'o-1', currency: 'EUR', totalMinor: -1 })).toHaveLength(1);
    const back = { sku: 'a', quantity: -2, unitPriceMinor: 999 };
    expect(issues({ ...order, lines: [back] })).toMatchObject([
      { pointer: '#/lines', hint: expect.stringContaining('send order-returned') },
    ]);
    expect(issues({ ...order, discountMinor: 1_000 })).toMatchObject([{ pointer: '#/lines' }]);
    // A line that was taken back within a larger order is fine, and so are a gift and a total that says what was paid.
    expect(issues({ ...order, lines: [back, { ...back, quantity: 3 }] })).toEqual([]);
    expect(issues({ ...order, lines: [back], totalMinor: 0 })).toEqual([]);
  });

  it('never holds a value: a value may be personal', () => {
    const secret = 'ann@shop.se';
    for (const { name, version } of TOUCHPOINT_TYPES) {
      const properties = Object.keys(touchpointSchema(name)!['properties'] as object);
      const data = Object.fromEntries(properties.map((key) => [key, [secret, { [secret]: 1 }]]));
      expect(JSON.stringify(validateTouchpointData(name, version, data))).not.toContain(secret);
    }
  });

  it('is one of at most twenty', () => {
    const lines = Array.from({ length: 500 }, () => ({}));
    const issues = errorsOf(validateTouchpointData('order-placed', 1, { ...order, lines }));
    expect(issues).toHaveLength(20);
  });

  it('says which types and versions there are', () => {
    expect(errorsOf(validateTouchpointData('order-eaten', 1, {}))).toMatchObject([{ detail: 'is of an unknown type' }]);
    expect(errorsOf(validateTouchpointData('constructor', 1, {}))).toMatchObject([{ detail: 'is of an unknown type' }]);
    for (const version of [0, 3, 1.5, -1, NaN])
      expect(errorsOf(validateTouchpointData('case-resolved', version, { caseId: 'c' }))).toMatchObject([
        { hint: 'use version 2, the newest, or leave schemaVersion out' },
      ]);
  });
});

describe('fields that no contract declares', () => {
  const verdict = (extra: unknown) => validateTouchpointData('site-visited', 1, { extra });
  const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });

  it('are kept', () => {
    expect(verdict({ colour: 'red', sizes: [1, 2, null] })).toEqual({ ok: true });
    expect(verdict(nested(BOUNDS.depth - 1))).toEqual({ ok: true });
  });

  it('are kept within bounds', () => {
    expect(errorsOf(verdict(nested(BOUNDS.depth)))).toMatchObject([{ detail: 'is nested deeper than 12 levels' }]);
    expect(verdict(Array.from({ length: BOUNDS.values }, () => 0)).ok).toBe(false);
    expect(verdict('x'.repeat(BOUNDS.characters + 1)).ok).toBe(false);
    expect(verdict({ ['k'.repeat(BOUNDS.name + 1)]: 1 }).ok).toBe(false);
  });

  it('hold nothing that a store would reject or change', () => {
    expect(errorsOf(verdict({ note: 'a\0b' }))).toMatchObject([{ pointer: '#/extra/note' }]);
    expect(verdict('\ud800').ok).toBe(false);
    expect(verdict('👍').ok).toBe(true);
    expect(verdict(JSON.parse('1e999')).ok).toBe(false);
    expect(verdict(JSON.parse('{"__proto__": {"admin": true}}')).ok).toBe(false);
    expect(verdict(new Date(0)).ok).toBe(false);
    expect(verdict(1n).ok).toBe(false);
  });
});
