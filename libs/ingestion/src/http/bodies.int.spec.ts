import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { orderPlaced } from '#testing';
import { IngestionApp } from '../testdata/intake-app.js';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const NDJSON = { 'content-type': 'application/x-ndjson' };

class Listening {
  private constructor(
    readonly engine: IngestionApp,
    readonly port: number,
    readonly key: string,
  ) {}

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Listening> {
    const engine = await IngestionApp.start(settings);
    await engine.app.listen(0, '127.0.0.1');
    const { port } = engine.app.getHttpServer().address() as AddressInfo;
    return new Listening(engine, port, engine.key('publish', 'quarantine', 'policy', 'types'));
  }

  send(
    body: Buffer | string,
    headers: Record<string, string>,
    path = '/v1/touchpoints',
    key = this.key,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = httpRequest(
        {
          ...{ port: this.port, host: '127.0.0.1', path, method: 'POST', agent: false },
          headers: { authorization: `Bearer ${key}`, 'content-length': Buffer.byteLength(body), ...headers },
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

  /** Writes the head of a request and the begin of its body. Resolves with what is answered until the connection ends. */
  begin(length: number, begin = '', type = 'application/json', key = this.key) {
    const socket = connect(this.port, '127.0.0.1');
    socket.write(
      `POST /v1/touchpoints HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n${begin}`,
    );
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => undefined);
    const answered = once(socket, 'close').then(() => text);
    return { socket, answered };
  }
}

const order = (id: string, source: string, more: Record<string, unknown> = {}) => orderPlaced({ id, source, ...more });
const asLines = (events: readonly unknown[]) => events.map((event) => JSON.stringify(event)).join('\n');

describe('a packed body', () => {
  let listening: Listening;
  beforeAll(async () => {
    listening = await Listening.start({ MAX_BODY_BYTES: '20000' });
  });
  afterAll(() => listening.engine.stop());

  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['GZIP', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['identity', (body: Buffer) => body],
  ] as const)('is unpacked: %s', async (name, pack) => {
    const encoding = { 'content-encoding': name };
    const source = `packed-${name}-${pack(Buffer.from('x')).toString('hex')}`;
    const whole = await listening.send(pack(Buffer.from(JSON.stringify(order('1', source)))), {
      ...JSON_TYPE,
      ...encoding,
    });
    expect([whole.status, whole.body]).toMatchObject([200, { accepted: 1 }]);
    const lines = await listening.send(pack(Buffer.from(asLines([order('2', source), order('3', source)]))), {
      ...NDJSON,
      ...encoding,
    });
    expect([lines.status, lines.body]).toMatchObject([200, { accepted: 2 }]);
  });

  it.each(['compress', 'zstd', 'gzip, br', 'aws-chunked', 'constructor'])(
    'is rejected in an encoding that is not read: %s',
    async (name) => {
      for (const type of [JSON_TYPE, NDJSON]) {
        const answer = await listening.send('xxxx', { ...type, 'content-encoding': name });
        expect([answer.status, answer.headers['accept-encoding']]).toEqual([415, 'gzip, br, deflate']);
      }
      const answer = await listening.send('{}', { ...JSON_TYPE, 'content-encoding': name }, '/v1/types');
      expect(answer.status).toBe(415);
    },
  );

  it.each([
    ['is no gzip', Buffer.from('not gzip at all')],
    ['is cut off', gzipSync(Buffer.from(JSON.stringify(order('1', 'cut')))).subarray(0, 60)],
  ])('is rejected where it %s', async (_, body) => {
    const answer = await listening.send(body, { ...JSON_TYPE, 'content-encoding': 'gzip' });
    expect([answer.status, answer.body['detail']]).toEqual([400, 'The body is not valid gzip, or it ends too early.']);
    expect((await listening.send(body, { ...NDJSON, 'content-encoding': 'gzip' })).status).toBe(400);
  });

  it('is bounded by its size after unpacking, and by its ratio', async () => {
    const large = gzipSync(Buffer.from(`[${' '.repeat(30_000)}]`));
    expect((await listening.send(large, { ...JSON_TYPE, 'content-encoding': 'gzip' })).status).toBe(413);
    const bomb = gzipSync(Buffer.alloc(40 * 1024 * 1024, '\n'));
    const answer = await listening.send(bomb, { ...NDJSON, 'content-encoding': 'gzip' });
    expect([answer.status, answer.body['type']]).toEqual([413, 'urn:perennial:problem:packed-too-densely']);
  });

  it('of any length is read as a stream, and says what was ingested before it broke', async () => {
    const lines = Buffer.from(
      asLines(
        Array.from({ length: 4_000 }, (_, at) =>
          order(`n${at}`, 'long', { correlationId: `${Math.imul(at, 2654435761)}` }),
        ),
      ),
    );
    const packed = gzipSync(lines);
    const whole = await listening.send(packed, { ...NDJSON, 'content-encoding': 'gzip' });
    expect(whole.body).toMatchObject({ received: 4_000, accepted: 4_000 });
    const cut = await listening.send(packed.subarray(0, packed.length - 200), {
      ...NDJSON,
      'content-encoding': 'gzip',
    });
    expect(cut.status).toBe(400);
    expect(cut.body['received']).toBe(cut.body['duplicate']);
    expect(cut.body['detail']).toContain('events were ingested');
  });
});

describe('a body whose client is slow', () => {
  let listening: Listening;
  beforeAll(async () => {
    listening = await Listening.start({ BODY_IDLE_SECONDS: '1', BODY_SECONDS: '4', MAX_IN_FLIGHT_REQUESTS: '6' });
  });
  afterAll(() => listening.engine.stop());

  it('is answered with 408 where nothing arrives, and gives its place back', async () => {
    const silent = Array.from({ length: 3 }, () => listening.begin(16_777, '['));
    // Half of the places are the share of this key; another key still has its own.
    await new Promise((wake) => setTimeout(wake, 100));
    expect((await listening.send(JSON.stringify(order('1', 'other')), JSON_TYPE)).status).toBe(429);
    const other = listening.engine.key('publish');
    expect(
      (await listening.send(JSON.stringify(order('1', 'other')), JSON_TYPE, '/v1/touchpoints', other)).status,
    ).toBe(200);
    for (const { answered } of silent) expect(await answered).toMatch(/^HTTP\/1\.1 408 [\s\S]*body-timeout/);
    expect((await listening.send(JSON.stringify(order('2', 'after')), JSON_TYPE)).status).toBe(200);
  });

  it.each(['application/json', 'application/x-ndjson'])('is answered with 408 where it drips: %s', async (type) => {
    const { socket, answered } = listening.begin(16_777, '', type);
    const drip = setInterval(() => socket.write(' '), 100);
    try {
      expect(await answered).toMatch(/^HTTP\/1\.1 408 /);
    } finally {
      clearInterval(drip);
    }
  });

  it('is answered with 408 where the whole takes too long, and not where a stream goes on', async () => {
    const text = JSON.stringify(order('1', 'slow'));
    const run = (type: string) => {
      const { socket, answered } = listening.begin(1_000_000, '', type);
      let sent = 0;
      const flow = setInterval(() => {
        socket.write(`${' '.repeat(2_000)}${type === 'application/json' ? '' : `${sent === 0 ? text : ''}\n`}`);
        sent += 1;
      }, 250);
      return { socket, answered: answered.finally(() => clearInterval(flow)), stop: () => clearInterval(flow) };
    };
    const whole = run('application/json');
    const stream = run('application/x-ndjson');
    expect(await whole.answered).toMatch(/^HTTP\/1\.1 408 [\s\S]*did not arrive within 4 seconds/);
    await new Promise((wake) => setTimeout(wake, 500));
    expect(stream.socket.destroyed).toBe(false);
    stream.stop();
    expect(await stream.answered).toMatch(/^HTTP\/1\.1 408 [\s\S]*bytes of the body arrived/);
  });

  it('on every other route too', async () => {
    const socket = connect(listening.port, '127.0.0.1');
    socket.write(
      'POST /v1/types HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{',
    );
    const [answer] = (await once(socket.setEncoding('utf8'), 'data')) as [string];
    expect(answer).toMatch(/^HTTP\/1\.1 (401|408) /);
    socket.destroy();
  });
});

describe('the JSON body of any other route', () => {
  let listening: Listening;
  beforeAll(async () => {
    listening = await Listening.start();
  });
  afterAll(() => listening.engine.stop());
  const type = (text: string) => listening.send(Buffer.from(text, 'latin1'), JSON_TYPE, '/v1/types');
  const schema = '"schema":{"type":"object","properties":{"a":{"type":"number"}}}';

  it('is UTF-8, has no key twice, and loses no digits', async () => {
    expect(await type('{"name":"caf\xe9"}')).toMatchObject({
      status: 400,
      body: { type: 'urn:perennial:problem:not-utf-8' },
    });
    expect(await type(`{"name":"a","name":"b",${schema}}`)).toMatchObject({
      status: 400,
      body: { type: 'urn:perennial:problem:duplicate-key', errors: [{ pointer: '#/name' }] },
    });
    expect(await type('{"name":"a","schema":{"maximum":9007199254740993}}')).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '#/schema/maximum' }] },
    });
    expect((await type('{"__proto__":{}}')).status).toBe(400);
    expect((await type('{')).status).toBe(400);
    expect(
      (await type(`{"name":"seen-it","version":1,"origin":"customer","group":"awareness",${schema}}`)).status,
    ).toBe(200);
  });

  it('may begin with a byte-order mark', async () => {
    const document = `\ufeff{"name":"seen-that","version":1,"origin":"customer","group":"awareness",${schema}}`;
    for (const bytes of [
      Buffer.from(document),
      Buffer.from(document, 'utf16le'),
      Buffer.from(document, 'utf16le').swap16(),
    ])
      expect((await listening.send(bytes, JSON_TYPE, '/v1/types')).status).toBe(200);
  });
});
