import { createConnection, type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { memoryLog } from '#testing';
import { EventLogError, type EventLog } from '#event-log';
import { IngestionApp } from '../testdata/intake-app.js';
import { orderPlaced } from '#testing';

interface Answer {
  readonly received: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly quarantined: number;
  readonly suppressed: number;
  readonly results: readonly Record<string, unknown>[];
}

const JSON_TYPE = 'application/json';
const NDJSON = 'application/x-ndjson';

describe('POST /v1/touchpoints', () => {
  let engine: IngestionApp;
  let key: string;
  let source = 0;
  /** A source of its own for each test: none sees the events of another. */
  const fresh = (overrides: Record<string, unknown> = {}): Record<string, unknown> =>
    orderPlaced({ source: `shop-${(source += 1)}`, ...overrides });

  beforeAll(async () => {
    engine = await IngestionApp.start({ MAX_BODY_BYTES: '100000', MAX_BATCH_EVENTS: '50' });
    key = engine.key('publish', 'read');
  });
  afterAll(() => engine.stop());

  const post = (
    payload: string | Buffer | Readable | object,
    headers: Record<string, string> = { 'content-type': JSON_TYPE },
    query = '',
  ) =>
    engine.app.inject({
      method: 'POST',
      url: `/v1/touchpoints${query}`,
      headers: { authorization: `Bearer ${key}`, ...headers },
      payload:
        Buffer.isBuffer(payload) || payload instanceof Readable || typeof payload === 'string'
          ? payload
          : JSON.stringify(payload),
    });

  it('ingests one event, and answers with its position', async () => {
    const answer = await post(fresh());
    expect(answer.statusCode).toBe(200);
    expect(answer.json<Answer>()).toMatchObject({ received: 1, accepted: 1, results: [{ outcome: 'accepted' }] });
    expect(typeof answer.json<Answer>().results[0]?.['position']).toBe('number');
  });

  it('ingests a batch, and lists what was not accepted', async () => {
    const event = fresh();
    const answer = await post([event, { ...event, id: 'o-2' }, event, { ...event, id: 'o-3', type: 'x' }]);
    expect(answer.json<Answer>()).toMatchObject({
      ...{ received: 4, accepted: 2, duplicate: 1, quarantined: 1, suppressed: 0 },
      results: [
        { index: 2, outcome: 'duplicate' },
        { index: 3, outcome: 'quarantined', code: 'type-unknown', pointer: '#/type' },
      ],
    });
    const verbose = await post([event], undefined, '?verbose=true');
    expect(verbose.json<Answer>().results).toHaveLength(1);
  });

  it('ingests CloudEvents in binary, structured and batch mode', async () => {
    const { identifiers, data, ...attributes } = fresh();
    const cloudEvent = { specversion: '1.0', ...attributes, identifiers, data };
    const headers: Record<string, string> = { 'content-type': JSON_TYPE, 'ce-specversion': '1.0' };
    for (const [name, value] of Object.entries({ ...attributes, id: 'o-b' })) headers[`ce-${name}`] = String(value);
    headers['ce-identifiers'] = JSON.stringify(identifiers);
    expect((await post(data as object, headers)).json()).toMatchObject({ accepted: 1 });
    const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
    expect((await post(cloudEvent, structured)).json()).toMatchObject({ accepted: 1 });
    const batch = { 'content-type': 'application/cloudevents-batch+json' };
    expect(
      (await post([cloudEvent, { ...cloudEvent, id: 'o-c' }, { specversion: '1.0' }], batch)).json(),
    ).toMatchObject({
      accepted: 1,
      duplicate: 1,
      quarantined: 1,
    });
    expect((await post('[]', batch)).json()).toMatchObject({ received: 0 });
  });

  it('ingests NDJSON as a stream of any length', async () => {
    const base = fresh();
    const lines = Array.from({ length: 120 }, (_, n) =>
      n % 10 === 9 ? 'nonsense' : JSON.stringify({ ...base, id: `o-${n}` }),
    );
    const answer = await post(Readable.from(lines.map((line) => `${line}\n`)), { 'content-type': NDJSON });
    const taken = answer.json<Answer>();
    expect(taken).toMatchObject({ received: 120, accepted: 108, quarantined: 1, duplicate: 11 });
    // The same nonsense again is a duplicate of the first; the index is that of the stream.
    expect(taken.results.map(({ index }) => index)).toEqual([9, 19, 29, 39, 49, 59, 69, 79, 89, 99, 109, 119]);
  });

  describe('an event whose sentAt is of 2019', () => {
    const old = () => fresh({ time: '2019-05-01T10:00:00Z', sentAt: '2019-05-01T10:00:01Z' });
    const recordedAt = async ({ source: name, id }: Record<string, unknown>): Promise<string | undefined> => {
      const [event] = await engine.log.find([{ source: String(name), id: String(id) }]);
      return event === null || event === undefined ? undefined : new Date(event.occurredAt).toISOString();
    };
    const CORRECTED = '2026-01-31T11:59:59.000Z';
    const AS_STATED = '2019-05-01T10:00:00.000Z';
    const imported = (lines: string) =>
      engine.app.inject({
        ...{ method: 'POST', url: '/v1/imports/rows', payload: lines },
        headers: { authorization: `Bearer ${key}`, 'content-type': NDJSON },
      });
    it.each([
      ['alone, from a live client', (event: object) => post(event), CORRECTED],
      ['in a batch of a live client', (event: object) => post([event]), CORRECTED],
      [
        'in NDJSON, the form of archives',
        (event: object) => post(JSON.stringify(event), { 'content-type': NDJSON }),
        AS_STATED,
      ],
      ['in a row of an import', (event: object) => imported(JSON.stringify({ touchpoint: event })), AS_STATED],
    ])('%s', async (_, send, expected) => {
      const event = old();
      expect((await send(event)).json()).toMatchObject({ accepted: 1 });
      expect(await recordedAt(event)).toBe(expected);
    });
  });

  describe('rejects the whole request', () => {
    const problem = (answer: Awaited<ReturnType<typeof post>>, status: number): Record<string, unknown> => {
      expect(answer.statusCode).toBe(status);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      return answer.json();
    };

    it('of an unknown key, and of a key that may not publish', async () => {
      problem(await post(fresh(), { 'content-type': JSON_TYPE, authorization: 'Bearer pk_x' }), 401);
      problem(
        await post(fresh(), { 'content-type': JSON_TYPE, authorization: `Bearer ${engine.key('read', 'operate')}` }),
        403,
      );
    });

    it('that cannot be read', async () => {
      problem(await post('{"id":'), 400);
      problem(await post(''), 400);
      problem(await post('[{},', { 'content-type': 'application/cloudevents-batch+json' }), 400);
    });

    it('of a type that is not read', async () => {
      problem(await post('<a/>', { 'content-type': 'application/xml' }), 415);
      problem(await post('hello', {}), 415);
      problem(await post('x', { 'content-type': 'application/cloudevents+avro' }), 415);
    });

    it('that is too large, in bytes or in events', async () => {
      problem(await post('x'.repeat(100_001)), 413);
      problem(await post(Array.from({ length: 51 }, () => 1)), 413);
    });

    it('never for one bad event, even one that would poison a prototype', async () => {
      const event = JSON.stringify(fresh());
      const answer = await post(`[${event},{"__proto__":{"id":"x"}},{"constructor":{"prototype":1}}]`);
      expect(answer.json()).toMatchObject({ accepted: 1, quarantined: 2 });
    });
  });

  it('shows the outcome of an event whose answer got lost', async () => {
    const event = fresh();
    const { position } = (await post(event)).json<Answer>().results[0] as { position: number };
    const get = (query: string) =>
      engine.app.inject({
        method: 'GET',
        url: `/v1/touchpoints/outcome?${query}`,
        headers: { authorization: `Bearer ${engine.key('read')}` },
      });
    expect((await get(`source=${String(event['source'])}&id=o-1`)).json()).toEqual({
      outcome: 'accepted',
      position,
      type: 'order-placed',
      occurredAt: '2026-01-31T11:00:00Z',
      recordedAt: '2026-01-31T12:00:00Z',
    });
    expect((await get('source=shop&id=never')).json()).toEqual({ outcome: 'unknown' });
    for (const query of ['', 'source=a', 'id=b', 'source=a&source=b&id=c'])
      expect((await get(query)).statusCode).toBe(400);
  });

  it('gives every event one outcome, whatever is sent, and never fails', async () => {
    const event = fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          id: fc.constantFrom('1', '2', '3'),
          source: fc.constantFrom('a', 'b'),
          type: fc.constantFrom('order-placed', 'site-visited', 'nonsense'),
          channel: fc.constantFrom('web', ''),
          time: fc.constantFrom('2026-01-31T11:00:00Z', '2030-01-01T00:00:00Z', 'yesterday', '0000-01-01T00:00:00Z'),
          identifiers: fc.oneof(
            fc.jsonValue(),
            fc.array(fc.record({ namespace: fc.constantFrom('userId', 'email', '__proto__'), value: fc.string() })),
          ),
          data: fc.jsonValue(),
          sentAt: fc.constantFrom('2026-01-31T11:00:00Z', 'x'),
          specversion: fc.constantFrom('1.0', '2'),
          schemaVersion: fc.constantFrom(1, 0, -1, 'x', 1e9),
          actor: fc.jsonValue(),
          invalid: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
    );
    const types = [JSON_TYPE, 'application/cloudevents+json', 'application/cloudevents-batch+json', NDJSON];
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 8 }), fc.constantFrom(...types), async (events, type) => {
        const body = type === NDJSON ? events.map((each) => JSON.stringify(each)).join('\n') : JSON.stringify(events);
        const answer = await post(body, { 'content-type': type });
        expect([200, 202, 207, 422]).toContain(answer.statusCode);
        const { received, accepted, duplicate, quarantined, suppressed } = answer.json<Answer>();
        expect(received).toBe(type === 'application/cloudevents+json' ? 1 : events.length);
        expect(accepted + duplicate + quarantined + suppressed).toBe(received);
      }),
      { numRuns: 300 },
    );
    const headerName = fc.constantFrom(
      'ce-id',
      'ce-type',
      'ce-source',
      'ce-specversion',
      'ce-time',
      'ce-identifiers',
      'ce-actor',
      'content-type',
      'ce-x-y',
    );
    const headerValue = fc.oneof(
      fc.constantFrom('1.0', JSON_TYPE, NDJSON, 'text/plain', '%zz', '"', '[{]'),
      fc.string({ unit: fc.constantFrom(...'aZ0%"{}[]:;/ '), maxLength: 12 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(headerName, headerValue),
        fc.uint8Array({ maxLength: 40 }),
        async (headers, body) => {
          const answer = await post(Buffer.from(body), headers);
          expect(answer.statusCode).toBeLessThan(500);
        },
      ),
      { numRuns: 300 },
    );
    expect(engine.logged).toEqual([]);
  });
});

describe('POST /v1/touchpoints under load', () => {
  it('rejects what it cannot hold before it reads it, with a whole number of seconds, and lets in again', async () => {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const slow: EventLog = memoryLog();
    const append = slow.appendMany.bind(slow);
    slow.appendMany = async (...args) => {
      await held;
      return append(...args);
    };
    const engine = await IngestionApp.start(
      { MAX_IN_FLIGHT_REQUESTS: '2', MAX_IN_FLIGHT_BYTES: '5000' },
      { log: slow },
    );
    await engine.app.listen(0, '127.0.0.1');
    const { port } = engine.app.getHttpServer().address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/v1/touchpoints`;
    // Each sender has a key of its own: one key alone gets half of what there is.
    const keys = ['a', 'b', 'c'].map(() => engine.key('publish'));
    const post = (body: string, by = 0): Promise<Response> =>
      fetch(url, {
        ...{ method: 'POST', body },
        headers: { authorization: `Bearer ${keys[by]}`, 'content-type': JSON_TYPE },
      });
    const until = async (answer: () => Promise<Response>, status: number): Promise<Response> => {
      for (;;) {
        const response = await answer();
        if (response.status === status) return response;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const event = (id: string, padding = 0): string => JSON.stringify(orderPlaced({ id, pad: 'x'.repeat(padding) }));

    const first = post(event('1'));
    const tooMuch = await until(() => post(event('2', 4_900), 1), 503);
    expect(tooMuch.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(tooMuch.headers.get('content-type')).toBe('application/problem+json');
    const second = post(event('3'), 1);
    const tooMany = await until(() => post(event('4'), 2), 429);
    expect(tooMany.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);

    letGo();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    expect((await until(() => post(event('5')), 200)).status).toBe(200);
    await engine.stop();
  });

  it.each([
    ['full', 507],
    ['unavailable', 503],
  ] as const)('answers that a store is %s, and acknowledges nothing', async (code, status) => {
    const log: EventLog = memoryLog();
    log.appendMany = () => Promise.reject(new EventLogError(code, 'The disk is what it is.'));
    const engine = await IngestionApp.start({}, { log });
    const answer = await engine.app.inject({
      method: 'POST',
      url: '/v1/touchpoints',
      headers: { authorization: `Bearer ${engine.key('publish')}` },
      payload: orderPlaced(),
    });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.headers['retry-after']).toBe(status === 503 ? '5' : undefined);
    await engine.stop();
  });

  it('keeps what it ingested of a stream that breaks off, and is ready for the next', async () => {
    const log: EventLog = memoryLog();
    const engine = await IngestionApp.start({ MAX_BATCH_EVENTS: '1', MAX_IN_FLIGHT_REQUESTS: '1' }, { log });
    try {
      await engine.app.listen(0, '127.0.0.1');
      const { port } = engine.app.getHttpServer().address() as AddressInfo;
      const line = (id: string): string => `${JSON.stringify(orderPlaced({ id }))}\n`;
      const headers = { authorization: `Bearer ${engine.key('publish')}`, 'content-type': NDJSON };
      const first = line('1');
      const head = Object.entries({ ...headers, host: 'x', 'content-length': '100000' }).map(([k, v]) => `${k}: ${v}`);
      const socket = createConnection(port, '127.0.0.1', () => {
        socket.write(`POST /v1/touchpoints HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n${first}${line('2').slice(0, 30)}`);
      });
      while ((await log.head()).position === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      socket.destroy();
      const url = `http://127.0.0.1:${port}/v1/touchpoints`;
      for (;;) {
        const answer = await fetch(url, { method: 'POST', headers, body: first + line('2') });
        if (answer.status === 429) continue;
        expect(await answer.json()).toMatchObject({ received: 2, accepted: 1, duplicate: 1 });
        break;
      }
      expect(engine.logged.filter((entry) => entry.includes('"level":"error"'))).toEqual([]);
    } finally {
      await engine.stop();
    }
  });

  it('answers bytes that are not HTTP with a problem', async () => {
    const engine = await IngestionApp.start();
    await engine.app.listen(0, '127.0.0.1');
    const { port } = engine.app.getHttpServer().address() as AddressInfo;
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = createConnection(port, '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'));
      socket.on('data', (bytes) => (text += bytes.toString())).on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('application/problem+json');
    await engine.stop();
  });
});
