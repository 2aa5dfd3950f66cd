import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStandalone } from './measuring/servers.js';
import { milliseconds, quantile, report, type ReportRow } from './measuring/table.js';

/**
 * How long an answer takes that opens personal data, and whose opening is durable in the log before its first byte is sent, against the same answer with the
 * fields closed (the baseline). Both are asked for in turn, one request at a time and several at once: the profile of a customer, and a timeline.
 *
 *     npm run bench -- openings [--requests 500] [--at-once 8] [--customers 500]
 */
const { values: options } = parseArgs({
  options: {
    requests: { type: 'string', default: '500' },
    'at-once': { type: 'string', default: '8' },
    customers: { type: 'string', default: '500' },
  },
});
const REQUESTS = Number(options.requests);
const AT_ONCE = Number(options['at-once']);
const CUSTOMERS = Number(options.customers);
const WARMING = Math.ceil(REQUESTS / 10);
const PAGE = 100;

const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
const engine = await startStandalone(folder, { RATE_LIMITS: 'requests=off,opened=off' });
try {
  const closed = { authorization: `Bearer ${engine.token}` };
  const open = { ...closed, 'perennial-purpose': 'service', 'perennial-ticket': 'B-1' };
  await publish(closed);
  const ids = await customersOf(closed);
  const profile = (at: number): string => `/v1/query/customer?customer=${ids[at % ids.length] ?? ''}`;

  const rows: ReportRow[] = [];
  for (const [what, path, atOnce] of [
    ['the profile of a customer, one at a time', profile, 1],
    [`the profile of a customer, ${AT_ONCE} at once`, profile, AT_ONCE],
    [
      'a timeline without personal data, one at a time',
      (at: number) => profile(at).replace('customer?', 'timeline?'),
      1,
    ],
  ] as const) {
    const [baseline, ours]: [number[], number[]] = [[], []];
    for (let done = -WARMING; done < REQUESTS; done += atOnce) {
      const times = await Promise.all(
        Array.from({ length: atOnce }, (_, at) => ask(path(done + WARMING + at), closed, 'closed')),
      );
      const opened = await Promise.all(
        Array.from({ length: atOnce }, (_, at) => ask(path(done + WARMING + at), open, 'open')),
      );
      if (done < 0) continue;
      baseline.push(...times);
      ours.push(...opened);
    }
    for (const [name, share] of [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const) {
      const [without, withRecord] = [quantile(baseline, share), quantile(ours, share)];
      rows.push({
        what: `${what}, ${name}`,
        raw: milliseconds(without),
        ours: milliseconds(withRecord),
        ratio: (withRecord / without).toFixed(2),
        goal: '',
      });
    }
  }
  report(
    `An answer that opens personal data, on record, against the same with the fields closed: ${REQUESTS} requests each, in turn; ` +
      `${availableParallelism()} cores, Node ${process.version}`,
    rows,
    ['an opening is one more append to the log, durable before the answer, and the opening of the sealed fields.'],
  );
} finally {
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function publish(headers: Readonly<Record<string, string>>): Promise<void> {
  const events = Array.from({ length: CUSTOMERS }, (_, at) => ({
    ...{ id: `o${at}`, source: 'bench', type: 'order-placed', channel: 'web', time: '2026-01-31T12:00:00Z' },
    identifiers: [{ namespace: 'email', value: `customer-${at}@shop.example`, role: 'self' }],
    data: { orderId: `o${at}`, currency: 'EUR', totalMinor: 1_990 },
  }));
  const response = await fetch(`${engine.url}/v1/touchpoints`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify(events),
  });
  if (response.status !== 200) throw new Error(`Not published: ${await response.text()}`);
}

/** The ids of all customers, once the read models have them. */
async function customersOf(headers: Readonly<Record<string, string>>): Promise<readonly string[]> {
  for (;;) {
    const ids: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const more: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const response = await fetch(`${engine.url}/v1/query/customers?limit=${PAGE}${more}`, { headers });
      const answer = (await response.json()) as {
        readonly rows: readonly { readonly customerId: string }[];
        readonly meta: { readonly nextCursor?: string | null };
        readonly nextCursor?: string | null;
      };
      ids.push(...answer.rows.map(({ customerId }) => customerId));
      cursor = answer.nextCursor ?? answer.meta.nextCursor ?? null;
    }
    if (ids.length >= CUSTOMERS) return ids;
    await new Promise((wake) => setTimeout(wake, 200));
  }
}

/** The milliseconds of one request. */
async function ask(path: string, headers: Readonly<Record<string, string>>, state: 'open' | 'closed'): Promise<number> {
  const started = performance.now();
  const response = await fetch(`${engine.url}${path}`, { headers });
  const text = await response.text();
  const elapsed = performance.now() - started;
  if (response.status !== 200 || !text.includes(`"state":"${state}"`))
    throw new Error(`Not ${state}: ${response.status} ${text.slice(0, 300)}`);
  return elapsed;
}
