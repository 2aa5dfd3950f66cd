import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { memoryLog } from '#testing';
import { EventLogError, type EventLog } from '#event-log';
import { IngestionApp, orderPlaced } from '../testdata/intake-app.js';
import { FastPath } from './fast-path.js';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const NDJSON = { 'content-type': 'application/x-ndjson' };

/** An engine that listens, and both ways into it. */
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

  get direct(): number {
    return this.engine.app.get(FastPath).requests;
  }

  /** Over the network. */
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
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
          );
          response.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** Through the framework, past the server. */
  async inject(payload: string, headers: Record<string, string>): Promise<Answer> {
    const answer = await this.engine.app.inject({
      ...{ method: 'POST', url: '/v1/touchpoints', payload },
      headers: { authorization: `Bearer ${this.key}`, ...headers },
    });
    return { status: answer.statusCode, headers: answer.headers as IncomingHttpHeaders, body: answer.body };
  }
}

/** What a sender sees, but for what no two answers share. */
function seen({ status, headers, body }: Answer): unknown {
  const told = ['content-type', 'retry-after'].map((name) => headers[name]);
  return { status, told, body: body.replace(/[0-9a-f-]{32,36}/g, 'id') };
}

describe('the direct road to POST /v1/touchpoints', () => {
  let listening: Listening;
  /** Is asked the same, past its server: neither sees the events of the other. */
  let twin: Listening;
  beforeAll(async () => {
    const settings = { MAX_BODY_BYTES: '20000', MAX_BATCH_EVENTS: '20' };
    listening = await Listening.start(settings);
    twin = await Listening.start(settings);
  });
  afterAll(async () => {
    await listening.engine.stop();
    await twin.engine.stop();
  });

  const order = (id: string, source: string, more: Record<string, unknown> = {}) =>
    orderPlaced({ id, source, ...more });
  const asLines = (events: readonly unknown[]) => events.map((event) => JSON.stringify(event)).join('\n');
  const batch = (source: string): unknown[] => [
    order('1', source),
    order('1', source),
    order('2', source, { type: 'x' }),
  ];
  const binary = {
    ...{ 'ce-specversion': '1.0', 'ce-id': 'b', 'ce-source': 'binary', 'ce-type': 'order-placed' },
    ...{ 'ce-channel': 'web', 'ce-subject': 'userId:u7' },
  };

  const taken: [string, string, Record<string, string>][] = [
    ['one event', JSON.stringify(order('1', 'one')), JSON_TYPE],
    ['a batch', JSON.stringify(batch('batch')), { 'content-type': 'Application/JSON; charset=utf-8' }],
    ['lines', asLines(batch('lines')), NDJSON],
    ['no JSON', '[{', JSON_TYPE],
    ['a line that is no JSON', `${asLines(batch('torn'))}\n{`, NDJSON],
    ['too many events', JSON.stringify(new Array(21).fill(order('1', 'many'))), JSON_TYPE],
    ['a CloudEvent that is none', '{"specversion":"1.0"}', { 'content-type': 'application/cloudevents+json' }],
    ['a CloudEvent in binary mode', JSON.stringify(order('1', '')['data']), { ...JSON_TYPE, ...binary }],
  ];
  it.each(taken)('takes %s, and answers as the framework does', async (_, body, headers) => {
    const before = listening.direct;
    const answer = await listening.send(body, headers);
    expect(listening.direct).toBe(before + 1);
    expect(seen(answer)).toEqual(seen(await twin.inject(body, headers)));
    expect(twin.direct).toBe(0);
  });

  const left: [string, string, Record<string, string>, number][] = [
    ['a key that nobody knows', '{}', { ...JSON_TYPE, authorization: 'Bearer pk_000000000000_x' }, 401],
    ['no key', '{}', { ...JSON_TYPE, authorization: '' }, 401],
    ['a content type that nobody reads', '{}', { 'content-type': 'text/csv' }, 415],
    ['a body beyond the limit', `[${' '.repeat(20_001)}]`, JSON_TYPE, 413],
    ['an empty body', '', JSON_TYPE, 400],
  ];
  it.each(left)('leaves %s to the framework', async (_, body, headers, status) => {
    const before = listening.direct;
    expect((await listening.send(body, headers)).status).toBe(status);
    expect(listening.direct).toBe(before);
  });

  it('leaves a key that may not publish, and other paths, to the framework', async () => {
    const before = listening.direct;
    const reader = { ...JSON_TYPE, authorization: `Bearer ${listening.engine.key('read')}` };
    expect((await listening.send('{}', reader)).status).toBe(403);
    const event = JSON.stringify(order('1', 'asked for more'));
    expect((await listening.send(event, JSON_TYPE, '/v1/touchpoints?verbose=true')).status).toBe(200);
    expect((await listening.send(event, JSON_TYPE, '/v1/touchpoints/')).status).toBe(404);
    expect(listening.direct).toBe(before);
  });

  it('forgets a request whose sender hangs up in the middle of it', async () => {
    const before = listening.direct;
    const socket = connect(listening.port, '127.0.0.1');
    socket.write(
      `POST /v1/touchpoints HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${listening.key}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n[`,
    );
    while (listening.direct === before) await new Promise((wake) => setTimeout(wake, 5));
    socket.destroy();
    await once(socket, 'close');
    expect((await listening.send(JSON.stringify(order('1', 'after one that hung up')), JSON_TYPE)).status).toBe(200);
    expect(listening.engine.logged).toEqual([]);
  });
});

describe('the direct road, when a store cannot write', () => {
  it.each([
    ['full', 507],
    ['unavailable', 503],
  ] as const)('says so: %s', async (code, status) => {
    const log: EventLog = memoryLog();
    log.appendMany = () => Promise.reject(new EventLogError(code, 'Nothing can be written.'));
    const listening = await Listening.start({}, { log });
    try {
      const body = JSON.stringify(orderPlaced());
      const road = await listening.send(body, JSON_TYPE);
      expect(listening.direct).toBe(1);
      expect(road.status).toBe(status);
      expect(seen(road)).toEqual(seen(await listening.inject(body, JSON_TYPE)));
    } finally {
      await listening.engine.stop();
    }
  });
});

describe('the direct road, when more comes than the process can hold', () => {
  it('leaves what is too much to the framework, which rejects it, and lets in again what comes later', async () => {
    const listening = await Listening.start({ MAX_IN_FLIGHT_REQUESTS: '1' });
    const { port, key, engine } = listening;
    try {
      const socket = connect(port, '127.0.0.1');
      const body = JSON.stringify(orderPlaced());
      socket.write(
        `POST /v1/touchpoints HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`,
      );
      while (listening.direct === 0) await new Promise((wake) => setTimeout(wake, 5));
      const rejected = await listening.send(body, JSON_TYPE);
      expect([rejected.status, rejected.headers['retry-after']]).toEqual([429, '1']);
      socket.resume();
      socket.write(body);
      await once(socket, 'close');
      expect((await listening.send(body, JSON_TYPE)).status).toBe(200);
      expect(listening.direct).toBe(2);
    } finally {
      await engine.stop();
    }
  });
});
