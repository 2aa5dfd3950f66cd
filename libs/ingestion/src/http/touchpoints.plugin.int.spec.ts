import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventLogError, type EventLog } from '#event-log';
import { memoryLog, orderPlaced } from '#testing';
import { IngestionApp } from '../testdata/intake-app.js';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const NDJSON = { 'content-type': 'application/x-ndjson' };
const PROBLEM = 'application/problem+json';

/** An engine that listens on a port. */
class Listening {
  private constructor(
    readonly engine: IngestionApp,
    readonly port: number,
    readonly key: string,
  ) {}

  static async start(
    settings: Readonly<Record<string, string>> = {},
    parts: Parameters<typeof IngestionApp.start>[1] = {},
  ): Promise<Listening> {
    const engine = await IngestionApp.start(settings, parts);
    await engine.app.listen(0, '127.0.0.1');
    const { port } = engine.app.getHttpServer().address() as AddressInfo;
    return new Listening(engine, port, engine.key('publish'));
  }

  send(body: string, headers: Record<string, string>, path = '/v1/touchpoints'): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = httpRequest(
        {
          ...{ port: this.port, host: '127.0.0.1', path, method: 'POST', agent: false },
          headers: { authorization: `Bearer ${this.key}`, 'content-length': Buffer.byteLength(body), ...headers },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (text += chunk));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: JSON.parse(text) as Record<string, unknown>,
            }),
          );
          response.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** Writes the head of a request, and what is given of its body. */
  begin(length: number, body = '', more = ''): ReturnType<typeof connect> {
    const socket = connect(this.port, '127.0.0.1');
    socket.write(
      `POST /v1/touchpoints HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${this.key}\r\ncontent-type: application/json\r\n${more}content-length: ${length}\r\n\r\n${body}`,
    );
    return socket;
  }
}

const order = (id: string, source: string, more: Record<string, unknown> = {}) => orderPlaced({ id, source, ...more });
const asLines = (events: readonly unknown[]) => events.map((event) => JSON.stringify(event)).join('\n');
const batch = (source: string): unknown[] => [
  order('1', source),
  order('1', source),
  order('2', source, { type: 'x' }),
];

describe('POST /v1/touchpoints over the network', () => {
  let listening: Listening;
  beforeAll(async () => {
    listening = await Listening.start({ MAX_BODY_BYTES: '20000', MAX_BATCH_EVENTS: '20' });
  });
  afterAll(() => listening.engine.stop());

  const binary = {
    ...{ 'ce-specversion': '1.0', 'ce-id': 'b', 'ce-source': 'binary', 'ce-type': 'order-placed' },
    ...{ 'ce-channel': 'web', 'ce-subject': 'userId:u7' },
  };
  const accepted: [string, string, Record<string, string>, object][] = [
    ['one event', JSON.stringify(order('1', 'one')), JSON_TYPE, { received: 1, accepted: 1 }],
    [
      'a batch',
      JSON.stringify(batch('batch')),
      { 'content-type': 'Application/JSON; charset=utf-8' },
      { received: 3, accepted: 1, duplicate: 1, quarantined: 1 },
    ],
    ['lines', asLines(batch('lines')), NDJSON, { received: 3, accepted: 1, duplicate: 1, quarantined: 1 }],
    ['a line that is not JSON', `${asLines(batch('torn'))}\n{`, NDJSON, { received: 4, quarantined: 2 }],
    [
      'a CloudEvent in binary mode',
      JSON.stringify(order('1', '')['data']),
      { ...JSON_TYPE, ...binary },
      { received: 1, accepted: 1 },
    ],
  ];
  it.each(accepted)('ingests %s', async (name, body, headers, expected) => {
    const answer = await listening.send(body, headers);
    expect(answer.status).toBe(name === 'a batch' ? 207 : 200);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.body).toMatchObject(expected);
  });

  const rejected: [string, string, Record<string, string>, number][] = [
    ['an unknown key', '{}', { ...JSON_TYPE, authorization: 'Bearer pk_000000000000_x' }, 401],
    ['no key', '{}', { ...JSON_TYPE, authorization: '' }, 401],
    ['a content type that is not read', '{}', { 'content-type': 'text/csv' }, 415],
    ['a body beyond the limit', `[${' '.repeat(20_001)}]`, JSON_TYPE, 413],
    ['too many events', JSON.stringify(new Array(21).fill(order('1', 'many'))), JSON_TYPE, 413],
    ['an empty body', '', JSON_TYPE, 400],
    ['a body that is not JSON', '[{', JSON_TYPE, 400],
  ];
  it.each(rejected)('rejects %s as a problem', async (_, body, headers, status) => {
    const answer = await listening.send(body, headers);
    expect([answer.status, answer.headers['content-type']]).toEqual([status, PROBLEM]);
    expect(answer.body).toMatchObject({ status, instance: '/v1/touchpoints' });
  });

  it('rejects a key without the permission, an unknown parameter and an unknown path', async () => {
    const reader = { ...JSON_TYPE, authorization: `Bearer ${listening.engine.key('read')}` };
    expect((await listening.send('{}', reader)).status).toBe(403);
    const event = JSON.stringify(order('1', 'verbose'));
    expect((await listening.send(event, JSON_TYPE, '/v1/touchpoints?verbose=true')).status).toBe(200);
    const unknown = await listening.send(event, JSON_TYPE, '/v1/touchpoints?verbos=true');
    expect(unknown.status).toBe(400);
    expect(unknown.body).toMatchObject({ errors: [{ pointer: '#/verbos' }] });
    expect((await listening.send(event, JSON_TYPE, '/v1/touchpoints/')).status).toBe(404);
  });

  it('forgets a request whose sender hangs up in the middle of it', async () => {
    const socket = listening.begin(1_000, '[');
    await once(socket, 'connect');
    await new Promise((wake) => setTimeout(wake, 50));
    socket.destroy();
    await once(socket, 'close');
    expect((await listening.send(JSON.stringify(order('1', 'after a hang-up')), JSON_TYPE)).status).toBe(200);
    expect(listening.engine.logged).toEqual([]);
  });

  it('is not a way to hand in an invalid row: its fields are unknown fields of a touchpoint', async () => {
    const row = { id: 'r', source: 's', file: 'f', line: 1, code: 'mine', pointer: 'a', detail: 'd', hint: 'h' };
    for (const event of [{ invalid: row }, { invalidRow: row }, { touchpoint: order('1', 'wrapped') }]) {
      const { body } = await listening.send(JSON.stringify(event), JSON_TYPE);
      expect(body).toMatchObject({ quarantined: 1, results: [{ source: null, id: null }] });
      expect((body['results'] as { code: string }[])[0]?.code).toMatch(/^(no-identifier|envelope-invalid)$/);
    }
    const event = order('1', 'with a field of its own', { invalid: row });
    expect((await listening.send(JSON.stringify(event), JSON_TYPE)).body).toMatchObject({ accepted: 1 });
  });
});

describe('POST /v1/imports/rows', () => {
  let listening: Listening;
  beforeAll(async () => {
    listening = await Listening.start();
  });
  afterAll(() => listening.engine.stop());
  const rows = (lines: readonly unknown[], headers: Record<string, string> = NDJSON) =>
    listening.send(asLines(lines), headers, '/v1/imports/rows');

  it('ingests touchpoints, and quarantines invalid rows with the reason of the importer', async () => {
    const invalidRow = {
      ...{ id: 'r', source: 'shop', file: 'orders.csv', line: 7, row: ['x'], identifiers: [] },
      ...{ code: 'money-inexact', pointer: 'total', detail: 'must be an amount', hint: 'write it as 19.90' },
    };
    const lines = [{ touchpoint: order('1', 'file') }, { invalidRow }, order('2', 'file')];
    const importer = { ...NDJSON, authorization: `Bearer ${listening.engine.localToken}` };
    const { body } = await rows(lines, importer);
    expect(body).toMatchObject({
      ...{ received: 3, accepted: 1, quarantined: 2 },
      results: [
        { index: 1, source: 'shop', id: 'r', code: 'money-inexact', pointer: 'total', hint: 'write it as 19.90' },
        { index: 2, code: 'unreadable' },
      ],
    });
  });

  it('stores the reason of the importer alone: a key may not write free text into the log', async () => {
    const invalidRow = {
      ...{ id: 'k', source: 'shop', file: 'ann@shop.example.csv', line: 7, row: ['x'], identifiers: [] },
      ...{ code: 'ann', pointer: 'ann@shop.example', detail: 'ann@shop.example', hint: 'ann@shop.example' },
    };
    const { body } = await rows([{ invalidRow }]);
    expect(body).toMatchObject({ quarantined: 1, results: [{ code: 'importer-only' }] });
    const importer = { ...NDJSON, authorization: `Bearer ${listening.engine.localToken}` };
    await rows([{ invalidRow: { ...invalidRow, detail: 'must be an amount', hint: 'write it as 19.90' } }], importer);
    for await (const page of listening.engine.log.readAll(0)) expect(JSON.stringify(page)).not.toContain('ann@shop');
  });

  it('reads NDJSON only, and needs the permission to publish', async () => {
    expect((await rows([{ touchpoint: {} }], JSON_TYPE)).status).toBe(415);
    const reader = { ...NDJSON, authorization: `Bearer ${listening.engine.key('read')}` };
    expect((await rows([], reader)).status).toBe(403);
  });
});

describe('POST /v1/touchpoints, when a store cannot write', () => {
  it.each([
    ['full', 507],
    ['unavailable', 503],
  ] as const)('answers with a problem: %s', async (code, status) => {
    const log: EventLog = memoryLog();
    log.appendMany = () => Promise.reject(new EventLogError(code, 'Nothing can be written.'));
    const listening = await Listening.start({}, { log });
    try {
      const answer = await listening.send(JSON.stringify(orderPlaced()), JSON_TYPE);
      expect([answer.status, answer.headers['content-type']]).toEqual([status, PROBLEM]);
    } finally {
      await listening.engine.stop();
    }
  });
});

describe('POST /v1/touchpoints, when more arrives than the process can hold', () => {
  it('rejects what is too much before its body is read, and accepts again later', async () => {
    const listening = await Listening.start({ MAX_IN_FLIGHT_REQUESTS: '1' });
    try {
      const body = JSON.stringify(orderPlaced());
      const socket = listening.begin(body.length, '', 'connection: close\r\n');
      let rejected = await listening.send(body, JSON_TYPE);
      while (rejected.status === 200) rejected = await listening.send(body, JSON_TYPE);
      expect([rejected.status, rejected.headers['retry-after']]).toEqual([429, '1']);
      // Who is not let in does not learn how busy the engine is.
      expect((await listening.send(body, { ...JSON_TYPE, authorization: '' })).status).toBe(401);
      socket.resume();
      socket.write(body);
      await once(socket, 'close');
      expect((await listening.send(body, JSON_TYPE)).status).toBe(200);
    } finally {
      await listening.engine.stop();
    }
  });
});
