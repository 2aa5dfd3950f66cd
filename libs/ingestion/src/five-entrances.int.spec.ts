import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiKeys } from '#keys';
import { FileBroken, FileRejected, mappedReader, parseMapping, PRESETS, type ImportReader } from '#imports';
import { importedItem } from './importing/imported-item.js';
import { ingestPages } from './kafka/message-pages.js';
import { topicMappings } from './kafka/topic-mappings.js';
import { IngestTouchpointsHandler, IngestTouchpoints } from './pipeline/ingest-touchpoints.js';
import type { IngestItem, ItemResult } from './pipeline/item.js';
import { IngestionApp } from './testdata/intake-app.js';

/** What becomes of one event at an entrance: `accepted` with the subject that it names, or the code of its rejection. */
type Outcome = string;
type Entrance = (bytes: Buffer) => Promise<Outcome>;

let engine: IngestionApp;
let folder: string;
let key: string;
beforeAll(async () => {
  engine = await IngestionApp.start();
  key = engine.key('publish');
  folder = mkdtempSync(join(tmpdir(), 'entrances-'));
});
afterAll(async () => {
  await engine.stop();
  rmSync(folder, { recursive: true });
});

const codeOf = ({ outcome, code }: ItemResult): Outcome => (outcome === 'quarantined' ? (code ?? '') : outcome);

async function http(bytes: Buffer, type: string): Promise<Outcome> {
  const answer = await engine.app.inject({
    ...{ method: 'POST', url: '/v1/touchpoints?verbose=true', payload: bytes },
    headers: { authorization: `Bearer ${key}`, 'content-type': type },
  });
  const body = answer.json<{ type?: string; results?: ItemResult[] }>();
  if (answer.statusCode === 400) return body.type === 'about:blank' ? '400' : (body.type?.split(':').at(-1) ?? '');
  return body.results === undefined || body.results[0] === undefined
    ? `none ${answer.statusCode}`
    : codeOf(body.results[0]);
}

async function ingest(items: readonly IngestItem[]): Promise<Outcome> {
  const result = await engine.app
    .get(IngestTouchpointsHandler)
    .execute(new IngestTouchpoints(items, Date.UTC(2026, 0, 31, 12)));
  return result.results[0] === undefined ? 'none' : codeOf(result.results[0]);
}

async function imported(bytes: Buffer, reader: ImportReader): Promise<Outcome> {
  const path = join(folder, 'rows');
  writeFileSync(path, bytes);
  let first: Outcome | null = null;
  try {
    for await (const page of reader.read({ path, name: 'rows' }, { lines: 0, notices: new Map() }))
      for (const item of page) first ??= await ingest([importedItem(item)]);
  } catch (error) {
    if (error instanceof FileRejected) return 'file-rejected';
    if (error instanceof FileBroken) return 'file-broken';
    throw error;
  }
  return first ?? 'none';
}

const touchpoints = PRESETS.find(({ name }) => name === 'touchpoints');
const fileOf: Entrance = (bytes) =>
  imported(
    bytes,
    (touchpoints as NonNullable<typeof touchpoints>).reader({ timeZone: 'UTC', currency: null, source: 's' }),
  );

const kafka = async (value: Buffer, mappings?: object): Promise<Outcome> => {
  const origin = {
    topic: 'touchpoints.x',
    partition: 0,
    mapping: mappings === undefined ? undefined : topicMappings({ 'touchpoints.x': mappings }).get('touchpoints.x'),
  };
  const message = { key: null, value, headers: {}, offset: 0, timestamp: Date.UTC(2026, 0, 31, 12) };
  let outcome = 'none';
  await ingestPages([{ origin, messages: [message], size: 1 }], async (items) => {
    const result = await engine.app
      .get(IngestTouchpointsHandler)
      .execute(new IngestTouchpoints(items, Date.UTC(2026, 0, 31, 12)));
    if (result.results[0] !== undefined) outcome = codeOf(result.results[0]);
    return result;
  });
  return outcome;
};

/** The entrances for events in our own JSON form. */
const JSON_ENTRANCES: readonly (readonly [string, Entrance])[] = [
  ['HTTP, JSON', (bytes) => http(bytes, 'application/json')],
  ['HTTP, NDJSON', (bytes) => http(bytes, 'application/x-ndjson')],
  ['Kafka', (bytes) => kafka(bytes)],
  ['a file of touchpoints', fileOf],
];

let count = 0;
/** An order in our JSON form, in which the customer, the order and more can be written as they stand. */
const event = (userId: string, more = '', orderId = '"o1"'): string => {
  count += 1;
  return `{"id":"e${count}","source":"s","type":"order-placed","channel":"web","identifiers":[{"namespace":"userId","value":${userId}}],"data":{"orderId":${orderId},"currency":"EUR","totalMinor":100${more}}}`;
};
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('an event in our JSON form is judged alike at every entrance', () => {
  const cases: readonly (readonly [string, () => Buffer, Outcome])[] = [
    ['plain', () => Buffer.from(event('"Müller"')), 'accepted'],
    ['with a byte-order mark', () => Buffer.from(`\ufeff${event('"Müller"')}`), 'accepted'],
    ['in UTF-16LE with a mark', () => Buffer.from(`\ufeff${event('"Müller"')}`, 'utf16le'), 'accepted'],
    ['in UTF-16BE with a mark', () => Buffer.from(`\ufeff${event('"Müller"')}`, 'utf16le').swap16(), 'accepted'],
    ['in Latin 1', () => latin1(event('"M\xfcller"')), 'not-utf-8'],
    [
      'cut within a character',
      () => Buffer.concat([Buffer.from(event('"M')).subarray(0, 40), Buffer.from([0xc3, 0x22])]),
      'not-utf-8',
    ],
    [
      'with half a surrogate pair in its bytes',
      () => Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
      'not-utf-8',
    ],
    ['with a key twice', () => Buffer.from(event('"u"', ',"totalMinor":9900')), 'duplicate-key'],
    ['with a key twice, once escaped', () => Buffer.from(event('"u"', ',"order\\u0049d":"o2"')), 'duplicate-key'],
    [
      'with a key twice in an unknown field',
      () => Buffer.from(event('"u"', ',"x":{"a":[{"b":1,"b":2}]}')),
      'duplicate-key',
    ],
    ['with an id twice', () => Buffer.from(event('"u"').replace('{', '{"id":"first",')), 'duplicate-key'],
    ['with a number that loses digits', () => Buffer.from(event('"u"', ',"x":9007199254740993')), 'number-inexact'],
    ['with a number out of range', () => Buffer.from(event('"u"', ',"x":{"y":1e400}')), 'number-inexact'],
    [
      'with a decimal that loses digits',
      () => Buffer.from(event('"u"', ',"x":0.12345678901234567891')),
      'number-inexact',
    ],
    [
      'with numbers that do not',
      () => Buffer.from(event('"u"', ',"x":[-0, 0.1, 1e21, 9007199254740991, 0.10000000000000001]')),
      'accepted',
    ],
    ['whose customer is a number', () => Buffer.from(event('4915123456789')), 'envelope-invalid'],
    ...['4.91512E+12', '4,91512E+12', '#######', '#N/A', '#VALUE!', '5-Jan', 'M\ufffdller'].map(
      (id) =>
        [`whose customer is ${id}`, () => Buffer.from(event(JSON.stringify(id))), 'placeholder-identifier'] as const,
    ),
    ...['1.23E+05', '#REF!', 'o\ufffd1'].map(
      (id) =>
        [`whose order is ${id}`, () => Buffer.from(event('"u"', '', JSON.stringify(id))), 'data-invalid'] as const,
    ),
    [
      'whose own id is spoilt',
      () => Buffer.from(event(`"u${count}"`).replace(/"id":"e\d+"/, '"id":"1.23E+05"')),
      'envelope-invalid',
    ],
    ...['="00123"', ` = "00123" `, "'00123", "'+4915123456789"].map(
      (id) =>
        [`whose customer is ${id}`, () => Buffer.from(event(JSON.stringify(id))), 'placeholder-identifier'] as const,
    ),
    ["whose customer is 't Hooft", () => Buffer.from(event('"\'t Hooft"')), 'accepted'],
    ['whose customer is behind a tab', () => Buffer.from(event('"\\t00123"')), 'accepted'],
    ['whose order is a formula', () => Buffer.from(event('"u"', '', '"=\\"A1\\""')), 'data-invalid'],
    [
      'whose id is a long number',
      () => Buffer.from(event(`"u${count}"`).replace(/"id":"e\d+"/, '"id":9007199254740993')),
      'number-inexact',
    ],
    ['whose amount is written with an exponent', () => Buffer.from(event('"u"').replace(':100}', ':1e2}')), 'accepted'],
    ['whose amount has a decimal point', () => Buffer.from(event('"u"').replace(':100}', ':100.0}')), 'accepted'],
    ['whose amount is a text', () => Buffer.from(event('"u"').replace(':100}', ':"100"}')), 'data-invalid'],
    ['with half a surrogate pair that is escaped', () => Buffer.from(event('"\\ud800"')), 'envelope-invalid'],
    ['with a NUL that is escaped', () => Buffer.from(event('"a\\u0000"')), 'envelope-invalid'],
    ['with a NUL in its bytes', () => Buffer.from(event('"a\0b"')), 'unreadable'],
    [
      'in UTF-32LE with a mark',
      () =>
        Buffer.concat([
          Buffer.from([0xff, 0xfe, 0, 0]),
          Buffer.from([...event('"u"')].flatMap((one) => [one.charCodeAt(0), 0, 0, 0])),
        ]),
      'unreadable',
    ],
    ['with two byte-order marks', () => Buffer.from(`\ufeff\ufeff${event('"u"')}`), 'unreadable'],
    [
      'with a key twice, as a path',
      () => Buffer.from(event('"u"', ',"__proto__":{"a":1},"__proto__":{"a":2}')),
      'duplicate-key',
    ],
    ['with keys that differ in capitals', () => Buffer.from(event('"u"', ',"Note":1,"NOTE":2')), 'accepted'],
    ['that is not JSON', () => Buffer.from('{"id":'), 'unreadable'],
    ['that is JSON with a comment', () => Buffer.from(`${event('"u"')} // x`), 'unreadable'],
  ];
  /** A body as a whole is answered with 400; a line or a message is quarantined under its code, and a row as malformed. */
  const spelled = (entrance: string, outcome: Outcome): Outcome => {
    if (outcome !== 'unreadable') return outcome;
    return entrance === 'HTTP, JSON' ? '400' : entrance === 'a file of touchpoints' ? 'row-malformed' : outcome;
  };
  it.each(cases)('%s', async (_, make, outcome) => {
    for (const [entrance, send] of JSON_ENTRANCES) {
      const found = await send(make());
      expect([entrance, found]).toEqual([entrance, spelled(entrance, outcome)]);
    }
  });
});

const MAPPING = {
  ...{ id: { column: 'no' }, source: { value: 'm' }, type: { value: 'order-placed' } },
  occurredAt: { column: 'when' },
  identifiers: [{ namespace: 'userId', column: 'user' }],
  data: { orderId: { column: 'order' }, currency: { value: 'EUR' }, totalMinor: { value: 100 } },
};

describe('a row of a form of its own is judged alike at every entrance', () => {
  const entrances = (
    encoding?: string,
  ): readonly (readonly [string, (cells: readonly [string, string]) => Promise<Outcome>])[] => {
    const mapping = { ...MAPPING, ...(encoding === undefined ? {} : { encoding }) };
    const json = ([user, order]: readonly [string, string]) =>
      latin1(
        `{"no":"r${(count += 1)}","when":"2026-01-05T10:00:00Z","user":${JSON.stringify(user)},"order":${JSON.stringify(order)}}`,
      );
    const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
    return [
      [
        'CSV',
        ([user, order]) =>
          imported(
            latin1(`no,when,user,order\nr${(count += 1)},2026-01-05T10:00:00Z,${quoted(user)},${quoted(order)}\n`),
            mappedReader(parseMapping(mapping)),
          ),
      ],
      ['NDJSON', (cells) => imported(json(cells), mappedReader(parseMapping({ ...mapping, format: 'ndjson' })))],
      ['Kafka with a mapping', (cells) => kafka(json(cells), mapping)],
    ];
  };

  it.each([
    ['plain', ['u1', 'o1'], undefined, 'accepted'],
    ['in Latin 1', ['M\xfcller', 'o1'], undefined, 'not-utf-8'],
    ['in Latin 1, as the mapping says', ['M\xfcller', 'o1'], 'latin1', 'accepted'],
    ['whose customer is spoilt', ['4.91512E+12', 'o1'], undefined, 'placeholder-identifier'],
    ['whose customer is marked as text', ['="00123"', 'o1'], undefined, 'accepted'],
    ['whose order is spoilt', ['u1', '#N/A'], undefined, 'data-invalid'],
  ] as const)('%s', async (_, cells, encoding, outcome) => {
    for (const [entrance, send] of entrances(encoding))
      expect([entrance, await send(cells)]).toEqual([entrance, outcome]);
  });

  it('with a number beyond 2^53, whose digits are kept', async () => {
    const line = (user: string) =>
      Buffer.from(`{"no":"d${user}","when":"2026-01-05T10:00:00Z","user":${user},"order":${user}}`);
    const ndjson = mappedReader(parseMapping({ ...MAPPING, format: 'ndjson' }));
    for (const user of ['900719925474099301', '900719925474099302']) {
      expect(await imported(line(user), ndjson)).toBe('accepted');
      // The same event by another entrance: its content is the same, digit for digit.
      expect(await kafka(line(user), MAPPING)).toBe('duplicate');
    }
  });
});

describe('what is packed', () => {
  const packed = async (bytes: Buffer, type: string, encoding: string | null): Promise<Outcome> => {
    const answer = await engine.app.inject({
      ...{ method: 'POST', url: '/v1/touchpoints?verbose=true', payload: bytes },
      headers: {
        ...{ authorization: `Bearer ${key}`, 'content-type': type },
        ...(encoding === null ? {} : { 'content-encoding': encoding }),
      },
    });
    const [result] = answer.json<{ results?: ItemResult[] }>().results ?? [];
    return result === undefined ? String(answer.statusCode) : codeOf(result);
  };
  const csv = (bytes: Buffer) => imported(bytes, mappedReader(parseMapping(MAPPING)));
  const ndjson = (bytes: Buffer) => imported(bytes, mappedReader(parseMapping({ ...MAPPING, format: 'ndjson' })));
  const rows = (): Buffer => Buffer.from(`no,when,user,order\np${(count += 1)},2026-01-05T10:00:00Z,u,o\n`);
  const line = (): Buffer =>
    Buffer.from(`{"no":"p${(count += 1)}","when":"2026-01-05T10:00:00Z","user":"u","order":"o"}\n`);
  const entrances: readonly (readonly [string, Entrance, () => Buffer])[] = [
    ['HTTP, JSON', (bytes) => packed(bytes, 'application/json', 'gzip'), () => Buffer.from(event('"u"'))],
    ['HTTP, NDJSON', (bytes) => packed(bytes, 'application/x-ndjson', 'gzip'), () => Buffer.from(event('"u"'))],
    ['a file of touchpoints', fileOf, () => Buffer.from(event('"u"'))],
    ['CSV', csv, rows],
    ['NDJSON', ndjson, line],
  ];
  const isHttp = (entrance: string) => entrance.startsWith('HTTP');

  it.each(entrances)('once is read, and in several parts too: %s', async (_, send, make) => {
    expect(await send(gzipSync(make()))).toBe('accepted');
    const whole = make();
    const parts = [whole.subarray(0, 20), whole.subarray(20)].map((part) => gzipSync(part));
    expect(await send(Buffer.concat(parts))).toBe('accepted');
  });

  it.each(entrances)('twice is rejected as a whole: %s', async (entrance, send, make) => {
    expect(await send(gzipSync(gzipSync(make())))).toBe(isHttp(entrance) ? '415' : 'file-rejected');
  });

  it.each(entrances)('and cut off or damaged is told so: %s', async (entrance, send, make) => {
    const cut = [30, -8, -3].map((end) => gzipSync(make()).subarray(0, end));
    const damaged = Buffer.concat([gzipSync(make()).subarray(0, -8), Buffer.alloc(8)]);
    const partCut = Buffer.concat([gzipSync(make()), gzipSync(make()).subarray(0, 5)]);
    for (const bytes of [...cut, damaged, partCut]) {
      const outcome = await send(bytes);
      // A stream says what was ingested before it broke.
      if (entrance === 'HTTP, NDJSON') expect(['400', 'accepted']).toContain(outcome);
      else expect(outcome).toBe(isHttp(entrance) ? '400' : 'file-broken');
    }
  });

  it('without a header that says so is rejected as a whole, and in a message it is one bad event', async () => {
    expect(await packed(gzipSync(event('"u"')), 'application/x-ndjson', null)).toBe('415');
    expect(await packed(gzipSync(event('"u"')), 'application/json', null)).toMatch(/^4/);
    expect(await kafka(gzipSync(event('"u"')))).toBe('not-utf-8');
    expect(await kafka(gzipSync(line()), MAPPING)).toBe('not-utf-8');
  });
});

describe('a call of an analytics library, the sixth entrance, is judged as an event is', () => {
  const call = (userId: string, more = ''): string => {
    count += 1;
    return `{"messageId":"c${count}","userId":${userId},"event":"Order Completed","properties":{"order_id":"o","total":1,"currency":"EUR"${more}}}`;
  };
  const send: Entrance = async (bytes) => {
    const options = { role: 'channel', expiresAt: Date.UTC(2027, 0, 1), scopes: { sources: ['s'] } } as const;
    const { key: own } = engine.app.get(ApiKeys).create('of a library', ['publish'], options);
    const { statusCode, body } = await engine.app.inject({
      ...{ method: 'POST', url: '/v1/track', payload: bytes },
      headers: { authorization: `Basic ${Buffer.from(`${own}:`).toString('base64')}`, 'content-type': 'text/plain' },
    });
    if (statusCode !== 200) return String(statusCode);
    const { accepted, rejected } = JSON.parse(body) as { accepted: number; rejected: readonly { error: string }[] };
    return accepted === 1 ? 'accepted' : (rejected[0]?.error ?? 'none');
  };
  const cases: readonly (readonly [string, () => Buffer, Outcome])[] = [
    ['plain', () => Buffer.from(call('"Müller"')), 'accepted'],
    ['with a byte-order mark', () => Buffer.from(`\ufeff${call('"Müller"')}`), 'accepted'],
    ['in UTF-16LE with a mark', () => Buffer.from(`\ufeff${call('"Müller"')}`, 'utf16le'), 'accepted'],
    ['in Latin 1', () => latin1(call('"M\xfcller"')), '400'],
    ['with a key twice', () => Buffer.from(call('"u"', ',"total":2')), 'duplicate-key'],
    ['with half a surrogate pair that is escaped', () => Buffer.from(call('"\\ud800"')), 'envelope-invalid'],
    ['with a NUL that is escaped', () => Buffer.from(call('"a\\u0000"')), 'envelope-invalid'],
    ['that is not JSON', () => Buffer.from('{"event":'), '400'],
    // As a mapping keeps the digits of a number, whose form is not ours either.
    ['whose customer is a long number', () => Buffer.from(call('9007199254740993')), 'accepted'],
    ...['4.91512E+12', '#N/A', 'M\ufffdller', '="00123"'].map(
      (id) =>
        [`whose customer is ${id}`, () => Buffer.from(call(JSON.stringify(id))), 'placeholder-identifier'] as const,
    ),
  ];
  it.each(cases)('%s', async (_, make, outcome) => {
    expect(await send(make())).toBe(outcome);
  });
});

describe('two events that cannot be read', () => {
  it('are two, where their bytes differ', async () => {
    const ids = async (lines: readonly Buffer[]): Promise<number> => {
      const answer = await engine.app.inject({
        ...{
          method: 'POST',
          url: '/v1/touchpoints',
          payload: Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])),
        },
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/x-ndjson' },
      });
      const { results } = answer.json<{ results: ItemResult[] }>();
      return new Set(results.map(({ quarantineId }) => quarantineId)).size;
    };
    expect(await ids([latin1('M\xfcller'), latin1('M\xf6ller')])).toBe(2);
    expect(await ids([Buffer.from('{"id":"a","id":"c"}'), Buffer.from('{"id":"b","id":"c"}')])).toBe(2);
    expect(await ids([Buffer.from('{"n":9007199254740993}'), Buffer.from('{"n":9007199254740992.9}')])).toBe(2);
    const deep = (depth: number) => Buffer.from(`${'['.repeat(depth)}${']'.repeat(depth)}`);
    expect(await ids([deep(5_000), deep(100_000), deep(100_000)])).toBe(2);
  });
});
