import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DAY } from '#contracts';
import { openDatabase, type Database } from '#database';
import { openSqliteLog, type EventLog } from '#event-log';
import { DefineSegment, ManageSegments } from '#ingestion';
import { SYSTEM_CLOCK } from '#platform';
import { Projector } from '#projections';
import { generateLog, madeItem, type Population } from './measuring/generated-log.js';
import { startPostgres } from './measuring/shared-stores.js';
import { milliseconds, perSecond, quantile, report, seconds, type ReportRow } from './measuring/table.js';

/**
 * Segments of many customers: how long a definition of fifty segments takes over all of them; how soon a change of one customer is visible in a
 * segment while events come at a steady rate; and how late a customer leaves that time alone moves out. The baseline of the first is a rebuild of the
 * same read models, of the second the goal.
 *
 *     npm run bench -- segments [--customers 100000] [--events 500000] [--per-second 1000] [--seconds 20] [--postgres]
 */
const { values: options } = parseArgs({
  options: {
    customers: { type: 'string', default: '100000' },
    events: { type: 'string', default: '500000' },
    'per-second': { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '20' },
    segments: { type: 'string', default: '50' },
    postgres: { type: 'boolean', default: false },
  },
});
const CUSTOMERS = Number(options.customers);
const EVENTS = Number(options.events);
const PER_SECOND = Number(options['per-second']);
const SECONDS = Number(options.seconds);
const SEGMENTS = Number(options.segments);
const BATCH = 20;
const POLL_MS = 10;
/** So many customers leave by the mere passing of time while the events come. */
const LEAVING = 100;

const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
const until = Date.now() - 60_000;
const population: Population = { customers: CUSTOMERS, events: EVENTS, until, lapsing: { customers: 0, from: until } };
const postgres = options.postgres ? await startPostgres() : null;

/** Conditions as marketing has them: figures, silence, behaviour in windows of many lengths. */
const conditionOf = (n: number): unknown => {
  switch (n % 5) {
    case 0:
      return { did: 'product-viewed', atLeast: 1 + (n % 3), withinDays: 7 + n * 3 };
    case 1:
      return {
        all: [
          { field: 'orders', op: 'at-least', value: 1 + (n % 4) },
          { not: { did: 'message-clicked', withinDays: 30 + n } },
        ],
      };
    case 2:
      return { field: 'revenue', op: 'at-least', value: { amountMinor: 10_000 * n, currency: 'EUR' } };
    case 3:
      return { sequence: [{ did: 'product-viewed' }, { did: 'order-placed', withinDays: 1 + n }] };
    default:
      return {
        all: [
          { field: 'lastPurchaseAt', op: 'older-than-days', value: 30 + n },
          { field: 'phase', op: 'one-of', value: ['active', 'onboarding', 'at-risk'] },
        ],
      };
  }
};

async function defineAll(log: EventLog): Promise<void> {
  const segments = new ManageSegments(log, SYSTEM_CLOCK);
  const definitions = [
    ...Array.from({ length: SEGMENTS - 2 }, (_, n) => ({ id: `s-${n}`, name: `Segment ${n}`, when: conditionOf(n) })),
    { id: 'probed', name: 'Probed', when: { did: 'event-attended', withinDays: 30 } },
    { id: 'leaving', name: 'Leaving', when: { did: 'demo-attended', withinDays: 1 } },
  ];
  for (const definition of definitions) {
    const verdict = await segments.define(new DefineSegment(definition));
    if (!verdict.ok) throw new Error(JSON.stringify(verdict.errors));
  }
}

/** A touchpoint of a known customer, as `madeItem` makes it, of another type. */
function probe(n: number, type: string, occurredAt: number) {
  const item = madeItem(EVENTS + 10_000_000 + n, population, occurredAt);
  const id = `probe-${type}-${n}`;
  const contentHash = createHash('md5').update(id).digest();
  return { ...item, event: { ...item.event, id, type, contentHash, data: '{}' } };
}

/** Until a customer's membership is as expected: the instants at which that was seen, by customer. */
async function watch(
  database: Database,
  segmentId: string,
  expected: ReadonlyMap<string, number>,
  member: boolean,
  untilMs: number,
): Promise<number[]> {
  const delays: number[] = [];
  const open = new Map(expected);
  const [live] = await database.query<{ schema_name: string }>(
    `SELECT schema_name FROM perennial.versions WHERE status = 'live'`,
  );
  while (open.size > 0 && performance.now() < untilMs) {
    const rows = await database.query<{ subject_id: string }>(
      `SELECT s.subject_id FROM ${live?.schema_name}.segment_members m JOIN ${live?.schema_name}.subjects s USING (customer_id) WHERE m.segment_id = $1`,
      [segmentId],
    );
    const now = Date.now();
    const members = new Set(rows.map((row) => row.subject_id));
    for (const [subjectId, due] of open)
      if (members.has(subjectId) === member && now >= due) {
        delays.push(now - due);
        open.delete(subjectId);
      }
    await sleep(POLL_MS);
  }
  if (open.size > 0) throw new Error(`${open.size} changes of ${segmentId} were not seen.`);
  return delays;
}

try {
  console.error(`generated in ${seconds(await generateLog(folder, population, () => undefined))}`);
  const log = await openSqliteLog({ file: join(folder, 'log.db'), clock: SYSTEM_CLOCK });
  const database = await openDatabase(
    postgres === null
      ? { kind: 'pglite', folder: join(folder, 'readmodels') }
      : { kind: 'postgres', url: postgres.url },
  );
  const projector = await Projector.open({ database, log, clock: SYSTEM_CLOCK });
  let begun = performance.now();
  await projector.catchUp();
  const buildMs = performance.now() - begun;
  console.error(`built in ${seconds(buildMs)}`);

  await defineAll(log);
  begun = performance.now();
  await projector.catchUp();
  const defineMs = performance.now() - begun;
  console.error(`defined in ${seconds(defineMs)}: ${JSON.stringify((await projector.status()).stepMs)}`);

  projector.start();
  const visible = new Map<string, number>();
  const leaving = new Map<string, number>();
  const began = Date.now();
  const load = (async () => {
    for (let sent = 0; sent < PER_SECOND * SECONDS; sent += BATCH) {
      const due = began + (sent / PER_SECOND) * 1_000;
      await sleep(Math.max(0, due - Date.now()));
      const items = Array.from({ length: BATCH }, (_, n) => madeItem(EVENTS + sent + n, population, Date.now()));
      if (sent % (PER_SECOND / 10) === 0) {
        const item = probe(sent, 'event-attended', Date.now());
        const subjectId = item.stream.slice('subject-'.length);
        if (!visible.has(subjectId)) {
          visible.set(subjectId, Date.now());
          items.push(item);
        }
      }
      await log.appendMany(items);
    }
  })();
  // A day ago and a little more: they leave while the events come.
  const exits = Array.from({ length: LEAVING }, (_, n) => ({ n, dueAt: began + 8_000 + n * 50 }));
  await log.appendMany(
    exits.map(({ n, dueAt }) => {
      const item = probe(n, 'demo-attended', dueAt - DAY);
      leaving.set(item.stream.slice('subject-'.length), dueAt);
      return item;
    }),
  );
  const endMs = performance.now() + (SECONDS + 30) * 1_000;
  const left = watch(database, 'leaving', leaving, false, endMs);
  await load;
  const entered = await watch(database, 'probed', visible, true, endMs);
  const exitDelays = await left;
  await projector.stop();
  // What was entered before the load ended was seen after it: its delay is read from what was published.
  const published = await database.query<{ at: number; published_at: number }>(
    `SELECT at, published_at FROM perennial.segment_changes WHERE segment_id = 'probed' AND kind = 'entered'`,
  );
  const delays = published.map((row) => row.published_at - row.at);
  await database.close();
  await log.close();

  const line = (what: string, ours: string, goal: string): ReportRow => ({ what, raw: '', ours, ratio: '', goal });
  report(
    `${SEGMENTS} segments of ${CUSTOMERS.toLocaleString('en')} customers with ${EVENTS.toLocaleString('en')} touchpoints, read models on ` +
      `${postgres === null ? 'PGlite' : 'PostgreSQL'}; ${availableParallelism()} cores, Node ${process.version}`,
    [
      {
        what: 'defining all of them',
        raw: seconds(buildMs),
        ours: `${seconds(defineMs)} (${perSecond(CUSTOMERS, defineMs)})`,
        ratio: (buildMs / defineMs).toFixed(2),
        goal: '(to know)',
      },
      line(
        `entering, ${entered.length} looked for at ${PER_SECOND} events/s: p50`,
        milliseconds(quantile(delays, 0.5)),
        '',
      ),
      line('p99', milliseconds(quantile(delays, 0.99)), '≤ 1000 ms'),
      line(`leaving by time, ${exitDelays.length} customers: p50`, milliseconds(quantile(exitDelays, 0.5)), ''),
      line('max', milliseconds(Math.max(...exitDelays)), '≤ 5000 ms'),
    ],
    [
      'raw of the definition: the build of all read models from the same log.',
      'entering: from the instant of the event to the transaction that made the membership visible; leaving: from the end of the window to the first look that does not find the member.',
    ],
  );
} finally {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
}
