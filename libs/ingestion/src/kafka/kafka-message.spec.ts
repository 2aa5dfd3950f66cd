import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { ReceivedMessage } from '#platform';
import { KAFKA_BINDING, sortHeaders } from '../cloudevents/read-events.js';
import { binaryEvent, structuredEvent, type CloudEvent } from '../cloudevents/cloudevent.js';
import { Rejection } from '../pipeline/rejection.js';
import { readKafkaMessage } from './kafka-message.js';
import { topicMappings } from './topic-mappings.js';

interface Vector {
  readonly id: string;
  readonly transport: string;
  readonly input: { readonly key?: string; readonly headers: Record<string, string>; readonly value: string };
  readonly expected: {
    readonly valid: boolean;
    readonly attributes?: Record<string, unknown>;
    readonly data?: unknown;
    readonly batchLength?: number;
  };
}

const FILE = `${process.env['PERENNIAL_SHARED'] ?? '../shared'}/vectors/cloudevents.json`;
const there = existsSync(FILE);
if (!there) console.warn(`SKIPPED: the CloudEvents vectors are not there (${FILE}).`);
const vectors = there
  ? (JSON.parse(readFileSync(FILE, 'utf8')) as { vectors: Vector[] }).vectors.filter((v) => v.transport === 'kafka')
  : [];

type Texts = Readonly<Record<string, string | null | readonly (string | null)[]>>;

const message = (value: string | null, headers: Texts = {}, key: string | null = null): ReceivedMessage => ({
  ...{ offset: 7, timestamp: 0, key: key === null ? null : Buffer.from(key) },
  value: value === null ? null : Buffer.from(value),
  headers: Object.fromEntries(
    Object.entries(headers).map(([name, text]) => [
      name,
      typeof text === 'object' ? (text?.map(bytes) ?? null) : bytes(text),
    ]),
  ),
});
const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text));
const ORIGIN = { topic: 'touchpoints.web', partition: 3 };

/** The event itself, as the mode of the message reads it. */
function eventOf({ headers, value }: Vector['input']): CloudEvent | Rejection {
  if (headers['content-type']?.startsWith('application/cloudevents') === true)
    return structuredEvent(JSON.parse(value));
  const { attributes, contentType } = sortHeaders(headers, KAFKA_BINDING);
  return binaryEvent(attributes ?? {}, contentType, Buffer.from(value));
}

(there ? describe : describe.skip)('the published CloudEvents messages over Kafka', () => {
  it('are all there', () => expect(vectors).toHaveLength(10));

  it.each(vectors.map((vector) => [vector.id, vector] as const))('%s', (_, { input, expected }) => {
    const items = readKafkaMessage(message(input.value, input.headers, input.key ?? null), ORIGIN);
    expect(items.every((item) => item.rejection === undefined)).toBe(expected.valid);
    expect(items).toHaveLength(expected.batchLength ?? 1);
    // The key is the event's partitionkey: kept as provenance, for it says how the event was carried.
    const { partitionkey, ...attributes } = expected.attributes ?? {};
    if (partitionkey !== undefined) expect(items[0]?.provenance?.key).toBe(partitionkey);
    if (!expected.valid || expected.batchLength !== undefined) return;
    const event = eventOf(input) as CloudEvent;
    expect(event.attributes).toMatchObject(attributes);
    const { specversion: _version, datacontenttype: _type, ...told } = attributes;
    expect(items[0]?.document).toMatchObject(told);
    if ('data' in expected) expect(items[0]?.document).toMatchObject({ data: expected.data });
  });
});

describe('a message without a value', () => {
  const event = { ce_specversion: '1.0', ce_id: '1', ce_source: 's', ce_type: 'site-visited' };
  it.each([
    ['a key', {}, 'row-1', []],
    ['a key and headers of its own', { 'x-origin': 'debezium' }, 'row-1', []],
    ['neither a key nor headers', {}, null, ['unreadable']],
    ['the headers of a CloudEvent', event, null, [undefined]],
    ['the headers of a CloudEvent, and a key', event, 'u1', [undefined]],
    ['the headers of half a CloudEvent', { ce_specversion: '1.0' }, 'u1', ['not-a-cloudevent']],
  ] as const)('with %s', (_, headers, key, codes) => {
    const items = readKafkaMessage(message(null, headers, key), ORIGIN);
    expect(items.map(({ rejection }) => rejection?.code)).toEqual(codes);
  });
});

describe('a message of a topic', () => {
  it('brings where it stood, and what stood around its value', () => {
    const [item] = readKafkaMessage(
      message('{"id":"1"}', { 'content-type': 'application/json', traceparent: '00-1', 'x-shop': 'süd' }, 'ann'),
      ORIGIN,
    );
    expect(item).toMatchObject({
      document: { id: '1' },
      provenance: {
        ...{ topic: 'touchpoints.web', partition: 3, offset: 7, key: 'ann' },
        headers: { traceparent: '00-1', 'x-shop': 'süd' },
      },
    });
  });

  it('keeps attributes as they stand: nothing is escaped in Kafka', () => {
    const headers = { ce_specversion: '1.0', ce_id: '100%25', ce_source: '"s"', ce_type: 'site-visited' };
    const [item] = readKafkaMessage(message('{}', headers), ORIGIN);
    expect(item?.document).toMatchObject({ id: '100%25', source: '"s"' });
  });

  it('takes a header of the other binding for a header like any other', () => {
    const [item] = readKafkaMessage(message('{"id":"1"}', { 'ce-id': 'x', 'ce-specversion': '1.0' }), ORIGIN);
    expect(item).toMatchObject({ document: { id: '1' } });
    expect(item?.rejection).toBeUndefined();
  });

  it('takes a header without a value for one that is not there, and the last of several', () => {
    const [item] = readKafkaMessage(
      message('{"id":"1"}', { 'x-shop': null, tag: ['a', 'b'], none: ['a', null] }),
      ORIGIN,
    );
    expect(item).toMatchObject({ document: { id: '1' }, provenance: { headers: { tag: 'b' } } });
    expect(item?.provenance?.headers).toEqual({ tag: 'b' });
    const headers = { ce_specversion: '1.0', ce_id: '1', ce_source: 's', ce_type: 'site-visited', ce_time: null };
    const [event] = readKafkaMessage(message('{}', headers), ORIGIN);
    expect(event).toMatchObject({ document: { id: '1' } });
    expect(event?.document).not.toHaveProperty('time');
  });

  it('may have an attribute that is called like something of JavaScript', () => {
    const headers = { ce_specversion: '1.0', ce_id: '1', ce_source: 's', ce_type: 'site-visited', ce_constructor: 'x' };
    expect(readKafkaMessage(message('{}', headers), ORIGIN)).toMatchObject([
      { document: { id: '1', constructor: 'x' } },
    ]);
    const { ce_id: id, ce_source: source, ce_type: type } = headers;
    const event = { specversion: '1.0', id, source, type, constructor: 'x' };
    const structured = message(JSON.stringify(event), { 'content-type': 'application/cloudevents+json' });
    expect(readKafkaMessage(structured, ORIGIN)).toMatchObject([{ document: { id: '1', constructor: 'x' } }]);
  });

  it('bears a key that is no text as base64', () => {
    const [item] = readKafkaMessage({ ...message('{}'), key: Buffer.from([0xff, 0x00]) }, ORIGIN);
    expect(item?.provenance?.key).toBe('base64:/wA=');
    expect(readKafkaMessage(message('{}', {}, 'a\ufffd'), ORIGIN)[0]?.provenance?.key).toBe('a\ufffd');
  });

  it('is read as our JSON form where it does not say what it is, one event or a list', () => {
    expect(readKafkaMessage(message('{"id":"1"}'), ORIGIN)).toMatchObject([{ document: { id: '1' } }]);
    expect(readKafkaMessage(message('[{"id":"1"},{"id":"2"}]'), ORIGIN)).toHaveLength(2);
  });

  it.each([
    ['without a value', null, {}],
    ['that is not JSON', 'nonsense', {}],
    ['of another type', '<a/>', { 'content-type': 'text/xml' }],
    ['in a CloudEvents format that is not read', 'x', { 'content-type': 'application/cloudevents+avro' }],
  ])('%s is one item with the reason', (_, value, headers) => {
    const items = readKafkaMessage(message(value, headers as Record<string, string>), ORIGIN);
    expect(items).toHaveLength(1);
    expect(items[0]?.rejection?.code).toBe('unreadable');
    expect(items[0]?.provenance?.offset).toBe(7);
  });
});

describe('a topic with a form of its own', () => {
  const mapping = topicMappings({
    'touchpoints.web': {
      id: { column: 'receipt.no' },
      source: { value: 'till' },
      type: { column: 'kind', map: { S: 'order-placed' } },
      occurredAt: { column: 'at', format: 'iso' },
      channel: { value: 'store' },
      identifiers: [{ namespace: 'loyaltyCard', column: 'card' }],
      data: {
        orderId: { column: 'receipt.no' },
        currency: { value: 'EUR' },
        totalMinor: { column: 'sum', as: 'money', currency: { value: 'EUR' } },
      },
    },
  }).get('touchpoints.web');
  const row = { receipt: { no: 'r-1' }, kind: 'S', at: '2026-01-31T10:00:00Z', card: '4711', sum: '19.90' };

  it('becomes touchpoints by its mapping', () => {
    const [item] = readKafkaMessage(message(JSON.stringify(row)), { ...ORIGIN, mapping });
    expect(item?.document).toMatchObject({
      ...{ id: 'r-1', source: 'till', type: 'order-placed', channel: 'store' },
      identifiers: [{ namespace: 'loyaltyCard', value: '4711' }],
      data: { orderId: 'r-1', totalMinor: 1990 },
    });
  });

  it('is quarantined with the reason where it does not fit', () => {
    const [item] = readKafkaMessage(message(JSON.stringify({ ...row, kind: 'X' })), { ...ORIGIN, mapping });
    expect(item?.rejection?.code).toBe('value-unknown');
    const [text] = readKafkaMessage(message('nonsense'), { ...ORIGIN, mapping });
    expect(text?.rejection?.code).toBe('unreadable');
  });

  it('still takes CloudEvents', () => {
    const headers = { ce_specversion: '1.0', ce_id: '1', ce_source: 's', ce_type: 'site-visited' };
    expect(readKafkaMessage(message('{}', headers), { ...ORIGIN, mapping })).toMatchObject([{ document: { id: '1' } }]);
  });

  it('is rejected with every error of its mapping, named by its topic', () => {
    expect(() => topicMappings({ a: { source: 's' }, b: 1 })).toThrow();
    try {
      topicMappings({ a: { source: 's' } });
    } catch (error) {
      expect((error as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer)).toContain(
        '#/a/occurredAt',
      );
    }
  });
});
