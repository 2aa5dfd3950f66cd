import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TypeRegistry } from '#contracts';
import { attributeAt } from './attribute-at.js';
import { attributeFacts, type AttributeEvent, type AttributeFact } from './attribute-facts.js';
import { attributeHistory } from './attribute-history.js';
import { bandsOf } from './bands.js';
import { kindOfAttribute, readAttribute, type AttributeDefinition } from './definition.js';
import { exactSum } from './exact-sum.js';

const schemaOf = (type: string) => TypeRegistry.BUILT_IN.schema(type);
const DAY = 86_400_000;
const day = (n: number): number => Date.UTC(2026, 0, 1) + n * DAY;

function defined(document: object): AttributeDefinition {
  const reading = readAttribute({ name: 'plan', version: 1, ...document }, schemaOf);
  if (!reading.ok) throw new Error(JSON.stringify(reading.errors));
  return reading.definition;
}

let counter = 0;
const stated = (at: number, source: string, plan: unknown, more: Partial<AttributeEvent> = {}): AttributeEvent => ({
  ...{ type: 'profile-updated', occurredAt: at, recordedAt: at, source, id: `e${++counter}`, test: false },
  ...{ data: {}, attributes: { plan } },
  ...more,
});
const factsOf = (definition: AttributeDefinition, events: readonly AttributeEvent[]): AttributeFact[] =>
  events.flatMap((event) => attributeFacts(definition, event));
const issues = (document: object): readonly string[] => {
  const reading = readAttribute({ name: 'plan', version: 1, ...document }, schemaOf);
  return reading.ok ? [] : reading.errors.map(({ pointer, detail, hint }) => `${pointer} ${detail}: ${hint}`);
};

describe('a stated attribute', () => {
  const PLAN = defined({ profile: { type: 'text', sources: ['crm', 'shop'] } });

  it('comes from the source that goes first, and from the next one once that holds none', () => {
    const facts = factsOf(PLAN, [
      stated(day(1), 'shop', 'silver'),
      stated(day(2), 'crm', 'gold'),
      stated(day(3), 'shop', 'bronze'),
      stated(day(4), 'site', 'iron'),
      stated(day(5), 'crm', null),
    ]);
    const at = (n: number) => attributeAt(PLAN, facts, day(n));
    expect(at(0)).toMatchObject({ value: null, source: null, changesAt: day(1) });
    expect(at(1)).toMatchObject({ value: 'silver', source: 'shop' });
    expect(at(4)).toMatchObject({ value: 'gold', source: 'crm', changesAt: day(5) });
    expect(at(5)).toMatchObject({ value: 'bronze', source: 'shop', changesAt: Infinity });
    expect(attributeHistory(PLAN.profile!, facts, day(9))).toMatchObject([
      { value: 'silver', source: 'shop', since: day(1), until: day(2) },
      { value: 'gold', source: 'crm', since: day(2), until: day(5) },
      { value: 'bronze', source: 'shop', since: day(5), until: null },
    ]);
  });

  it('of sources that are not named comes by the precedence that they state, then from the newest', () => {
    const first = stated(day(1), 'a', 'first', { data: { precedence: 5 } });
    const facts = factsOf(PLAN, [first, stated(day(2), 'b', 'second'), stated(day(3), 'c', 'third')]);
    expect(attributeAt(PLAN, facts, day(4))).toMatchObject({ value: 'first', source: 'a' });
    expect(attributeAt(PLAN, facts.slice(1), day(4))).toMatchObject({ value: 'third', source: 'c' });
  });

  it('goes on where the same source states the same value again, and ignores what is of another type, and tests', () => {
    const again = stated(day(2), 'crm', 'gold');
    const events = [
      stated(day(1), 'crm', 'gold'),
      again,
      stated(day(3), 'crm', 7),
      stated(day(4), 'crm', 'x', { test: true }),
    ];
    expect(attributeHistory(PLAN.profile!, factsOf(PLAN, events), day(9))).toMatchObject([
      { value: 'gold', since: day(1), until: null },
    ]);
  });

  const events = fc.array(
    fc.record({
      at: fc.integer({ min: 0, max: 12 }),
      source: fc.constantFrom('crm', 'shop', 'site', 'app'),
      value: fc.constantFrom('gold', 'silver', null, 4),
      precedence: fc.constantFrom(0, 0, 3),
    }),
    { maxLength: 14 },
  );
  const toEvents = (list: readonly { at: number; source: string; value: unknown; precedence: number }[]) =>
    list.map(({ at, source, value, precedence }, index) =>
      stated(day(at), source, value, { id: `e${index}`, data: { precedence } }),
    );

  it('does not depend on the order in which it became known', () => {
    fc.assert(
      fc.property(events, fc.integer(), (list, seed) => {
        const facts = factsOf(PLAN, toEvents(list));
        const shuffled = [...facts].sort((a, b) => ((a.at * 31 + a.id.length + seed) % 7) - ((b.at * 17 + seed) % 7));
        expect(attributeHistory(PLAN.profile!, shuffled, day(20))).toEqual(
          attributeHistory(PLAN.profile!, facts, day(20)),
        );
        for (let n = 0; n < 14; n += 1)
          expect(attributeAt(PLAN, [...facts].reverse(), day(n))).toEqual(attributeAt(PLAN, facts, day(n)));
      }),
    );
  });

  it('has a history that says at each instant what its value is then, without gaps of length zero', () => {
    fc.assert(
      fc.property(events, (list) => {
        const facts = factsOf(PLAN, toEvents(list));
        const history = attributeHistory(PLAN.profile!, facts, day(20));
        for (let n = 0; n <= 13; n += 1) {
          const held = history.find(({ since, until }) => since <= day(n) && (until === null || day(n) < until));
          expect(held?.value ?? null).toBe(attributeAt(PLAN, facts, day(n)).value);
        }
        history.forEach(({ since, until }, at) => {
          if (until !== null) expect(since).toBeLessThan(until);
          const next = history[at + 1];
          if (next !== undefined) expect(next.since).toBeGreaterThanOrEqual(until ?? Infinity);
        });
      }),
    );
  });
});

describe('bands', () => {
  it('of age begin with the birthday in the zone, also of the 29th of February', () => {
    const band = { by: 'age', edges: [18, 30], timeZone: 'Europe/Berlin' } as const;
    expect(bandsOf('2008-02-29', band)).toEqual([
      { value: 'under-18', from: -Infinity, until: Date.parse('2026-02-27T23:00:00Z') },
      { value: '18-to-29', from: Date.parse('2026-02-27T23:00:00Z'), until: Date.parse('2038-02-27T23:00:00Z') },
      { value: '30-plus', from: Date.parse('2038-02-27T23:00:00Z'), until: Infinity },
    ]);
  });

  it('of age move at their own instant', () => {
    const band = { by: 'age', edges: [18], timeZone: 'UTC' };
    const born = defined({ profile: { type: 'date', use: 'filterable', band } });
    const facts = factsOf(born, [stated(day(1), 'crm', '2008-03-10')]);
    const birthday = Date.parse('2026-03-10T00:00:00Z');
    expect(attributeAt(born, facts, birthday - 1)).toMatchObject({ value: 'under-18', changesAt: birthday });
    expect(attributeAt(born, facts, birthday)).toMatchObject({ value: '18-plus', changesAt: Infinity });
    expect(attributeHistory(born.profile!, facts, birthday)).toMatchObject([
      { value: 'under-18', since: day(1), until: birthday },
      { value: '18-plus', since: birthday, until: null },
    ]);
  });

  it('of a postcode take the longest prefix, whatever its spelling, and none where there is no other', () => {
    const band = { by: 'prefix', prefixes: { '1': 'North', '10': 'Berlin', SW1A: 'Westminster' } } as const;
    const region = (value: string) => bandsOf(value, band)[0]?.value;
    expect([region('10115'), region('12345'), region('sw1a 2aa'), region('99999')]).toEqual([
      'Berlin',
      'North',
      'Westminster',
      null,
    ]);
    expect(bandsOf('99999', { ...band, other: 'elsewhere' })[0]?.value).toBe('elsewhere');
  });

  it('of numbers include their lower edge', () => {
    const range = (value: number) => bandsOf(value, { by: 'range', edges: [100, 500] })[0]?.value;
    expect([range(99.9), range(100), range(499), range(500)]).toEqual([
      'under-100',
      '100-to-500',
      '100-to-500',
      '500-plus',
    ]);
  });

  it('without a band for a value, the source that goes first still holds', () => {
    const region = defined({
      profile: {
        type: 'text',
        use: 'filterable',
        band: { by: 'prefix', prefixes: { '1': 'North' } },
        sources: ['crm'],
      },
    });
    const facts = factsOf(region, [stated(day(1), 'shop', '10115'), stated(day(2), 'crm', '99999')]);
    expect(attributeAt(region, facts, day(3))).toMatchObject({ value: null, source: 'crm' });
  });
});

describe('a computed attribute', () => {
  const computed = (part: object): AttributeDefinition => defined({ computed: { of: 'order-placed', ...part } });
  const order = (at: number, id: string, data: object): AttributeEvent => ({
    ...{ type: 'order-placed', occurredAt: at, recordedAt: at, source: 'shop', id, test: false },
    ...{ data: data as Record<string, unknown>, attributes: null },
  });
  const orders = [
    order(day(1), 'a', { totalMinor: 100, lines: [{ category: 'tea' }, { category: 'tea' }] }),
    order(day(2), 'b', { totalMinor: 250, lines: [{ category: 'cups' }] }),
    order(day(3), 'c', { lines: [{ category: 'cups' }, { category: 'pots' }] }),
  ];
  const valueOf = (part: object, asOf = day(9)): unknown => {
    const definition = computed(part);
    return attributeAt(definition, factsOf(definition, orders), asOf).value;
  };

  it('is the first, the last, the number, the sum and the most frequent of a field', () => {
    expect(valueOf({ function: 'first', field: 'totalMinor' })).toBe(100);
    expect(valueOf({ function: 'last', field: 'totalMinor' })).toBe(250);
    expect(valueOf({ function: 'count' })).toBe(3);
    expect(valueOf({ function: 'count', field: 'totalMinor' })).toBe(2);
    expect(valueOf({ function: 'sum', field: 'totalMinor' })).toBe(350);
    // Tea twice and cups twice: cups were bought last.
    expect(valueOf({ function: 'most-frequent', field: 'lines.category' })).toBe('cups');
    expect(valueOf({ function: 'most-frequent', field: 'lines.category' }, day(1))).toBe('tea');
  });

  it('leaves its window at its own instant', () => {
    const definition = computed({ function: 'count', window: 'P10D' });
    const facts = factsOf(definition, orders);
    expect(attributeAt(definition, facts, day(3))).toMatchObject({ value: 3, changesAt: day(11) });
    expect(attributeAt(definition, facts, day(11) - 1)).toMatchObject({ value: 3, changesAt: day(11) });
    expect(attributeAt(definition, facts, day(11))).toMatchObject({ value: 2, changesAt: day(12) });
    expect(attributeAt(definition, facts, day(13))).toMatchObject({ value: 0, changesAt: Infinity });
  });

  it('as a score gives its points once or for each touchpoint, within its bounds', () => {
    const score = { function: 'score', value: 50 };
    expect(valueOf(score)).toBe(50);
    expect(valueOf({ ...score, per: 'each' })).toBe(150);
    expect(valueOf({ ...score, minimumCount: 4 })).toBe(0);
    expect(valueOf({ ...score, maximumCount: 2 })).toBe(0);
    expect(valueOf({ ...score, from: new Date(day(2)).toISOString(), until: new Date(day(3)).toISOString() })).toBe(50);
  });

  it('at any instant is what the touchpoints of the window give when they are looked at again', () => {
    const lives = fc.array(fc.record({ at: fc.integer({ min: 0, max: 20 }), total: fc.integer({ min: -5, max: 5 }) }), {
      maxLength: 12,
    });
    const count = computed({ function: 'count', window: 'P5D' });
    const sum = computed({ function: 'sum', field: 'totalMinor', window: 'P5D' });
    fc.assert(
      fc.property(lives, fc.integer({ min: 0, max: 30 }), (list, n) => {
        const events = list.map(({ at, total }, index) => order(day(at), `o${index}`, { totalMinor: total }));
        const within = list.filter(({ at }) => at <= n && n < at + 5);
        expect(attributeAt(count, factsOf(count, events), day(n)).value).toBe(within.length);
        const total = within.reduce((before, { total }) => before + total, 0);
        expect(attributeAt(sum, factsOf(sum, events).reverse(), day(n)).value === total).toBe(true);
        // Nothing changes before the instant at which it says that it can.
        const { value, changesAt } = attributeAt(count, factsOf(count, events), day(n));
        for (let later = n; later < 40 && day(later) < changesAt; later += 1)
          expect(attributeAt(count, factsOf(count, events), day(later)).value).toBe(value);
      }),
    );
  });

  it('sums decimals exactly, in any order', () => {
    expect(exactSum([0.1, 0.2])).toBe(0.3);
    expect(exactSum([1e21, -1e21, 1e-7])).toBe(1e-7);
    expect(exactSum([])).toBe(0);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1e6, max: 1e6 }).map((n) => n / 100)), (list) => {
        expect(exactSum([...list].reverse())).toBe(exactSum(list));
        expect(exactSum(list)).toBeCloseTo(
          list.reduce((a, b) => a + b, 0),
          4,
        );
      }),
    );
  });
});

describe('a definition', () => {
  it('has a kind to compare values with', () => {
    const kind = (document: object) => kindOfAttribute(defined(document), schemaOf);
    expect(kind({ profile: { type: 'flag' } })).toBe('flag');
    expect(kind({ profile: { type: 'number', use: 'filterable', band: { by: 'range', edges: [1] } } })).toBe('text');
    expect(kind({ computed: { of: 'order-placed', function: 'last', field: 'totalMinor' } })).toBe('number');
    expect(kind({ computed: { of: 'order-placed', function: 'last', field: 'currency' } })).toBe('text');
    expect(kind({ computed: { of: 'order-placed', function: 'count' } })).toBe('number');
  });

  it.each<readonly [string, object, RegExp]>([
    ['neither part', {}, /^# has neither/],
    ['both parts', { profile: { type: 'text' }, computed: { of: 'order-placed', function: 'count' } }, /^# has both/],
    ['a name with spaces', { name: 'my plan', profile: { type: 'text' } }, /^#\/name must be a letter/],
    [
      'an age of a number',
      { profile: { type: 'number', use: 'filterable', band: { by: 'age', edges: [1] } } },
      /must be date/,
    ],
    ['a band of a closed one', { profile: { type: 'date', band: { by: 'age', edges: [1] } } }, /of no use to a closed/],
    [
      'edges that fall',
      { profile: { type: 'date', use: 'filterable', band: { by: 'age', edges: [3, 2] } } },
      /must rise/,
    ],
    ['no type', { computed: { of: 'order-plced', function: 'count' } }, /names no touchpoint type/],
    [
      'a field that is not declared',
      { computed: { of: 'order-placed', function: 'sum', field: 'totl' } },
      /is no declared field/,
    ],
    ['a personal field', { computed: { of: 'note-added', function: 'last', field: 'text' } }, /is a personal field/],
    [
      'a sum of texts',
      { computed: { of: 'order-placed', function: 'sum', field: 'currency' } },
      /must be a number for a sum/,
    ],
    ['a list', { computed: { of: 'order-placed', function: 'last', field: 'lines' } }, /names an object or a list/],
    ['no field', { computed: { of: 'order-placed', function: 'sum' } }, /field is missing/],
    [
      'points of a count',
      { computed: { of: 'order-placed', function: 'count', value: 5 } },
      /belongs to the function score/,
    ],
    ['a score without points', { computed: { of: 'order-placed', function: 'score' } }, /value is missing/],
    [
      'bounds that cross',
      { computed: { of: 'order-placed', function: 'score', value: 1, minimumCount: 3, maximumCount: 2 } },
      /at least minimumCount/,
    ],
    [
      'an unknown zone',
      { computed: { of: 'order-placed', function: 'count', timeZone: 'Mars/Olympus' } },
      /known time zone/,
    ],
    [
      'a window that is none',
      { computed: { of: 'order-placed', function: 'count', window: '30 days' } },
      /must be a period of ISO 8601/,
    ],
  ])('is rejected with %s', (_title, document, expected) => {
    expect(issues(document).join('\n')).toMatch(expected);
  });
});
