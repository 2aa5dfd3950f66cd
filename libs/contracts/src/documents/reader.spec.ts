import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { Flag, OneOf, Optional, Part, Parts, Text, Whole } from '../fields.js';
import { issueText, type ValidationIssue } from '../validation-issue.js';
import {
  AnyOf,
  Anything,
  Default,
  Describe,
  FormerName,
  Hint,
  ListOf,
  MapOf,
  Must,
  NumberAbove,
  OneOfClasses,
  OrNull,
  Scalar,
  Secret,
  TextAs,
  unreadable,
} from './kinds.js';
import { documentReader, type DocumentReader, type DocumentRule } from './reader.js';

class OrderLine {
  @Text(20) sku!: string;
  @Whole(1, 1_000_000) quantity!: number;
}

class Personal {
  @OneOf('personal') mode!: string;
  @NumberAbove(1, { atMost: 1000 }) factor!: number;
}

class Seasonal {
  @OneOf('seasonal') mode!: string;
  @Whole(0, 364) @Hint('count the days after the anniversary') days!: number;
}

class Treatment {
  @Text() name!: string;
  @Optional() @ListOf(OneOf('email', 'sms'), 1) media?: string[];
}

class Order {
  @Parts(() => OrderLine, 1, 500) lines!: OrderLine[];
  @Describe('How silence is judged') @OneOfClasses('mode', () => Personal, () => Seasonal) silence!:
    Personal | Seasonal;
  @MapOf(Whole(1, 36_525)) replacementDays!: Record<string, number>;
  @MapOf(
    AnyOf(
      Text(),
      Part(() => Treatment),
    ),
  )
  treatments!: Record<string, string | Treatment>;
  @OrNull(OneOf('EUR', 'SEK')) currency!: string | null;
  @OrNull(Part(() => OrderLine)) gift!: OrderLine | null;
  @Default(30) @Whole(1, 100) @Describe('Days until the order is due') dueDays!: number;
  @Optional() @Scalar() note?: string | number | boolean | null;
  @Optional() @Anything() other?: unknown;
  @Optional() @FormerName('advice') @Text() hint?: string;
}

const noGiftWithoutCurrency: DocumentRule<Order> = ({ gift, currency }) =>
  gift === null || currency !== null
    ? []
    : [{ pointer: '#/gift', detail: 'needs a currency', hint: 'give currency too, or no gift' }];

const ORDER = documentReader(Order, { rules: [noGiftWithoutCurrency] });

const good = {
  lines: [{ sku: 'a', quantity: 2 }],
  silence: { mode: 'seasonal', days: 3 },
  replacementDays: { cars: 2190 },
  treatments: { lapsed: 'invite back', lost: { name: 'win back', media: ['sms'] } },
  currency: null,
  gift: null,
};

function issuesOf<T>(reader: DocumentReader<T>, document: unknown): readonly ValidationIssue[] {
  const reading = reader.read(document);
  return reading.ok ? [] : reading.errors;
}

/** Each issue as a person reads it. */
const reported = (document: unknown): string[] => issuesOf(ORDER, document).map((issue) => issueText(issue));

describe('a document', () => {
  it('is returned with its defaults, and is itself left as it was', () => {
    const document = structuredClone(good);
    expect(ORDER.read(document)).toEqual({ ok: true, value: { ...good, dueDays: 30 } });
    expect(document).toEqual(good);
  });

  it('gets the same verdict from class-validator, field by field', () => {
    const wrong = [
      ...[{}, { lines: [] }, { lines: [{ sku: '', quantity: 0 }] }, { silence: { mode: 'x' } }, { silence: 7 }],
      ...[{ replacementDays: { cars: 0 } }, { treatments: { lost: 7 } }, { treatments: { lost: {} } }],
      ...[{ currency: 'USD' }, { currency: 'SEK' }, { gift: { sku: 'a', quantity: 1 } }, { gift: 1 }, { note: [] }],
      ...[{ note: null }, { other: [1, { a: null }] }, { dueDays: 0 }, { dueDays: '1' }],
    ];
    const structure = documentReader(Order, { unknownFields: 'keep' });
    for (const change of wrong) {
      const document = { ...good, ...change };
      const byClass = validateSync(plainToInstance(Order, structuredClone(document))).length === 0;
      expect({ change, ok: structure.read(document).ok }).toEqual({ change, ok: byClass });
    }
  });

  // The golden texts: what a person reads for each kind of mistake.
  it.each([
    [
      'a value of another type',
      { lines: [{ sku: 'a', quantity: 'two' }] },
      '`lines[0].quantity` must be a whole number from 1 to 1,000,000 (got "two"): write the number without quotes: a whole number from 1 to 1,000,000',
    ],
    [
      'a number out of bounds',
      { lines: [{ sku: 'a', quantity: 0 }] },
      '`lines[0].quantity` must be a whole number from 1 to 1,000,000 (got 0)',
    ],
    [
      'a text too long',
      { lines: [{ sku: 'x'.repeat(21), quantity: 1 }] },
      /must be text of 1 to 20 characters \(got "x+"\)/,
    ],
    ['an empty list', { lines: [] }, '`lines` must be a list of 1 to 500 items (got an empty list)'],
    [
      'a field that is not given',
      { lines: [{ sku: 'a' }] },
      '`lines[0].quantity` is required: add it: a whole number from 1 to 1,000,000',
    ],
    [
      'a hint of the field’s own',
      { silence: { mode: 'seasonal', days: 400 } },
      '`silence.days` must be a whole number from 0 to 364 (got 400): count the days after the anniversary',
    ],
    [
      'a hint where the field is not given',
      { silence: { mode: 'seasonal' } },
      '`silence.days` is required: count the days after the anniversary',
    ],
    [
      'a number not above its bound',
      { silence: { mode: 'personal', factor: 1 } },
      '`silence.factor` must be a number above 1 and of at most 1,000 (got 1)',
    ],
    [
      'a branch that there is not',
      { silence: { mode: 'x' } },
      '`silence.mode` must be one of personal, seasonal (got "x")',
    ],
    ['no branch at all', { silence: {} }, '`silence.mode` is required: add it: one of personal, seasonal'],
    [
      'a value of a map',
      { replacementDays: { 'a/b': 0 } },
      '`replacementDays.a/b` must be a whole number from 1 to 36,525 (got 0)',
    ],
    [
      'another kind than the kinds that may be',
      { treatments: { lost: 7 } },
      '`treatments.lost` must be text of 1 to 200 characters, or an object (got 7)',
    ],
    [
      'a field within one of the kinds',
      { treatments: { lost: { name: 'x', media: ['pigeon'] } } },
      '`treatments.lost.media[0]` must be one of email, sms (got "pigeon")',
    ],
    ['a word that there is not', { currency: 'USD' }, '`currency` must be one of EUR, SEK, or null (got "USD")'],
    [
      'an unknown field, nearly right',
      { line: 1 },
      /^`line` is not a known field: did you mean lines\? Otherwise leave it out; known are lines, silence, /,
    ],
    [
      'an unknown field, unlike any',
      { surprise: 1 },
      /^`surprise` is not a known field: leave it out; known are lines, silence, /,
    ],
    [
      'an unknown field within',
      { lines: [{ sku: 'a', Quantity: 1, quantity: 1 }] },
      '`lines[0].Quantity` is not a known field: did you mean quantity? Otherwise leave it out; known are sku, quantity',
    ],
    ['a field by its former name', { advice: 'x' }, '`advice` is now called hint: use hint instead'],
    [
      'a rule about two fields',
      { gift: { sku: 'a', quantity: 1 } },
      '`gift` needs a currency: give currency too, or no gift',
    ],
  ])('reports %s', (_what, change, text) => {
    const texts = reported({ ...good, ...change });
    expect(texts).toHaveLength(1);
    if (text instanceof RegExp) expect(texts[0]).toMatch(text);
    else expect(texts).toEqual([text]);
  });

  it('reports all its issues at once, and of its rules only when each field is right', () => {
    expect(reported({ ...good, gift: { sku: '', quantity: 1 }, dueDays: 0, extra: 1 })).toEqual([
      expect.stringMatching(/^`extra` is not a known field/),
      '`gift.sku` must be text of 1 to 20 characters (got "")',
      '`dueDays` must be a whole number from 1 to 100 (got 0)',
    ]);
  });

  it('that is not an object is rejected as a whole', () => {
    for (const [document, got] of [
      [null, 'null'],
      [[], 'a list'],
      ['x', 'text'],
      [undefined, 'nothing'],
    ])
      expect(reported(document)).toEqual([`the document must be an object, not ${String(got)}`]);
  });

  it('reports at most twenty issues, with values cut short and without control characters', () => {
    const lines = Array.from({ length: 100 }, () => ({ sku: 1, quantity: `\u0000${'9'.repeat(500)}` }));
    const issues = issuesOf(ORDER, { ...good, lines });
    expect(issues).toHaveLength(20);
    for (const { detail } of issues) expect(detail.length).toBeLessThan(200);
    expect(JSON.stringify(issues)).not.toContain('\\u0000');
  });

  it('has its place in a greater one', () => {
    expect(ORDER.read({ ...good, dueDays: 0 }, '#/orders/3')).toMatchObject({
      ok: false,
      errors: [{ pointer: '#/orders/3/dueDays' }],
    });
  });

  it('keeps unknown fields where others may extend it', () => {
    const open = documentReader(OrderLine, { unknownFields: 'keep' });
    expect(open.read({ sku: 'a', quantity: 1, colour: 'red' })).toMatchObject({ ok: true, value: { colour: 'red' } });
  });
});

describe('the schema of a document', () => {
  it('describes it for others in standard keywords', () => {
    expect(ORDER.schema).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['lines', 'silence', 'replacementDays', 'treatments', 'currency', 'gift'],
      properties: {
        dueDays: {
          type: 'integer',
          minimum: 1,
          maximum: 100,
          default: 30,
          description: 'Days until the order is due.',
        },
        silence: {
          description: 'How silence is judged.',
          oneOf: [
            { additionalProperties: false },
            { properties: { days: { description: 'Count the days after the anniversary.' } } },
          ],
        },
        replacementDays: { additionalProperties: { type: 'integer' } },
      },
    });
    expect(JSON.stringify(ORDER.schema)).not.toContain('"x-');
  });
});

class Settings {
  @Default(3000) @Whole(0, 65_535) @Describe('Port of the engine; 0 takes a free one') PORT!: number;
  @Default('info') @OneOf('info', 'warn') LOG_LEVEL!: string;
  @Default(['public']) @ListOf(Text(50), 1) HOSTS!: string[];
  @Default(false) @Flag() DEMO!: boolean;
  @Optional() @FormerName('SENDER_PORT') @Whole(0, 65_535) RELAY_PORT!: number | null;
  @Default('own')
  @Secret()
  @TextAs('own, or 8 hex characters', (text) =>
    text === 'own'
      ? { value: null }
      : /^[0-9a-f]{8}$/.test(text)
        ? { value: Number.parseInt(text, 16) }
        : unreadable('must be own, or 8 hex characters', 'give own, or a key'),
  )
  KEY!: number | null;
  @Optional() @Secret() @Must('a password of at least 8 characters') @Text(5) PASSWORD!: string | null;
}

const SETTINGS = documentReader(Settings, { texts: { ignoreCase: true, trim: true } });

describe('values that arrive as text', () => {
  it('become what their fields say, with defaults, and null where nothing was given', () => {
    expect(SETTINGS.read({})).toEqual({
      ok: true,
      value: {
        PORT: 3000,
        LOG_LEVEL: 'info',
        HOSTS: ['public'],
        DEMO: false,
        RELAY_PORT: null,
        KEY: null,
        PASSWORD: null,
      },
    });
    const given = {
      PORT: ' 80 ',
      LOG_LEVEL: 'WARN',
      HOSTS: 'a, b',
      DEMO: 'True',
      RELAY_PORT: undefined,
      KEY: '000000ff',
    };
    expect(SETTINGS.read(given)).toEqual({
      ok: true,
      value: { PORT: 80, LOG_LEVEL: 'warn', HOSTS: ['a', 'b'], DEMO: true, RELAY_PORT: null, KEY: 255, PASSWORD: null },
    });
  });

  it.each([
    ['PORT', 'eighty', 'PORT must be a whole number from 0 to 65,535 (got "eighty")'],
    ['PORT', '70000', 'PORT must be a whole number from 0 to 65,535 (got 70000)'],
    ['PORT', '', 'PORT is empty: leave it out, or give it a value'],
    ['PORT', ['1', '2'], 'PORT is given more than once: give it once'],
    ['LOG_LEVEL', 'lots', 'LOG_LEVEL must be one of info, warn (got "lots")'],
    ['LOG_LEVEL', 'in\u0007fo', 'LOG_LEVEL holds a control character or broken Unicode: give printable UTF-8 text'],
    ['HOSTS', ',', 'HOSTS must be a list of at least one item (got an empty list)'],
    ['DEMO', 'maybe', 'DEMO must be true or false (got "maybe")'],
    ['KEY', 'secret', 'KEY must be own, or 8 hex characters: give own, or a key'],
    [
      'PASSWORD',
      'a very secret one',
      'PASSWORD must be a password of at least 8 characters (got text of more than 5 characters)',
    ],
    ['SENDER_PORT', '1', 'SENDER_PORT is now called RELAY_PORT: use RELAY_PORT instead'],
  ])('%s rejects %j', (name, text, expected) => {
    const texts = issuesOf(SETTINGS, { [name]: text }).map((issue) => issueText(issue, (at) => at.slice(2)));
    expect(texts).toEqual([expected]);
  });

  it('report all that is wrong at once', () => {
    const issues = issuesOf(SETTINGS, { PORT: 'eighty', LOG_LEVEL: '', KEY: 'secret' });
    expect(issues.map(({ pointer }) => pointer).sort()).toEqual(['#/KEY', '#/LOG_LEVEL', '#/PORT']);
  });

  it('numbers and booleans of a command line are read like their texts', () => {
    expect(SETTINGS.read({ PORT: 8080, DEMO: true })).toMatchObject({ ok: true, value: { PORT: 8080, DEMO: true } });
  });
});
