import 'reflect-metadata';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openSqliteLog, type EventLog } from '#event-log';
import { openSqliteKeyStore, Sealer } from '#keys';
import { openDatabase, type Database } from '#database';
import { Projector } from '#projections';
import { liveSchema } from '#projections/schema';
import { runQuery, personalData, type QueryContext } from '#queries';
import { installedPrograms, startProgram } from '../test/services/postgres-program.js';
import type { RunningServer } from '../test/services/postgres.js';
import { generateLog, isGenerated, madeItem, type Population } from './measuring/generated-log.js';
import { megabytes, median, perSecond, quantile, report, seconds, type ReportRow } from './measuring/table.js';
import { planOf, watchedDatabase, type Asked } from './measuring/watched-database.js';

/**
 * Many customers: a log generated straight into SQLite, the read models rebuilt from it on a real PostgreSQL, the main questions asked while
 * touchpoints go on coming, and ten thousand deadlines that fall due within one minute. Fails where a question that must be quick reads a large table
 * from end to end.
 *
 *     npm run bench -- scale [--customers 100000] [--events 1000000] [--folder DIR] [--postgres postgres://…]
 *
 * With a folder, the log is kept there and gone on with where its making was killed, and every figure is appended to `figures.ndjson` in it as soon as it is known. With a
 * database of one's own as well, the same command goes on where it was killed, step by step, the rebuild by its own checkpoints: so the largest runs are made,
 *
 *     npm run bench -- scale --customers 1000000 --events 10000000 --folder DIR --postgres postgres://…
 */
const { values: options } = parseArgs({
  options: {
    customers: { type: 'string', default: '100000' },
    events: { type: 'string', default: '1000000' },
    folder: { type: 'string' },
    postgres: { type: 'string' },
  },
});
const DAY_MS = 86_400_000;
const UNTIL = Date.UTC(2026, 5, 1);
/** Under `retail` a customer with one purchase is at risk after so long. */
const AT_RISK_AFTER = 90 * DAY_MS;
const DUE_FROM = UNTIL + 3_600_000;
const population: Population = {
  customers: Number(options.customers),
  events: Number(options.events),
  until: UNTIL,
  lapsing: { customers: Math.min(10_000, Number(options.customers) / 10), from: DUE_FROM - AT_RISK_AFTER },
};
const SERVER = { shared_buffers: '2GB', maintenance_work_mem: '512MB', work_mem: '64MB', max_wal_size: '8GB' };
const LOAD_MS = 20_000;
const ASKERS = 4;
const APPENDS_PER_SECOND = 200;
/** A table with more rows than this is not to be read from end to end for one question. */
const SMALL = 10_000;

/** What was seen, and which steps are done: kept where there is a folder for it. */
const notes = options.folder === undefined ? null : join(options.folder, 'figures.ndjson');
function note(fact: Readonly<Record<string, string>>): void {
  if (notes !== null) appendFileSync(notes, `${JSON.stringify({ at: new Date().toISOString(), ...fact })}\n`);
}

/** Does a step once: one that was done by an earlier run on the same folder and database is not done again. */
async function once(step: string, work: () => Promise<void>): Promise<void> {
  if (notes !== null && options.postgres !== undefined && existsSync(notes)) {
    const done = readFileSync(notes, 'utf8').includes(`"done":"${step}"`);
    if (done) return say(`${step} was done before`);
  }
  await work();
  note({ done: step });
}

const say = (text: string): void => console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);
const lines: ReportRow[] = [];
const tell = (what: string, ours: string, ratio = ''): void => {
  lines.push({ what, raw: '', ours, ratio, goal: '' });
  note({ figure: what, ours, ratio });
  say(`${what}: ${ours} ${ratio}`);
};

/** The newest PostgreSQL that is installed here, with the memory that a machine of its own would give it, as far as this one has it. */
async function startTuned(): Promise<RunningServer> {
  const [program] = (await installedPrograms()).sort((x, y) => y.major - x.major);
  if (program === undefined) throw new Error('No PostgreSQL is installed here: npm brings one for most platforms.');
  const server = await startProgram(program);
  const admin = await untilReady(server.url);
  for (const [name, value] of Object.entries(SERVER)) await admin.exec(`ALTER SYSTEM SET ${name} = '${value}'`);
  await admin.close();
  await server.halt?.('shutdown');
  await server.start?.();
  await (await untilReady(server.url)).close();
  return server;
}

async function untilReady(url: string): Promise<Database> {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await openDatabase({ kind: 'postgres', url });
    } catch (error) {
      if (attempt === 300) throw error;
      await sleep(100);
    }
}

async function rebuild(projector: Projector): Promise<void> {
  const rss: number[] = [];
  const watching = setInterval(() => rss.push(process.memoryUsage.rss()), 500);
  const phases = new Map<string, { begun: number; ended: number }>();
  let saidAt = 0;
  const { elapsedMs, stepMs } = await projector.rebuild({
    onProgress: ({ phase, done, total, rate, secondsLeft }) => {
      const now = performance.now();
      phases.set(phase, { begun: phases.get(phase)?.begun ?? now, ended: now });
      if (now - saidAt < 15_000) return;
      saidAt = now;
      say(
        `${phase} ${done} of ${total}, ${rate.toFixed(0)}/s, ${secondsLeft?.toFixed(0) ?? '?'} s left; ${megabytes(rss.at(-1) ?? 0)}`,
      );
    },
  });
  clearInterval(watching);
  const quarter = (n: number) => megabytes(median(rss.slice((rss.length * n) / 4, (rss.length * (n + 1)) / 4)));
  tell('rebuild', seconds(elapsedMs), perSecond(population.events, elapsedMs));
  tell('  its phases', [...phases].map(([phase, { begun, ended }]) => `${phase} ${seconds(ended - begun)}`).join(', '));
  tell(
    '  its steps',
    Object.entries(stepMs)
      .map(([step, ms]) => `${step} ${seconds(ms)}`)
      .join(', '),
  );
  tell(
    '  memory of the process, by quarters',
    [0, 1, 2, 3].map(quarter).join(', '),
    `at most ${megabytes(Math.max(...rss))}`,
  );
}

async function tellSizes(database: Database, schema: string): Promise<void> {
  const sizes = await database.query<{ name: string; rows: number; bytes: number; index_bytes: number }>(
    `SELECT c.relname AS name, greatest(c.reltuples, 0)::bigint AS rows, pg_table_size(c.oid) AS bytes, pg_indexes_size(c.oid) AS index_bytes
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND n.nspname IN ($1, 'perennial') AND pg_total_relation_size(c.oid) > 1000000 ORDER BY 3 DESC`,
    [schema],
  );
  for (const { name, rows, bytes, index_bytes } of sizes)
    tell(
      `table ${name}`,
      `${rows.toLocaleString('en')} rows, ${megabytes(bytes)} and ${megabytes(index_bytes)} of indexes`,
    );
  const total = sizes.reduce((sum, { bytes, index_bytes }) => sum + bytes + index_bytes, 0);
  tell('all tables', megabytes(total), `${Math.round(total / population.events)} bytes an event`);
}

interface Hot {
  readonly what: string;
  runQuery(n: number): Promise<unknown>;
}

/** The questions that people and systems wait for. */
function hotQueries(context: QueryContext, known: readonly string[]): readonly Hot[] {
  const customer = (n: number) => ({ customer: known[(n * 7_919) % known.length] ?? '' });
  let cursor: string | null = null;
  return [
    { what: 'profile', runQuery: (n) => runQuery(context, 'customer', customer(n)) },
    { what: 'stage', runQuery: (n) => runQuery(context, 'stage', customer(n)) },
    {
      what: 'stage in the past',
      runQuery: (n) => runQuery(context, 'stage', { ...customer(n), 'as-of': '2025-09-01' }),
    },
    { what: 'stage history', runQuery: (n) => runQuery(context, 'history', customer(n)) },
    {
      what: 'customers by stage, page by page',
      runQuery: async () => {
        const page: { nextCursor: string | null } = await runQuery(context, 'customers', {
          ...{ stage: 'retention', phase: 'at-risk', limit: '100' },
          ...(cursor === null ? {} : { cursor }),
        });
        cursor = page.nextCursor;
      },
    },
    {
      what: 'counts by day',
      runQuery: () => runQuery(context, 'stage-counts', { from: '2026-05-01', to: '2026-05-31' }),
    },
    { what: 'explain', runQuery: (n) => runQuery(context, 'explain', customer(n)) },
  ];
}

/** Customers to query, from all over the table. */
async function someCustomers(database: Database, schema: string): Promise<string[]> {
  const rows = await database.query<{ customer_id: string }>(
    `SELECT customer_id FROM ${schema}.customers TABLESAMPLE SYSTEM (10) ORDER BY md5(customer_id) LIMIT 20000`,
  );
  return rows.map((row) => row.customer_id);
}

/** The plans of all statements of the queries. */
async function checkPlans(
  database: Database,
  schema: string,
  context: QueryContext,
  known: readonly string[],
): Promise<void> {
  const large = new Set(
    (
      await database.query<{ name: string }>(
        `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname IN ($1, 'perennial') AND c.reltuples > $2`,
        [schema, SMALL],
      )
    ).map(({ name }) => name),
  );
  const wrong: string[] = [];
  const asked: Asked[] = [];
  const watched = hotQueries({ ...context, database: watchedDatabase(database, asked) }, known);
  for (const { what, runQuery: put } of watched) {
    asked.length = 0;
    // Twice, so that a page after the first is asked for too.
    for (const n of [1, 2]) await put(n);
    const plans = new Map<string, Awaited<ReturnType<typeof planOf>>>();
    for (const one of asked)
      if (/^\s*(?:SELECT|WITH)/.test(one.sql) && !one.sql.includes('set_config'))
        plans.set(one.sql, await planOf(database, schema, one));
    const indexes = new Set([...plans.values()].flatMap((plan) => plan.indexes));
    const scanned = [...plans.values()].flatMap((plan) => plan.scanned).filter((name) => large.has(name));
    say(
      `plan of ${what}: ${[...indexes].join(', ')}${scanned.length > 0 ? `; READS ALL OF ${scanned.join(', ')}` : ''}`,
    );
    for (const [sql, plan] of plans)
      if (plan.scanned.some((name) => large.has(name)))
        wrong.push(`${what} reads ${plan.scanned.join(', ')} from end to end:\n${sql}`);
  }
  if (wrong.length > 0) throw new Error(wrong.join('\n\n'));
}

/** Asks all questions for a while, by several at once, while touchpoints come and are folded. */
async function askUnderLoad(
  context: QueryContext,
  log: EventLog,
  projector: Projector,
  known: readonly string[],
): Promise<void> {
  const latencies = new Map<string, number[]>();
  const until = performance.now() + LOAD_MS;
  let appended = 0;
  projector.start();
  const appending = (async () => {
    while (performance.now() < until) {
      const items = Array.from({ length: APPENDS_PER_SECOND / 10 }, () =>
        madeItem(population.events + appended++, population, UNTIL - 60_000),
      );
      await log.appendMany(items);
      await sleep(100);
    }
  })();
  const asking = Array.from({ length: ASKERS }, async (_, caller) => {
    const hot = hotQueries(context, known);
    for (let n = caller; performance.now() < until; n += ASKERS)
      for (const { what, runQuery: put } of hot) {
        const begun = performance.now();
        await put(n);
        const list = latencies.get(what) ?? [];
        list.push(performance.now() - begun);
        latencies.set(what, list);
      }
  });
  await Promise.all([appending, ...asking]);
  await projector.stop();
  tell('touchpoints taken in in the meantime', `${appended}, ${perSecond(appended, LOAD_MS)}`);
  for (const [what, list] of latencies)
    tell(
      `question: ${what}`,
      `p50 ${median(list).toFixed(1)} ms, p99 ${quantile(list, 0.99).toFixed(1)} ms`,
      `${list.length} asked`,
    );
}

/** Lets the clock run through the minute in which many deadlines fall due. */
async function runClock(
  database: Database,
  projector: Projector,
  clock: { offset: number; now(): number },
): Promise<void> {
  const schema = (await liveSchema(database)) ?? '';
  const dueIn = async (): Promise<number> => {
    const [row] = await database.query<{ n: number }>(
      `SELECT count(*) AS n FROM ${schema}.customers WHERE next_due_at >= $1::timestamptz AND next_due_at < $2::timestamptz`,
      [new Date(DUE_FROM).toISOString(), new Date(DUE_FROM + 60_000).toISOString()],
    );
    return row?.n ?? 0;
  };
  // What falls due before the minute begins is none of what is measured.
  clock.offset = DUE_FROM - 1_000 - performance.now();
  const held = clock.now();
  clock.now = () => held;
  await projector.catchUp();
  const due = await dueIn();
  clock.offset = DUE_FROM - 500 - performance.now();
  clock.now = () => Math.floor(performance.now() + clock.offset);
  projector.start();
  let left = due;
  let late = 0;
  while (left > 0 && clock.now() < DUE_FROM + 600_000) {
    await sleep(250);
    const now = clock.now();
    const [oldest] = await database.query<{ at: number | null }>(
      `SELECT min(next_due_at) AS at FROM ${schema}.customers WHERE next_due_at >= $1::timestamptz`,
      [new Date(DUE_FROM).toISOString()],
    );
    if (oldest?.at !== null && oldest?.at !== undefined && oldest.at < DUE_FROM + 60_000)
      late = Math.max(late, now - oldest.at);
    left = await dueIn();
  }
  const lastAfter = clock.now() - (DUE_FROM + 60_000);
  await projector.stop();
  if (left > 0) throw new Error(`${left} of ${due} deadlines were not persisted within ten minutes.`);
  tell(
    `${due.toLocaleString('en')} deadlines due in one minute`,
    `the last persisted ${seconds(lastAfter)} after its end`,
    `at most ${seconds(late)} late`,
  );
}

const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'perennial-scale-'));
mkdirSync(folder, { recursive: true });
const given = options.postgres;
const server = given === undefined ? await startTuned() : { url: given, remove: async () => undefined };
try {
  if (!isGenerated(folder)) {
    let saidAt = 0;
    const ms = await generateLog(folder, population, (done) => {
      if (performance.now() - saidAt < 15_000) return;
      saidAt = performance.now();
      say(`${done} of ${population.events} events generated`);
    });
    tell('generating the log', seconds(ms), perSecond(population.events, ms));
  }
  tell(
    'log',
    megabytes(statSync(join(folder, 'log.db')).size),
    `${Math.round(statSync(join(folder, 'log.db')).size / population.events)} bytes an event`,
  );
  const clock = { offset: 0, now: () => UNTIL };
  const keys = openSqliteKeyStore({ file: join(folder, 'keys.db'), hashKey: new Uint8Array(32).fill(7) });
  const log = await openSqliteLog({ file: join(folder, 'log.db') });
  const database = await openDatabase({ kind: 'postgres', url: server.url });
  const projector = await Projector.open({ database, log, clock });
  try {
    await once('rebuild', () => rebuild(projector));
    const schema = (await liveSchema(database)) ?? '';
    await once('sizes', () => tellSizes(database, schema));
    const context: QueryContext = {
      database,
      log,
      clock,
      personalData: personalData(new Sealer(keys)),
      mayAudit: false,
    };
    const known = await someCustomers(database, schema);
    // A plan that must not be is no reason to leave the rest unseen.
    const plans = await once('plans', () => checkPlans(database, schema, context, known)).catch(
      (error: unknown) => error,
    );
    await once('load', () => askUnderLoad(context, log, projector, known));
    await once('clock', () => runClock(database, projector, clock));
    if (plans instanceof Error) throw plans;
  } finally {
    await projector.stop();
    await database.close();
    await log.close();
    await keys.close();
  }
  report(
    `${population.events.toLocaleString('en')} events of ${population.customers.toLocaleString('en')} customers, read models on PostgreSQL; ` +
      `${availableParallelism()} cores, Node ${process.version}`,
    lines,
    ['one process reads and folds; the server copies on another core.'],
  );
} finally {
  await server.remove();
  if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
}
