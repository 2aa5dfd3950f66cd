import { describe, expect, it } from '@jest/globals';
import { CUSTOM_RANK } from './catalogue.js';
import { compilePattern, patternDanger } from './patterns.js';
import { TypeRegistry, type Registration } from './type-registry.js';

const booking = {
  name: 'campsite-booked',
  version: 1,
  origin: 'customer',
  group: 'purchase',
  schema: {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    required: ['nights'],
    properties: {
      nights: { type: 'integer', minimum: 1, maximum: 365 },
      pitch: { type: 'string', maxLength: 8, pattern: '^[A-Z]\\d+$' },
      remark: { type: 'string', maxLength: 2000, 'x-personal': true },
      guests: {
        type: 'array',
        maxItems: 12,
        items: {
          type: 'object',
          properties: { name: { type: 'string', 'x-personal': true }, age: { type: 'integer' } },
        },
      },
      arrival: { type: 'string', format: 'date' },
    },
  },
};

function registered(result: Registration): TypeRegistry {
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.registry;
}

const issuesOf = (result: Registration) => (result.ok ? [] : result.errors);
const withSchema = (schema: unknown) => issuesOf(TypeRegistry.BUILT_IN.register({ ...booking, schema }));

describe('given a registered type of the business’s own', () => {
  const registry = registered(TypeRegistry.BUILT_IN.register(booking));

  it('has its origin and meaning, and ranks after the built-in types', () => {
    expect(registry.type('campsite-booked')).toEqual({
      name: 'campsite-booked',
      group: 'purchase',
      origin: 'customer',
      rank: CUSTOM_RANK,
      version: 1,
    });
    expect(registry.custom().map((type) => type.name)).toEqual(['campsite-booked']);
    expect(registry.type('order-placed')?.rank).toBeLessThan(CUSTOM_RANK);
  });

  it('leaves the registry from which it came as it was', () => {
    expect(TypeRegistry.BUILT_IN.type('campsite-booked')).toBeNull();
    expect(TypeRegistry.BUILT_IN.validate('campsite-booked', 1, { nights: 1 }).ok).toBe(false);
  });

  it('validates its data, with pointer, detail and hint', () => {
    expect(registry.validate('campsite-booked', 1, { nights: 3, pitch: 'B12', arrival: '2026-07-01' })).toEqual({
      ok: true,
    });
    expect(registry.validate('campsite-booked', 1, { nights: 0, pitch: 'b', arrival: 'July' })).toEqual({
      ok: false,
      errors: [
        {
          pointer: '#/nights',
          detail: 'must be a whole number from 1 to 365 (got a number below 1)',
          hint: 'give a whole number from 1 to 365',
        },
        {
          pointer: '#/pitch',
          detail: 'must be text that matches ^[A-Z]\\d+$ (got text of another form)',
          hint: 'give text that matches ^[A-Z]\\d+$',
        },
        {
          pointer: '#/arrival',
          detail: 'must be a day, such as 2026-03-01 (got text of another form)',
          hint: 'give a day, such as 2026-03-01',
        },
      ],
    });
    expect(registry.validate('campsite-booked', 2, { nights: 1 }).ok).toBe(false);
    expect(registry.validate('campsite-booked', 1, { nights: 1, note: 'a\0' }).ok).toBe(false);
    expect(registry.validate('order-cancelled', 1, { orderId: 'a' }).ok).toBe(true);
  });

  it('keeps what is personal, and what the schema does not declare, for sealing', () => {
    expect(registry.personalPaths('campsite-booked', 1)).toEqual(['/remark', '/guests/*/name']);
    const data = { nights: 2, remark: 'near Ann', guests: [{ name: 'Ann', age: 40 }], car: 'ABC 123' };
    expect(registry.separatePersonal('campsite-booked', 1, data)).toEqual({
      data: { nights: 2, guests: [{ age: 40 }] },
      personal: { '/remark': 'near Ann', '/guests/0/name': 'Ann', '/car': 'ABC 123' },
    });
  });

  it('treats recorded text as personal that a later version marks so', () => {
    const { guests, ...properties } = (booking.schema as { properties: Record<string, object> }).properties;
    const second = registered(
      registry.restore({
        ...booking,
        version: 2,
        schema: {
          type: 'object',
          properties: {
            ...properties,
            guests: { type: 'array', items: { properties: { age: { type: 'integer', 'x-personal': true } } } },
          },
        },
      }),
    );
    expect(guests).toBeDefined();
    const data = { nights: 2, guests: [{ name: 'Ann', age: 40 }] };
    expect(registry.separateRecorded('campsite-booked', 1, data)).toEqual(
      registry.separatePersonal('campsite-booked', 1, data),
    );
    expect(second.separateRecorded('campsite-booked', 1, data)).toEqual({
      data: { nights: 2, guests: [{}] },
      personal: { '/guests/0/name': 'Ann', '/guests/0/age': 40 },
    });
    // A content hash divides by the version of the event.
    expect(second.separatePersonal('campsite-booked', 1, data).data).toEqual({ nights: 2, guests: [{ age: 40 }] });
  });

  it('is the same when registered twice, whatever the order of its fields', () => {
    const { schema, ...rest } = booking;
    const again = registry.register({ schema, ...rest });
    expect(again).toMatchObject({ ok: true, changed: false });
    expect(registered(again)).toBe(registry);
  });

  it('changes only by a new version, and old events keep their shape', () => {
    const changed = { ...booking, schema: { type: 'object', properties: { nights: { type: 'string' } } } };
    expect(issuesOf(registry.register(changed))).toMatchObject([{ pointer: '#/version' }]);
    expect(issuesOf(registry.register({ ...changed, version: 3 }))).toMatchObject([
      { pointer: '#/version', hint: 'give version 2' },
    ]);
    // A log of before may hold a version that breaks its senders.
    const second = registered(registry.restore({ ...changed, version: 2 }));
    expect(second.type('campsite-booked')?.version).toBe(2);
    expect(second.validate('campsite-booked', 1, { nights: 2 }).ok).toBe(true);
    expect(second.validate('campsite-booked', 2, { nights: 2 }).ok).toBe(false);
    expect(second.upcast('campsite-booked', 1, { nights: 2 })).toEqual({ nights: 2 });
  });
});

describe('a definition is rejected', () => {
  it.each(['order-placed', 'policy-published', 'intake-receipt', 'Booked', 'a b', '', '-x', 'x-', '__proto__', null])(
    'under the name %j',
    (name) => {
      expect(issuesOf(TypeRegistry.BUILT_IN.register({ ...booking, name }))).toMatchObject([{ pointer: '#/name' }]);
    },
  );

  it('without origin, meaning, version or schema, each with its pointer', () => {
    expect(issuesOf(TypeRegistry.BUILT_IN.register({ name: 'x' })).map((issue) => issue.pointer)).toEqual([
      ...['#/version', '#/origin', '#/group', '#/schema'],
    ]);
    for (const nothing of [null, 'x', []]) expect(TypeRegistry.BUILT_IN.register(nothing).ok).toBe(false);
  });

  it.each([
    [
      'a remote reference',
      { type: 'object', properties: { a: { $ref: 'https://example.com/a.json' } } },
      '#/schema/properties/a/$ref',
    ],
    ['a recursion', { type: 'object', $ref: '#' }, '#/schema/$ref'],
    ['definitions', { type: 'object', definitions: {} }, '#/schema/definitions'],
    [
      'pairs to compare',
      { type: 'object', properties: { a: { uniqueItems: true } } },
      '#/schema/properties/a/uniqueItems',
    ],
    ['a list at its root', { type: 'array' }, '#/schema/type'],
    ['an unknown format', { type: 'object', properties: { a: { format: 'color' } } }, '#/schema/properties/a/format'],
    ['a keyword of the wrong kind', { type: 'object', required: 'a' }, '#/schema'],
    [
      'a pattern over long text',
      { type: 'object', properties: { a: { pattern: '^a' } } },
      '#/schema/properties/a/pattern',
    ],
    [
      'a personal field behind a condition',
      { type: 'object', anyOf: [{ properties: { a: { 'x-personal': true } } }] },
      '#/schema/anyOf/0/properties/a/x-personal',
    ],
  ])('whose schema has %s', (_what, schema, pointer) => {
    expect(withSchema(schema)).toMatchObject([{ pointer }]);
  });

  it('whose schema is too large or too deep', () => {
    const properties = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`p${index}`, {}]));
    expect(withSchema({ type: 'object', properties })).toMatchObject([
      { detail: 'makes the schema hold more than 1000 parts' },
    ]);
    let deep: object = { type: 'object' };
    for (let level = 0; level < 20; level += 1) deep = { type: 'object', properties: { a: deep } };
    expect(withSchema(deep)).toMatchObject([{ detail: 'is nested deeper than 12 levels' }]);
  });
});

describe('a pattern', () => {
  it.each(['^(\\w+)\\1$', '^(?=a)', '(?<!a)b', '^\\p{Script=Greek}+$', '[', '^((a{30}){30})$', '^[\\p{L}]{900}$'])(
    '%s is rejected',
    (pattern) => {
      expect(patternDanger(pattern)).not.toBeNull();
    },
  );

  it.each([
    ...[
      '^[A-Z]\\d+$',
      '^\\d{4}-\\d{2}$',
      '^(?:red|green|blue)$',
      '^[^@]+@[^@]+$',
      '^\\p{Lu}\\(*$',
      'abc',
      '^(?:ab)+$',
      '\\u00e9|\\u{1F600}',
    ],
    // What takes an engine with backtracking for ever takes this one no longer than any other.
    ...[
      '(a+)+$',
      '^(a|a)*$',
      '^(a?){20}b',
      '(x+x+)+y',
      '.*.*=.*',
      '^((ab)*c)*',
      '^(a{1,9}){1,9}$',
      '^[a-z0-9]+[a-z0-9-]*$',
    ],
  ])('%s is accepted, and matches in the time that its text takes', (pattern) => {
    expect(patternDanger(pattern)).toBeNull();
    const { test, isLinear } = compilePattern(pattern);
    expect(isLinear).toBe(true);
    const started = performance.now();
    for (const text of [`${'a'.repeat(255)}!`, 'x'.repeat(256), `${'a'.repeat(390_000)}!`, 'ab'.repeat(128)])
      test(text);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('matches what JavaScript matches', () => {
    for (const [pattern, text] of [
      ['^[A-Z]\\d+$', 'A17'],
      ['^[A-Z]\\d+$', 'a17'],
      ['^\\p{Lu}.$', 'Ü😀'],
      ['^.{2}$', '😀😀'],
      ['\\u00e9', 'café'],
      ['^[^a-c]+$', 'xyz'],
      ['^\\S+$', 'a b'],
    ] as const)
      expect([pattern, text, compilePattern(pattern).test(text)]).toEqual([
        pattern,
        text,
        new RegExp(pattern, 'u').test(text),
      ]);
  });

  it('is matched against no text of more than 256 characters', () => {
    const { test } = compilePattern('^');
    expect([test('x'.repeat(256)), test('x'.repeat(257)), test('😀'.repeat(256)), test('😀'.repeat(257))]).toEqual([
      ...[true, false, true, false],
    ]);
  });
});

describe('a type whose data are hostile', () => {
  const slug = {
    ...{ name: 'slug-seen', version: 1, origin: 'customer', group: 'awareness' },
    schema: {
      type: 'object',
      properties: { slug: { type: 'string', maxLength: 100, pattern: '^[a-z0-9]+[a-z0-9-]*$' } },
    },
  };
  const registryOf = (definition: unknown, how: 'register' | 'restore' = 'register') => {
    const registration = TypeRegistry.BUILT_IN[how](definition);
    if (!registration.ok) throw new Error(JSON.stringify(registration.errors));
    return registration.registry;
  };

  it('is checked by its lengths before its patterns', () => {
    const registry = registryOf(slug);
    expect(registry.validate('slug-seen', 1, { slug: 'abc-1' })).toEqual({ ok: true });
    const started = performance.now();
    for (const length of [100, 101, 257, 20_000, 390_000])
      expect(registry.validate('slug-seen', 1, { slug: `${'a'.repeat(length)}!` })).toMatchObject({ ok: false });
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('has each of its patterns matched, and not another one', () => {
    const pattern = (text: string) => ({ type: 'string', maxLength: 9, pattern: text });
    const registry = registryOf({
      ...slug,
      schema: { type: 'object', properties: { a: pattern('^a'), b: pattern('^b') } },
    });
    expect(registry.validate('slug-seen', 1, { a: 'a', b: 'b' })).toEqual({ ok: true });
    expect(registry.validate('slug-seen', 1, { a: 'a', b: 'a' })).toMatchObject({ errors: [{ pointer: '#/b' }] });
  });

  it('does not have an error listed for each of very many values', () => {
    const branches = Array.from({ length: 300 }, (_, at) => ({ const: `v${at}` }));
    const registry = registryOf({
      ...slug,
      schema: { type: 'object', properties: { a: { type: 'array', items: { anyOf: branches } } } },
    });
    const started = performance.now();
    expect(registry.validate('slug-seen', 1, { a: new Array(40_000).fill('x') })).toMatchObject({ ok: false });
    expect(performance.now() - started).toBeLessThan(1_000);
    // Of a small document all errors are listed.
    const several = registryOf({
      ...slug,
      schema: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } } },
    });
    expect(several.validate('slug-seen', 1, { a: 1, b: 2 })).toMatchObject({
      errors: [{ pointer: '#/a' }, { pointer: '#/b' }],
    });
  });

  it('that was registered before keeps a pattern that is not linear, on a bounded text, and is listed', () => {
    const before = {
      ...slug,
      schema: { type: 'object', properties: { slug: { type: 'string', maxLength: 256, pattern: '^(?!x)[a-z]+$' } } },
    };
    expect(TypeRegistry.BUILT_IN.register(before)).toMatchObject({
      ok: false,
      errors: [{ pointer: '#/schema/properties/slug/pattern' }],
    });
    const registry = registryOf(before, 'restore');
    expect(registry.validate('slug-seen', 1, { slug: 'abc' })).toEqual({ ok: true });
    expect(registry.validate('slug-seen', 1, { slug: 'xbc' })).toMatchObject({ ok: false });
    expect(registry.backtrackingPatterns()).toEqual([
      { name: 'slug-seen', version: 1, pointer: '#/properties/slug/pattern' },
    ]);
    expect(registryOf(slug).backtrackingPatterns()).toEqual([]);
  });
});
