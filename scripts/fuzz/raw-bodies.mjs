// What schemathesis cannot send: bytes that are no UTF-8, doubled keys, packed and broken bodies, other encodings, and clients that send slowly or
// fall silent. Each case has a status below 500, and the engine answers others in the meantime.
import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

/** mulberry32: the same cases in every run. */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const TYPES = [
  'application/json',
  'application/x-ndjson',
  'application/cloudevents+json',
  'application/cloudevents-batch+json',
  'application/json; charset=utf-16',
  'application/json; charset=windows-1252',
];

const event = (n) => ({
  ...{ id: `raw-${n}`, source: 'fuzz', type: 'order-placed', time: '2026-01-31T11:00:00Z', channel: 'web' },
  identifiers: [{ namespace: 'loyaltyCard', value: `Müller-${n}` }],
  data: { orderId: `raw-${n}`, currency: 'EUR', totalMinor: 1_999 },
});

/** The ways in which a body is damaged. Each takes the text of a valid event. */
const DAMAGES = {
  'bytes that are no UTF-8': (text, draw) => {
    const bytes = Buffer.from(text);
    for (let hits = 1 + Math.floor(draw() * 3); hits > 0; hits -= 1)
      bytes[Math.floor(draw() * bytes.length)] = 0x80 + Math.floor(draw() * 0x80);
    return bytes;
  },
  'Latin-1': (text) => Buffer.from(text, 'latin1'),
  'UTF-16': (text) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]),
  'UTF-16 without a mark': (text) => Buffer.from(text, 'utf16le'),
  'a byte-order mark': (text) => Buffer.from(`\ufeff${text}`),
  'a doubled key': (text) => Buffer.from(text.replace('"source"', '"id":"other","source"')),
  'a doubled key, escaped': (text) => Buffer.from(text.replace('"orderId"', '"order\\u0049d":"x","orderId"')),
  'a number with too many digits': (text) => Buffer.from(text.replace('1999', '90071992547409930000000000000000001')),
  'half a surrogate': (text) => Buffer.from(text.replace('Müller', '\\ud83d')),
  NUL: (text) => Buffer.from(text.replace('Müller', '\\u0000')),
  'cut in the middle': (text, draw) => Buffer.from(text).subarray(0, Math.floor(draw() * text.length)),
  nothing: (text) => Buffer.from(text),
};

/** Content-Encodings, with what is sent under them. */
const PACKINGS = {
  none: null,
  gzip: (bytes) => gzipSync(bytes),
  br: (bytes) => brotliCompressSync(bytes),
  deflate: (bytes) => deflateSync(bytes),
  'gzip, cut': (bytes) => gzipSync(bytes).subarray(0, -9),
  'gzip, not packed': (bytes) => bytes,
  'gzip, far too dense': () => gzipSync(Buffer.alloc(64 * 1024 * 1024)),
  zstd: (bytes) => bytes,
  'gzip, gzip': (bytes) => gzipSync(gzipSync(bytes)),
};

/** @returns {Promise<{ cases: number, failures: string[] }>} */
export async function fuzzRawBodies(url, token, { rounds = 3, idleMs }) {
  const draw = random(7);
  const authorization = `Bearer ${token}`;
  const failures = [];
  let cases = 0;
  const send = async (title, headers, bytes) => {
    cases += 1;
    try {
      const answer = await fetch(`${url}/v1/touchpoints`, {
        ...{ method: 'POST', body: bytes, signal: AbortSignal.timeout(20_000) },
        headers: { authorization, ...headers },
      });
      const text = await answer.text();
      if (answer.status >= 500) failures.push(`${title}: ${answer.status} ${text.slice(0, 200)}`);
    } catch (error) {
      failures.push(`${title}: ${String(error.cause ?? error)}`);
    }
  };
  for (let round = 0; round < rounds; round += 1)
    for (const type of TYPES)
      for (const [damage, damaged] of Object.entries(DAMAGES)) {
        const text = JSON.stringify(event(cases));
        await send(`${type}, ${damage}`, { 'content-type': type }, damaged(text, draw));
      }
  for (const type of TYPES.slice(0, 2))
    for (const [packing, packed] of Object.entries(PACKINGS)) {
      const bytes = Buffer.from(JSON.stringify(event(cases)));
      const encoding =
        packed === null
          ? {}
          : { 'content-encoding': packing.startsWith('gzip, gzip') ? 'gzip, gzip' : packing.split(',')[0] };
      await send(`${type}, ${packing}`, { 'content-type': type, ...encoding }, packed === null ? bytes : packed(bytes));
    }
  const { cases: slow, failures: bySlow } = await slowClients(url, authorization, idleMs);
  return { cases: cases + slow, failures: [...failures, ...bySlow] };
}

/** Clients that announce a body and send a byte, or none, while another one publishes: they get 408 or are cut off, and it is served. */
async function slowClients(url, authorization, idleMs) {
  const failures = [];
  const COUNT = 40;
  const waiting = Array.from({ length: COUNT }, async (_, at) => {
    const ndjson = at % 2 === 0;
    const sent = request(`${url}/v1/touchpoints`, {
      method: 'POST',
      headers: {
        authorization,
        'content-type': ndjson ? 'application/x-ndjson' : 'application/json',
        'content-length': at % 3 === 0 ? 16_777_216 : 1_000,
      },
    });
    const ended = Promise.race([
      once(sent, 'response').then(([answer]) => {
        answer.resume();
        return answer.statusCode;
      }),
      once(sent, 'close').then(() => 'cut off'),
      sleep(idleMs * 4 + 20_000, 'still open', { ref: false }),
    ]).catch(() => 'cut off');
    sent.on('error', () => undefined);
    if (at % 4 === 0) sent.flushHeaders();
    else sent.write('{');
    const outcome = await ended;
    sent.destroy();
    if (outcome === 'still open' || (typeof outcome === 'number' && outcome >= 500 && outcome !== 503))
      failures.push(`a silent client (${ndjson ? 'NDJSON' : 'JSON'}): ${outcome}`);
  });
  await sleep(200);
  let served = 0;
  for (let n = 0; n < 20; n += 1) {
    const answer = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(20_000) });
    if (answer.ok) served += 1;
  }
  if (served < 20) failures.push(`Beside ${COUNT} silent clients, ${20 - served} of 20 requests were not answered.`);
  await Promise.all(waiting);
  const after = await fetch(`${url}/v1/touchpoints`, {
    ...{ method: 'POST', body: JSON.stringify(event('after')), signal: AbortSignal.timeout(20_000) },
    headers: { authorization, 'content-type': 'application/json' },
  });
  if (after.status !== 200)
    failures.push(`After the silent clients: ${after.status} ${(await after.text()).slice(0, 200)}`);
  return { cases: COUNT, failures };
}
