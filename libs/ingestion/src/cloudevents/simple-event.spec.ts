import { isUtf8 } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ReceivedHeader, ReceivedMessage } from '#platform';
import { binaryEvent, mediaType, structuredEvent, type CloudEvent } from './cloudevent.js';
import { formOf } from './envelope-form.js';
import { HTTP_BINDING, isBinary, readEvents } from './read-events.js';
import { checkEnvelope } from '../pipeline/envelope.js';
import type { IngestItem } from '../pipeline/item.js';
import { Rejection } from '../pipeline/rejection.js';
import { readKafkaMessage } from '../kafka/kafka-message.js';

const ORIGIN = { topic: 'touchpoints.web', partition: 3 };
type Headers = ReceivedMessage['headers'];
type Given = Headers[string];

const message = (headers: Headers, value: Buffer | null): ReceivedMessage => ({
  ...{ offset: 7, timestamp: 0, key: Buffer.from('ann'), headers, value },
});
const bytes = (headers: Readonly<Record<string, string>>): Headers =>
  Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]));

const SIMPLE = {
  ...{ ce_specversion: '1.0', ce_id: '1', ce_source: 'shop', ce_type: 'site-visited', ce_time: '2026-01-31T12:00:00Z' },
  ...{ ce_channel: 'web', ce_identifiers: '[{"namespace":"userId","value":"u1"}]', 'content-type': 'application/json' },
};

const last = (given: Given): Given => (Array.isArray(given) ? (given as readonly ReceivedHeader[]).at(-1) : given);

/** What is no text is kept in base64. */
const textOf = (value: Buffer | string): string =>
  typeof value === 'string' || isUtf8(value) ? String(value) : `base64:${value.toString('base64')}`;

/** The text of each header that has one, the last of several. */
const textsOf = (headers: Headers): readonly (readonly [name: string, text: string])[] =>
  Object.entries(headers).flatMap(([name, given]) => {
    const value = last(given);
    return value === undefined || value === null ? [] : [[name, textOf(value as Buffer | string)] as const];
  });

const isContentType = ([name]: readonly [string, string]): boolean => name.toLowerCase() === 'content-type';

/** Headers that do not belong to an event, without the one name that no property can have. */
function othersOf(headers: Headers): Readonly<Record<string, string>> | null {
  const others = textsOf(headers).filter((each) => !each[0].startsWith('ce_') && !isContentType(each));
  const named = others.filter(([name]) => name !== '__proto__');
  return others.length === 0 ? null : Object.fromEntries(named);
}

/** The events of a message by the full path alone, step by step. */
function readFully({ headers, value }: ReceivedMessage): readonly IngestItem[] | 'unreadable' {
  if (value === null) return 'unreadable';
  const texts = textsOf(headers);
  const contentType = texts.filter(isContentType).at(-1)?.[1];
  const attributes = Object.fromEntries(
    texts
      .filter(([name]) => name.startsWith('ce_'))
      .map(([name, text]) => [name.slice(3), text] as const)
      .filter(([name]) => name !== '__proto__'),
  );
  const media = mediaType(contentType);
  let document: unknown;
  try {
    // A decoder drops a byte-order mark, as ingestion does.
    document = JSON.parse(new TextDecoder().decode(value));
  } catch {
    document = undefined;
  }
  if (media?.startsWith('application/cloudevents') === true) {
    if (media === 'application/cloudevents+json') return document === undefined ? 'unreadable' : [structured(document)];
    return media === 'application/cloudevents-batch+json' && Array.isArray(document)
      ? document.map(structured)
      : 'unreadable';
  }
  if (isBinary(attributes)) {
    const event = binaryEvent(attributes, contentType, value);
    return [event instanceof Rejection ? { document: undefined, rejection: event } : { document: formOf(event) }];
  }
  if ((media ?? 'application/json') !== 'application/json' || document === undefined) return 'unreadable';
  const documents: readonly unknown[] = Array.isArray(document) ? document : [document];
  return documents.map((each) =>
    typeof each === 'object' && each !== null && 'specversion' in each ? structured(each) : { document: each },
  );
}

const isBinaryMessage = (headers: Headers): boolean =>
  isBinary(
    Object.fromEntries(
      textsOf(headers).flatMap(([name, text]) => (name.startsWith('ce_') ? [[name.slice(3), text]] : [])),
    ),
  );

const STRICT = new Set(['not-utf-8', 'duplicate-key', 'number-inexact']);

function structured(document: unknown): IngestItem {
  const event = structuredEvent(document);
  return event instanceof Rejection ? { document, rejection: event } : { document: formOf(event as CloudEvent) };
}

/** Reads a message by the fast path where it is simple, expects the result of the full path, and returns whether it was simple. */
function bothPaths(given: ReceivedMessage): boolean {
  const items = readKafkaMessage(given, ORIGIN);
  if (given.value === null) {
    // A tombstone, or an event without data.
    return false;
  }
  const fully = readFully(given);
  if (fully === 'unreadable') {
    expect(items).toMatchObject([{ rejection: { code: 'unreadable' } }]);
    return false;
  }
  expect(items).toHaveLength(fully.length);
  items.forEach((item, at) => {
    const { document, rejection } = fully[at] as IngestItem;
    // Bytes and digits are checked before either path: see `strict.spec.ts`.
    if (STRICT.has(item.rejection?.code ?? '')) return;
    expect(item.rejection).toEqual(rejection);
    const headers = othersOf(given.headers);
    expect(item.provenance).toEqual({
      topic: 'touchpoints.web',
      partition: 3,
      offset: 7,
      timestamp: 0,
      key: 'ann',
      headers,
    });
    if (rejection !== undefined) return;
    // The text of what is quarantined later names it: its fields keep their order.
    expect(JSON.stringify(item.document)).toBe(JSON.stringify(document));
    const [checked, expected] = [checkEnvelope(item.document, item.envelope), checkEnvelope(document)];
    expect(checked).toEqual(expected);
    if (!(checked instanceof Rejection))
      expect(JSON.stringify(checked.envelope.data)).toBe(
        JSON.stringify((expected as Exclude<typeof expected, Rejection>).envelope.data),
      );
  });
  return items.length > 0 && items.every(({ envelope }) => envelope !== undefined);
}

const ODD_TEXTS = [
  '',
  ' ',
  '1.0',
  '0.3',
  'true',
  'false',
  '7',
  '00012',
  '12345',
  'null',
  '{}',
  '[]',
  '{"a":1}',
  'käse',
  '😀',
  'a\0',
];
const ODD_TIMES = [
  '2026-01-31',
  '2026-01-31T12:00:00.5+01:00',
  '2026-02-30T12:00:00Z',
  'now',
  '2026-01-31T12:00:00,5Z',
];
const IDENTIFIERS = [
  '[{"namespace":"email","value":"a@b.example","role":"self"}]',
  '[{"namespace":"userId"}]',
  '[',
  'userId:1',
];
const ACTORS = ['employee:e7', 'system', '{"kind":"system","id":"crm"}', '{"kind":', 'customer:1'];
const CONTENT_TYPES = [
  ...[
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON',
    'application/vnd.shop+json',
    'text/plain',
  ],
  ...['application/octet-stream', 'application/cloudevents+json', 'application/cloudevents-batch+json', 'json', ''],
];
const OURS = [
  'correlationid',
  'causationid',
  'sentat',
  'originaltimestamp',
  'schemaversion',
  'test',
  'identifiers',
  'actor',
];
const NAMES = [
  ...Object.keys(SIMPLE),
  ...[...OURS, 'subject', 'dataschema', 'partitionkey', 'datacontenttype', 'traceparent', 'campaign'].map(
    (n) => `ce_${n}`,
  ),
  ...['ce_', 'ce_LUNCH', 'ce_ID', 'CE_id', 'ce-id', 'ce_data', 'ce_constructor', 'ce___proto__', 'ce_tostring'],
  ...['traceparent', 'x-shop', 'Content-Type', '__proto__', 'constructor', '7'],
];
const OF_NAME: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['content-type', CONTENT_TYPES],
  ['Content-Type', CONTENT_TYPES],
  ['ce_specversion', ['1.0', '1.0', '1.1']],
  ['ce_identifiers', IDENTIFIERS],
  ['ce_actor', ACTORS],
  ['ce_test', ['true', 'false', 'True']],
  ['ce_schemaversion', ['1', '2', '0', '1001']],
  ...['time', 'sentat', 'originaltimestamp'].map((name) => [`ce_${name}`, [SIMPLE.ce_time, ...ODD_TIMES]] as const),
]);

const header = (name: string): fc.Arbitrary<Given> => {
  const usual = fc.constantFrom(...(OF_NAME.get(name) ?? ['a', 'shop-1']));
  const text = fc.oneof(
    { weight: 8, arbitrary: usual },
    { weight: 1, arbitrary: fc.constantFrom(...ODD_TEXTS) },
    fc.string(),
  );
  const one = fc.oneof(
    { weight: 20, arbitrary: text.map((each) => Buffer.from(each)) },
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 6 }).map((each) => Buffer.from(each)) },
  );
  return fc.oneof(
    { weight: 20, arbitrary: one },
    { weight: 1, arbitrary: fc.array(one, { minLength: 1, maxLength: 3 }) },
    { weight: 1, arbitrary: text },
  );
};

const anyHeaders: fc.Arbitrary<Headers> = fc
  .record({
    usual: fc.subarray(Object.entries(bytes(SIMPLE)), { minLength: 6 }),
    odd: fc.oneof(
      fc.constant([]),
      fc.array(
        fc.constantFrom(...NAMES).chain((name) => header(name).map((given) => [name, given] as const)),
        { maxLength: 3 },
      ),
    ),
    oddFirst: fc.boolean(),
  })
  .map(({ usual, odd, oddFirst }) => Object.fromEntries(oddFirst ? [...odd, ...usual] : [...usual, ...odd]));

const anyData = fc
  .dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }))
  .map((data) => JSON.stringify(data));
const ODD_DATA = ['', '{', 'null', 'hello', '\ufeff{}', '{"__proto__":1}', '{"a":1,"a":2}'];
const anyValue: fc.Arbitrary<Buffer | null> = fc
  .oneof(
    { weight: 12, arbitrary: anyData },
    { weight: 4, arbitrary: fc.json({ maxDepth: 2 }) },
    { weight: 2, arbitrary: fc.constantFrom(...ODD_DATA) },
    { weight: 1, arbitrary: fc.constant(null) },
  )
  .map((text) => (text === null ? null : Buffer.from(text)));

describe('the fast path for CloudEvents', () => {
  it('makes the same of a message as the full path, whatever its headers are', () => {
    let simple = 0;
    const runs = 3_000;
    fc.assert(
      fc.property(anyHeaders, anyValue, (headers, value) => {
        if (bothPaths(message(headers, value))) simple += 1;
      }),
      { numRuns: runs },
    );
    // Both paths are taken.
    expect(simple).toBeGreaterThan(runs / 20);
    expect(simple).toBeLessThan(runs);
  });

  it('makes the same of a structured event, alone or in a batch, whatever its attributes are', () => {
    const attribute = fc.constantFrom(...NAMES.map((name) => name.replace(/^ce_/, '')), 'data', 'data_base64');
    const value = fc.oneof(
      fc.constantFrom<unknown>(...ODD_TEXTS, ...ODD_TIMES, ...IDENTIFIERS, ...ACTORS, null, 1, 1.5, true),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const event = fc
      .tuple(
        fc.subarray(Object.entries(SIMPLE).slice(0, 6), { minLength: 5 }),
        fc.oneof(fc.constant([]), fc.array(fc.tuple(attribute, value), { maxLength: 2 })),
      )
      .map(([usual, odd]) => {
        const plain = usual.map(([name, text]) => [name.slice(3), text] as const);
        const rest = [
          ['identifiers', [{ namespace: 'userId', value: 'u1' }]],
          ['data', { a: 1 }],
        ] as const;
        return Object.fromEntries([...plain, ...rest, ...odd] as [string, unknown][]);
      });
    const types = fc.constantFrom(
      'application/cloudevents+json',
      'application/cloudevents-batch+json',
      'application/json',
    );
    let simple = 0;
    fc.assert(
      fc.property(types, fc.array(event, { minLength: 1, maxLength: 2 }), (type, events) => {
        const body = type === 'application/cloudevents+json' ? events[0] : events;
        if (bothPaths(message(bytes({ 'content-type': type }), Buffer.from(JSON.stringify(body))))) simple += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(simple).toBeGreaterThan(50);
    expect(simple).toBeLessThan(1_000);
  });

  it('makes the same of a message over HTTP as over Kafka', () => {
    const overHttp = (headers: Headers): Record<string, string> =>
      Object.fromEntries(
        textsOf(headers).map(([name, text]) => [
          name.replace(/^ce_/, 'ce-'),
          name.startsWith('ce_') ? encodeURIComponent(text) : text,
        ]),
      );
    let simple = 0;
    fc.assert(
      fc.property(anyHeaders, anyData, (headers, data) => {
        fc.pre(textsOf(headers).every(([, text]) => !/\p{Surrogate}|^"|\ufffd/u.test(text)));
        fc.pre(Object.values(headers).every((given) => !Array.isArray(given)));
        // Names that only one of the two bindings takes for attributes.
        fc.pre(Object.keys(headers).every((name) => !/^ce/i.test(name) || /^ce_[a-z0-9]+$/.test(name)));
        const value = Buffer.from(data);
        const read = readEvents(overHttp(headers), value, HTTP_BINDING);
        const [item] = readKafkaMessage(message(headers, value), ORIGIN);
        if ('code' in read || !isBinaryMessage(headers) || item?.rejection !== undefined) return;
        expect(read.items).toHaveLength(1);
        expect(read.items[0]?.rejection).toBeUndefined();
        const { document, envelope } = read.items[0] as IngestItem;
        expect(checkEnvelope(document, envelope)).toEqual(checkEnvelope(item?.document));
        expect(JSON.stringify(document)).toBe(JSON.stringify(item?.document));
        expect(read.otherHeaders).toBeNull();
        if (envelope !== undefined) simple += 1;
      }),
      { numRuns: 1_000 },
    );
    expect(simple).toBeGreaterThan(50);
  });

  const isSimple = (headers: Headers, value: Buffer | null = Buffer.from('{}')): boolean =>
    bothPaths(message(headers, value));

  it('finds simple what nearly all channels send', () => {
    expect(isSimple(bytes(SIMPLE))).toBe(true);
    const { 'content-type': _, ...silent } = SIMPLE;
    expect(isSimple(bytes(silent))).toBe(true);
    const ours = {
      ce_correlationid: 'c1',
      ce_causationid: 'c0',
      ce_sentat: SIMPLE.ce_time,
    };
    const more = { ce_schemaversion: '1', ce_test: 'true', ce_actor: 'employee:e7', 'x-shop': 'süd' };
    expect(isSimple(bytes({ ...SIMPLE, ...ours, ...more }))).toBe(true);
  });

  it.each<[string, Headers, string]>([
    ['another version of CloudEvents', bytes({ ...SIMPLE, ce_specversion: '0.3' }), '{}'],
    ['an attribute that ingestion does not know', bytes({ ...SIMPLE, ce_campaign: 'spring' }), '{}'],
    ['a subject, which may name the customer', bytes({ ...SIMPLE, ce_subject: 'userId:u2' }), '{}'],
    ['a header that is repeated', { ...bytes(SIMPLE), ce_id: [Buffer.from('1'), Buffer.from('2')] }, '{}'],
    ['a header without a value', { ...bytes(SIMPLE), ce_time: null }, '{}'],
    ['a content type in another spelling', bytes({ ...SIMPLE, 'Content-Type': 'text/plain' }), '{}'],
    ['data that are not an object', bytes(SIMPLE), '[]'],
    ['data that are not JSON', bytes(SIMPLE), 'hello'],
    ['no data', bytes(SIMPLE), ''],
    ['a time that is not valid', bytes({ ...SIMPLE, ce_time: 'now' }), '{}'],
    ['identifiers that are not JSON', bytes({ ...SIMPLE, ce_identifiers: 'userId:u1' }), '{}'],
  ])('leaves %s to the full path', (_, headers, value) => {
    expect(isSimple(headers, Buffer.from(value))).toBe(false);
  });
});
