import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { binaryEvent, mediaType, structuredEvent, type CloudEvent } from './cloudevent.js';
import { formOf } from './envelope-form.js';
import { HTTP_BINDING, isBinary, readEvents, sortHeaders } from './read-events.js';
import { Rejection } from '../pipeline/rejection.js';

interface Vector {
  readonly id: string;
  readonly transport: string;
  readonly input: { readonly headers: Record<string, string>; readonly body?: string };
  readonly expected: {
    readonly valid: boolean;
    readonly isEvent?: boolean;
    readonly attributes?: Record<string, unknown>;
    readonly data?: unknown;
    readonly dataBytes?: readonly number[];
    readonly batchLength?: number;
  };
}

const FILE = `${process.env['PERENNIAL_SHARED'] ?? '../shared'}/vectors/cloudevents.json`;
const there = existsSync(FILE);
if (!there) console.warn(`SKIPPED: the CloudEvents vectors are not there (${FILE}).`);

const vectors = there
  ? (JSON.parse(readFileSync(FILE, 'utf8')) as { vectors: Vector[] }).vectors.filter((v) => v.transport === 'http')
  : [];

const binaryEventOf = (headers: Record<string, string>, body: Buffer): CloudEvent | Rejection => {
  const { attributes, contentType } = sortHeaders(headers, HTTP_BINDING);
  return binaryEvent(attributes ?? {}, contentType, body);
};

/** The items of a message over HTTP, or why it cannot be read. */
function readHttp(headers: Record<string, string>, body: Buffer) {
  const read = readEvents(headers, body, HTTP_BINDING);
  return 'code' in read ? read : read.items;
}

/** The event of a message of one event, as its mode reads it. */
function eventOf({ headers, body = '' }: Vector['input']): CloudEvent | Rejection {
  return mediaType(headers['content-type']) === 'application/cloudevents+json'
    ? structuredEvent(JSON.parse(body))
    : binaryEventOf(headers, Buffer.from(body));
}

(there ? describe : describe.skip)('the published CloudEvents messages over HTTP', () => {
  it('are all there', () => expect(vectors).toHaveLength(45));

  it.each(vectors.map((vector) => [vector.id, vector] as const))('%s', (_, { input, expected }) => {
    const items = readHttp(input.headers, Buffer.from(input.body ?? ''));
    if (!('length' in items)) {
      expect(expected.valid).toBe(false);
      expect(items.code).toBe('unsupported-media-type');
      expect(isBinary(sortHeaders(input.headers, HTTP_BINDING).attributes)).toBe(false);
      return;
    }
    expect(items.every((item) => item.rejection === undefined)).toBe(expected.valid);
    if (expected.batchLength !== undefined) {
      expect(items).toHaveLength(expected.batchLength);
      return;
    }
    expect(items).toHaveLength(1);
    const event = eventOf(input);
    expect(event instanceof Rejection).toBe(!expected.valid);
    if (event instanceof Rejection) return;
    if (expected.attributes !== undefined) expect(event.attributes).toMatchObject(expected.attributes);
    if ('data' in expected) expect(event.data).toEqual(expected.data);
    if (expected.dataBytes !== undefined) expect([...(event.data as Buffer)]).toEqual(expected.dataBytes);
  });
});

describe('a CloudEvent as a touchpoint', () => {
  const BASE = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': 'shop', 'ce-type': 'site-visited' };
  const read = (headers: Record<string, string>, body = '{}'): unknown => {
    const items = readHttp({ 'content-type': 'application/json', ...BASE, ...headers }, Buffer.from(body));
    return 'length' in items ? items[0]?.document : items;
  };

  it('takes our extensions from headers', () => {
    expect(
      read({
        'ce-channel': 'web',
        'ce-identifiers': '[{"namespace":"userId","value":"u1"}]',
        'ce-actor': 'employee:e7',
        'ce-sentat': '2026-01-01T00:00:00Z',
        'ce-originaltimestamp': '2025-12-31T23:59:00Z',
        'ce-correlationid': 'c1',
        'ce-schemaversion': '1',
        'ce-test': 'true',
        'ce-campaign': 'spring',
      }),
    ).toEqual({
      id: '1',
      source: 'shop',
      type: 'site-visited',
      channel: 'web',
      identifiers: [{ namespace: 'userId', value: 'u1' }],
      actor: { kind: 'employee', id: 'e7' },
      sentAt: '2026-01-01T00:00:00Z',
      originalTimestamp: '2025-12-31T23:59:00Z',
      correlationId: 'c1',
      schemaVersion: 1,
      test: true,
      campaign: 'spring',
      data: {},
    });
  });

  it('decodes what a header cannot carry', () => {
    expect(read({ 'ce-channel': 'caf%C3%A9%20%22south%22' })).toMatchObject({ channel: 'café "south"' });
    expect(read({ 'ce-channel': '100%' })).toMatchObject({ channel: '100%' });
  });

  it('takes identifiers and actor as JSON values where the event is JSON', () => {
    const event = structuredEvent({
      specversion: '1.0',
      id: '1',
      source: 's',
      type: 't',
      identifiers: [{ namespace: 'userId', value: 'u1' }],
      actor: { kind: 'system', id: 'crm' },
    });
    expect(formOf(event as CloudEvent)).toMatchObject({ actor: { kind: 'system', id: 'crm' } });
  });

  it('keeps what a rejected message said', () => {
    const items = readHttp({ ...BASE, 'ce-bad-name': 'x' }, Buffer.from('{"a":1}'));
    expect(items).toMatchObject([{ document: { id: '1', data: '{"a":1}' }, rejection: { code: 'not-a-cloudevent' } }]);
  });
});

describe('a message that is not a CloudEvent', () => {
  const read = (type: string | undefined, body: string) =>
    readHttp(type === undefined ? {} : { 'content-type': type }, Buffer.from(body));

  it('is one document or a list of them', () => {
    expect(read('application/json', '{"id":"1"}')).toEqual([{ document: { id: '1' } }]);
    expect(read('application/json; charset=utf-8', '[1,{"id":"2"}]')).toMatchObject([
      { document: 1 },
      { document: { id: '2' } },
    ]);
    expect(read('application/json', '[]')).toEqual([]);
  });

  it('is rejected as a whole where it is not JSON, or of another type', () => {
    expect(read('application/json', '{')).toMatchObject({ code: 'malformed' });
    expect(read('application/json', '')).toMatchObject({ code: 'malformed' });
    expect(read('application/cloudevents-batch+json', '{}')).toMatchObject({ code: 'malformed' });
    expect(read('application/cloudevents+avro', 'x')).toMatchObject({ code: 'unsupported-media-type' });
    expect(read('text/plain', 'hello')).toMatchObject({ code: 'unsupported-media-type' });
    expect(read(undefined, 'hello')).toMatchObject({ code: 'unsupported-media-type' });
  });
});
