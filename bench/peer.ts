import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { DatabaseSync } from '@photostructure/sqlite';
import pg from 'pg';
import { openSqliteLog, type AppendItem } from '#event-log';
import { SYSTEM_CLOCK } from '#platform';
import { openDatabase } from '#database';
import { Projector } from '#projections';
import { openFolder, simulateInto } from './measuring/simulated-log.js';
import { perSecond, seconds } from './measuring/table.js';

/**
 * The spine beside a peer: our log on SQLite with read models on PostgreSQL, and emmett's event store with its inline projection on the same
 * PostgreSQL. The peer is measured and nothing else: it has no licence, is no dependency, and is installed into a folder of its own outside this tree.
 *
 * Both acknowledge what is on the disk: SQLite in WAL with synchronous=FULL, PostgreSQL with fsync and synchronous_commit on (the benchmark rejects a server that has them off,
 * unless told). Raw baselines: the same events by prepared INSERTs, the same events in a commit, on each store.
 *
 *     npm run bench -- peer --postgres postgres://… [--events 10000] [--customers 500] [--unsynced]
 */
const { values: options } = parseArgs({
  options: {
    postgres: { type: 'string' },
    events: { type: 'string', default: '10000' },
    customers: { type: 'string', default: '500' },
    unsynced: { type: 'boolean', default: false },
  },
});
if (options.postgres === undefined) throw new Error('Give the address of an empty database: --postgres postgres://…');
const url = options.postgres;
const EVENTS = Number(options.events);
const STREAMS = Math.ceil(EVENTS / 20);
const CALLERS = 16;
/** One event a commit takes its time: fewer of them. */
const FEW = Math.ceil(EVENTS / 5);
const VERSION = '0.42.0';

/** What is used of the peer. */
interface PeerEvent {
  readonly type: string;
  readonly data: unknown;
  readonly metadata: unknown;
}
interface PeerStore {
  appendToStream(stream: string, events: readonly PeerEvent[]): Promise<unknown>;
  readStream(stream: string): Promise<{ readonly events: readonly unknown[] }>;
  close(): Promise<void>;
}
interface Peer {
  getPostgreSQLEventStore(
    url: string,
    options?: object,
  ): PeerStore & { readonly schema: { migrate(): Promise<unknown> } };
  postgreSQLProjection(definition: object): object;
}

const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
const client = new pg.Client({ connectionString: url });
try {
  await client.connect();
  const durable = await synced();
  const peer = await installed();
  const sides = [await ours(), await theirs(peer)] as const;
  const spine = await ourSpine();
  const model = await theirModel(peer);
  show(durable, sides, spine, model);
} finally {
  await client.end();
  rmSync(folder, { recursive: true, force: true });
}

async function synced(): Promise<string> {
  const facts: string[] = [];
  for (const setting of ['server_version', 'fsync', 'synchronous_commit']) {
    const { rows } = await client.query<Record<string, string>>(`SHOW ${setting}`);
    facts.push(`${setting} ${Object.values(rows[0] ?? {}).join('')}`);
  }
  const durable = facts.slice(1).every((fact) => fact.endsWith(' on'));
  if (!durable && !options.unsynced)
    throw new Error(`This server does not wait for its disk (${facts.join(', ')}): give another, or --unsynced.`);
  return `PostgreSQL ${facts.join(', ')}`;
}

/** The peer, in a folder that is kept, so that another run need not fetch it again. */
async function installed(): Promise<Peer> {
  const home = join(tmpdir(), `perennial-bench-peer-${VERSION}`);
  const main = join(home, 'node_modules/@event-driven-io/emmett-postgresql/dist/index.js');
  if (!existsSync(main)) {
    console.error(`The peer (emmett ${VERSION}, no licence, to be measured only) is installed into ${home}.`);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'package.json'), '{"private":true,"type":"module"}');
    const packages = ['emmett', 'emmett-postgresql'].map((name) => `@event-driven-io/${name}@${VERSION}`);
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], {
      cwd: home,
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    });
  }
  const { version } = JSON.parse(readFileSync(join(main, '../../package.json'), 'utf8')) as { version: string };
  if (version !== VERSION) throw new Error(`In ${home} lies version ${version} of the peer: delete the folder.`);
  return (await import(pathToFileURL(main).href)) as Peer;
}

/** Events of about 600 B: 300 of metadata and 300 of data; twenty a stream, in runs of `size`. */
function runs(size: number, count: number): AppendItem[][] {
  return Array.from({ length: Math.ceil(count / size) }, (_, run) =>
    Array.from({ length: size }, () => ({
      stream: `subject-${run % STREAMS}`,
      event: {
        source: 'shop/eu',
        id: randomUUID(),
        type: 'order-placed',
        schemaVersion: 1,
        occurredAt: Date.now(),
        contentHash: new Uint8Array(randomBytes(16)),
        meta: JSON.stringify({ channel: 'web', sealed: randomBytes(200).toString('base64') }),
        data: JSON.stringify({ orderId: randomUUID(), note: randomBytes(170).toString('base64') }),
      },
    })),
  );
}

async function byCallers<T>(todo: T[], work: (one: T) => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      for (let one = todo.pop(); one !== undefined; one = todo.pop()) await work(one);
    }),
  );
  return performance.now() - begun;
}

/** Milliseconds for so many events. */
interface Side {
  readonly name: string;
  readonly rawName: string;
  readonly single: { readonly events: number; readonly ms: number; readonly rawMs: number };
  readonly batched: { readonly events: number; readonly ms: number; readonly rawMs: number };
  readonly read: { readonly events: number; readonly ms: number };
}

async function ours(): Promise<Side> {
  const log = await openSqliteLog({ file: join(folder, 'log.db') });
  const single = await byCallers(runs(1, FEW), ([item]) =>
    item === undefined ? Promise.resolve() : log.append(item.stream, 'any', [item.event]),
  );
  const batched = await byCallers(runs(100, EVENTS), (run) =>
    log.append(
      run[0]?.stream ?? '',
      'any',
      run.map(({ event }) => event),
    ),
  );
  let read = 0;
  const readMs = await byCallers(
    Array.from({ length: STREAMS }, (_, n) => `subject-${n}`),
    async (stream) => {
      for await (const page of log.read(stream)) read += page.length;
    },
  );
  await log.close();
  const db = new DatabaseSync(join(folder, 'raw.db'));
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE events (position INTEGER PRIMARY KEY, stream TEXT, revision INTEGER, id TEXT UNIQUE, type TEXT, meta TEXT, data TEXT,
      UNIQUE (stream, revision))`);
  const insert = db.prepare('INSERT INTO events (stream, revision, id, type, meta, data) VALUES (?, ?, ?, ?, ?, ?)');
  let revision = 0;
  const raw = (todo: AppendItem[][]): number => {
    const begun = performance.now();
    for (const run of todo) {
      db.exec('BEGIN IMMEDIATE');
      for (const { stream, event } of run)
        insert.run(stream, (revision += 1), event.id, event.type, event.meta, event.data);
      db.exec('COMMIT');
    }
    return performance.now() - begun;
  };
  const side: Side = {
    name: 'ours, on SQLite',
    rawName: 'plain SQLite, one connection',
    single: { events: FEW, ms: single, rawMs: raw(runs(1, FEW)) },
    batched: { events: EVENTS, ms: batched, rawMs: raw(runs(100, EVENTS)) },
    read: { events: read, ms: readMs },
  };
  db.close();
  return side;
}

function asPeerEvent({ event }: AppendItem): PeerEvent {
  return { type: event.type, data: JSON.parse(event.data), metadata: JSON.parse(event.meta) };
}

async function theirs({ getPostgreSQLEventStore }: Peer): Promise<Side> {
  const store = getPostgreSQLEventStore(url);
  await store.schema.migrate();
  const single = await byCallers(runs(1, FEW), (run) =>
    store.appendToStream(run[0]?.stream ?? '', run.map(asPeerEvent)),
  );
  const batched = await byCallers(runs(100, EVENTS), (run) =>
    store.appendToStream(run[0]?.stream ?? '', run.map(asPeerEvent)),
  );
  let read = 0;
  const readMs = await byCallers(
    Array.from({ length: STREAMS }, (_, n) => `subject-${n}`),
    async (stream) => {
      read += (await store.readStream(stream)).events.length;
    },
  );
  await store.close();
  await client.query(`CREATE TABLE raw_events (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stream text, revision bigint,
    id uuid UNIQUE, type text, meta jsonb, data jsonb, UNIQUE (stream, revision))`);
  const pool = new pg.Pool({ connectionString: url, max: CALLERS });
  let revision = 0;
  const raw = (todo: AppendItem[][]): Promise<number> =>
    byCallers(todo, (run) =>
      pool.query({
        name: 'raw',
        text: `INSERT INTO raw_events (stream, revision, id, type, meta, data)
               SELECT * FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::jsonb[], $6::jsonb[])`,
        values: [
          run.map(({ stream }) => stream),
          run.map(() => (revision += 1)),
          run.map(({ event }) => event.id),
          run.map(({ event }) => event.type),
          run.map(({ event }) => event.meta),
          run.map(({ event }) => event.data),
        ],
      }),
    );
  const side: Side = {
    name: 'emmett, on PostgreSQL',
    rawName: `plain PostgreSQL, ${CALLERS} connections`,
    single: { events: FEW, ms: single, rawMs: await raw(runs(1, FEW)) },
    batched: { events: EVENTS, ms: batched, rawMs: await raw(runs(100, EVENTS)) },
    read: { events: read, ms: readMs },
  };
  await pool.end();
  return side;
}

/** Our whole way: taken in (checked, sealed, once for ever), then followed into every read model on PostgreSQL, then all of it built again. */
async function ourSpine(): Promise<{
  readonly events: number;
  readonly takenMs: number;
  readonly followedMs: number;
  readonly rebuiltMs: number;
}> {
  const dataDir = join(folder, 'spine');
  mkdirSync(dataDir);
  const data = await openFolder(dataDir);
  const begun = performance.now();
  const events = await simulateInto(data, Number(options.customers));
  const takenMs = performance.now() - begun;
  const database = await openDatabase({ kind: 'postgres', url });
  const projector = await Projector.open({ database, log: data.log, clock: SYSTEM_CLOCK });
  const following = performance.now();
  await projector.catchUp();
  const followedMs = performance.now() - following;
  const { elapsedMs: rebuiltMs } = await projector.rebuild();
  await database.close();
  await data.close();
  return { events, takenMs, followedMs, rebuiltMs };
}

/** The peer's way: one row for each stream, kept in the transaction of the append (its inline projection). */
async function theirModel({ getPostgreSQLEventStore, postgreSQLProjection }: Peer): Promise<{
  readonly events: number;
  readonly ms: number;
  readonly rows: number;
}> {
  await client.query('CREATE TABLE peer_customers (stream text PRIMARY KEY, events int NOT NULL, last_at timestamptz)');
  interface Context {
    readonly connection: { readonly client: pg.ClientBase };
  }
  const projection = postgreSQLProjection({
    name: 'customers',
    canHandle: ['order-placed'],
    handle: async (events: readonly { readonly metadata: { readonly streamName: string } }[], context: Context) => {
      const stream = events[0]?.metadata.streamName;
      await context.connection.client.query(
        `INSERT INTO peer_customers VALUES ($1, $2, now()) ON CONFLICT (stream)
         DO UPDATE SET events = peer_customers.events + excluded.events, last_at = excluded.last_at`,
        [stream, events.length],
      );
    },
  });
  const store = getPostgreSQLEventStore(url, { projections: [{ type: 'inline', projection }] });
  await store.schema.migrate();
  const todo = runs(20, EVENTS).map((run, n) => run.map((item) => ({ ...item, stream: `model-${n % STREAMS}` })));
  const ms = await byCallers(todo, (run) => store.appendToStream(run[0]?.stream ?? '', run.map(asPeerEvent)));
  await store.close();
  const { rows } = await client.query<{ n: number }>('SELECT sum(events)::int AS n FROM peer_customers');
  if (rows[0]?.n !== EVENTS) throw new Error(`The peer's rows count ${rows[0]?.n} of ${EVENTS} events.`);
  return { events: EVENTS, ms, rows: STREAMS };
}

function show(
  durable: string,
  sides: readonly Side[],
  spine: Awaited<ReturnType<typeof ourSpine>>,
  model: Awaited<ReturnType<typeof theirModel>>,
): void {
  const line = (what: string, figure: string, raw = '', ratio = ''): void =>
    console.log(`${what.padEnd(78)}${figure.padStart(12)}${raw.padStart(14)}${ratio.padStart(8)}`);
  console.log(
    `\n${availableParallelism()} cores, Node ${process.version}; ${durable}; SQLite WAL, synchronous=FULL; ${CALLERS} callers\n`,
  );
  line('', 'events', 'raw store', 'ratio');
  for (const [title, of] of [
    ['one event an append', 'single'],
    ['100 events of one stream an append', 'batched'],
  ] as const)
    for (const side of sides) {
      const { events, ms, rawMs } = side[of];
      line(`${title}: ${side.name}`, perSecond(events, ms), perSecond(events, rawMs), (rawMs / ms).toFixed(2));
    }
  for (const { name, read } of sides) line(`streams read, each whole: ${name}`, perSecond(read.events, read.ms));
  line('taken in: checked, sealed, once for ever (ours, simulated customers)', perSecond(spine.events, spine.takenMs));
  line('followed into all read models on PostgreSQL (ours)', perSecond(spine.events, spine.followedMs));
  line('all read models built again on PostgreSQL (ours)', perSecond(spine.events, spine.rebuiltMs));
  line(
    'appended with an inline projection of one row a stream, runs of 20 (emmett)',
    perSecond(model.events, model.ms),
  );
  console.log(`
What each does for it: ours names an event by (source, id) over the whole log and tells a repetition from a reused id; one thread commits for all callers at once. The
peer checks the stream's version, numbers all events by a sequence, and knows no repetition. Read models: ours are all of the engine's, with histories,
deadlines, causes and what was told (${seconds(spine.rebuiltMs)} to rebuild); the peer's here is one row and one statement. Raw stores: ${sides.map(({ rawName }) => rawName).join('; ')}.`);
}
