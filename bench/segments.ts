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
import { liveSchema } from '#projections/schema';
import { generateLog, madeItem, type Population } from './measuring/generated-log.js';
import { startPostgres } from './measuring/shared-stores.js';
import { milliseconds, perSecond, quantile, report, seconds, type ReportRow } from './measuring/table.js';

/**
 * Segments of many customers: how long a definition of fifty segments takes over all of them; how soon a change of one customer is visible in a
 * segment while events come at a steady rate; and how late a customer leaves that time alone moves out. The baseline of the first is the build of the
 * same read models.
 *
 *     npm run bench -- segments [--customers 1000000] [--events 1200000] [--per-second 1000] [--seconds 20] [--segments 50] [--postgres]
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
const POLL_MS = 40;
const STATUS_MS = 250;
/** What is not seen so long after no event is to be indexed and no customer to be folded is lost. */
const WAIT_MS = 3_000;
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

/** Changes of membership that are looked for: since when each is due, by subject. More may join while they are looked for. */
interface Watched {
  readonly segmentId: string;
  readonly member: boolean;
  readonly due: ReadonlyMap<string, number>;
}

/** Looks until each change was seen, or the time is over; how long each took, from the instant at which it was due to the end of the look that saw it. */
async function watch(
  database: Database,
  { segmentId, member, due }: Watched,
  going: (unseen: number) => boolean,
): Promise<{ readonly delays: number[]; readonly unseen: number }> {
  const schema = await liveSchema(database);
  const delays = new Map<string, number>();
  const met = new Set<string>();
  while (going(due.size - delays.size)) {
    const rows = await database.query<{ subject_id: string }>(
      `SELECT s.subject_id FROM ${schema}.segment_members m JOIN ${schema}.subjects s USING (customer_id) WHERE m.segment_id = $1`,
      [segmentId],
    );
    const now = Date.now();
    const members = new Set(rows.map((row) => row.subject_id));
    for (const id of members) met.add(id);
    for (const [id, at] of due)
      if (!delays.has(id) && now >= at && met.has(id) && members.has(id) === member) delays.set(id, now - at);
    await sleep(POLL_MS);
  }
  return { delays: [...delays.values()], unseen: due.size - delays.size };
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
  let endMs = Infinity;
  let loading = true;
  const going = (unseen: number): boolean => loading || (unseen > 0 && performance.now() < endMs);
  const leftSoon = watch(database, { segmentId: 'leaving', member: false, due: leaving }, going);
  const enteredSoon = watch(database, { segmentId: 'probed', member: true, due: visible }, going);
  await load;
  const loadedMs = Date.now() - began;
  const lag = (await projector.status()).lag;
  loading = false;
  for (let status = await projector.status(); status.lag > 0 || status.dirty > 0; status = await projector.status())
    await sleep(STATUS_MS);
  const caughtUpMs = Date.now() - began;
  // What is not due yet cannot be seen.
  const lastDueMs = Math.max(0, ...exits.map(({ dueAt }) => dueAt - Date.now()));
  endMs = performance.now() + lastDueMs + WAIT_MS;
  const [left, entered] = [await leftSoon, await enteredSoon];
  await projector.stop();
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
        'events sent',
        `${perSecond(PER_SECOND * SECONDS, loadedMs)}, ${lag} behind at the end, none after ${seconds(caughtUpMs)}`,
        `${PER_SECOND}/s`,
      ),
      line(`entering, ${entered.delays.length} seen: p50`, milliseconds(quantile(entered.delays, 0.5)), ''),
      line('entering: p99', milliseconds(quantile(entered.delays, 0.99)), '≤ 1000 ms'),
      line(`leaving by time, ${left.delays.length} seen: p50`, milliseconds(quantile(left.delays, 0.5)), ''),
      line('leaving by time: max', milliseconds(Math.max(...left.delays)), '≤ 5000 ms'),
      line('never seen', `${entered.unseen} entering, ${left.unseen} leaving`, '0'),
    ],
    [
      'raw of the definition: the build of all read models from the same log.',
      `entering: from the instant before the event is appended, leaving: from the end of the window, each to the look that sees it, every ${POLL_MS} ms; the looks, the sender and the engine share one process.`,
    ],
  );
  if (entered.unseen + left.unseen > 0) process.exitCode = 1;
} finally {
  await postgres?.stop();
  rmSync(folder, { recursive: true, force: true });
}
