import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DatabaseSync } from '@photostructure/sqlite';
import { openSqliteLog, type AppendItem } from '#event-log';

/**
 * What the event log costs above the store it stands on. The baseline is SQLite itself: the same rows, the same two
 * unique indexes, the same durability (WAL, synchronous = FULL), one prepared insert in a loop, on one thread.
 * All figures of one run are comparable with each other, and with no other machine's.
 *
 *     node --conditions=source --import #from-source bench/raw-store.ts [events]
 */
const EVENTS = Number(process.argv[2] ?? 50_000);
const SUBJECTS = Math.max(1, Math.floor(EVENTS / 10));
const subjects = Array.from({ length: SUBJECTS }, () => `subject-${randomBytes(16).toString('hex')}`);
const folder = mkdtempSync(join(tmpdir(), 'perennial-raw-store-'));

/** Events of about 600 B: 300 of metadata (a sealed identifier among them) and 300 of data. */
function items(count: number): AppendItem[] {
  return Array.from({ length: count }, (_, i) => ({
    stream: subjects[Math.floor(Math.random() * SUBJECTS)] as string,
    event: {
      source: 'shop/eu',
      id: randomUUID(),
      type: 'order-placed',
      schemaVersion: 1,
      occurredAt: Date.UTC(2026, 0, 1) + i,
      contentHash: new Uint8Array(randomBytes(16)),
      meta: JSON.stringify({ channel: 'web', sealed: randomBytes(200).toString('base64') }),
      data: JSON.stringify({ orderId: randomUUID(), note: randomBytes(170).toString('base64') }),
    },
  }));
}

interface Figure {
  readonly name: string;
  readonly perSecond: number;
  /** Time of all threads on a processor: what a busy machine disturbs least. */
  readonly cpuUsPerEvent: number;
  readonly loopDelayMsP99: number;
}

async function measured(name: string, count: number, run: () => void | Promise<void>): Promise<Figure> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  await run();
  const cpu = process.cpuUsage(cpuBefore);
  const seconds = (performance.now() - start) / 1000;
  delay.disable();
  return {
    name,
    perSecond: count / seconds,
    cpuUsPerEvent: (cpu.user + cpu.system) / count,
    loopDelayMsP99: delay.percentile(99) / 1e6,
  };
}

/** Plain SQLite: names are numbers already and ids bytes, so this does less than any log could. */
function rawStore(file: string, synchronous: 'FULL' | 'OFF' = 'FULL'): (batch: readonly AppendItem[]) => void {
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};
    PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -65536;
    CREATE TABLE events (position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, revision INTEGER NOT NULL,
      source INTEGER NOT NULL, id BLOB NOT NULL, type INTEGER NOT NULL, schema_version INTEGER NOT NULL,
      occurred_at INTEGER NOT NULL, recorded_at INTEGER NOT NULL, content_hash BLOB NOT NULL, meta TEXT NOT NULL,
      data TEXT NOT NULL) STRICT;
    CREATE UNIQUE INDEX source_id ON events (source, id);
    CREATE UNIQUE INDEX stream_revision ON events (stream, revision);`);
  const insert = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const numbers = new Map(subjects.map((subject, i) => [subject, i]));
  const revisions = new Uint32Array(SUBJECTS);
  let position = 0;
  return (batch) => {
    db.exec('BEGIN IMMEDIATE');
    for (const { stream, event } of batch) {
      const number = numbers.get(stream) as number;
      insert.run(
        (position += 1),
        number,
        (revisions[number] = (revisions[number] ?? 0) + 1),
        1,
        Buffer.from(event.id.replaceAll('-', ''), 'hex'),
        1,
        event.schemaVersion,
        event.occurredAt,
        Date.now(),
        event.contentHash,
        event.meta,
        event.data,
      );
    }
    db.exec('COMMIT');
  };
}

function batches(size: number, count = EVENTS): AppendItem[][] {
  return Array.from({ length: Math.ceil(count / size) }, () => items(size));
}

function show(baseline: Figure, figures: readonly Figure[]): void {
  for (const { name, perSecond, cpuUsPerEvent, loopDelayMsP99 } of [baseline, ...figures])
    console.log(
      name.padEnd(58) +
        Math.round(perSecond).toLocaleString('en').padStart(10) +
        (perSecond / baseline.perSecond).toFixed(2).padStart(8) +
        cpuUsPerEvent.toFixed(1).padStart(14) +
        (cpuUsPerEvent / baseline.cpuUsPerEvent).toFixed(2).padStart(8) +
        loopDelayMsP99.toFixed(1).padStart(13),
    );
}

console.log(`${EVENTS.toLocaleString('en')} events, ${SUBJECTS.toLocaleString('en')} streams`);
console.log(
  `${''.padEnd(58)}${'events/s'.padStart(10)}${'ratio'.padStart(8)}${'cpu us/event'.padStart(14)}${'ratio'.padStart(8)}${'loop p99 ms'.padStart(13)}`,
);

let file = '';
for (const size of [100, 1_000]) {
  const rawBatches = batches(size);
  const raw = rawStore(join(folder, `raw-${size}.db`));
  const baseline = await measured(`plain SQLite, batches of ${size}`, EVENTS, () => {
    for (const batch of rawBatches) raw(batch);
  });
  const figures: Figure[] = [];
  for (const writing of ['thread', 'here'] as const)
    for (const callers of [1, 16]) {
      file = join(folder, `${writing}-${size}-${callers}.db`);
      const log = await openSqliteLog({ file, writing });
      const todo = batches(size);
      figures.push(
        await measured(`appendMany(${size}), writing ${writing}, callers: ${callers}`, EVENTS, async () => {
          await Promise.all(
            Array.from({ length: callers }, async () => {
              for (let batch = todo.pop(); batch !== undefined; batch = todo.pop()) await log.appendMany(batch);
            }),
          );
        }),
      );
      await log.close();
    }
  show(baseline, figures);
}

// One event a call: what the group commit is for.
{
  const few = Math.floor(EVENTS / 10);
  const raw = rawStore(join(folder, 'raw-1.db'));
  const singles = batches(1, few);
  const baseline = await measured('plain SQLite, one event a commit', few, () => {
    for (const batch of singles) raw(batch);
  });
  const figures: Figure[] = [];
  for (const callers of [1, 200]) {
    const log = await openSqliteLog({ file: join(folder, `single-${callers}.db`) });
    const todo = items(few);
    figures.push(
      await measured(`append, one event a call, callers: ${callers}`, few, async () => {
        await Promise.all(
          Array.from({ length: callers }, async () => {
            for (let item = todo.pop(); item !== undefined; item = todo.pop())
              await log.append(item.stream, 'any', [item.event]);
          }),
        );
      }),
    );
    await log.close();
  }
  show(baseline, figures);
}

{
  const plain = new DatabaseSync(join(folder, 'raw-1000.db'), { readOnly: true });
  const rows = plain.prepare('SELECT * FROM events WHERE position > ? ORDER BY position LIMIT 1000');
  const baseline = await measured('scan: plain SQLite, pages of 1,000', EVENTS, () => {
    for (let after = 0; after < EVENTS; after += 1_000) rows.all(after);
  });
  const log = await openSqliteLog({ file });
  const scan = async (without?: 'data') => {
    let seen = 0;
    for await (const page of log.readAll(0, without === undefined ? {} : { without })) seen += page.length;
    if (seen !== EVENTS) throw new Error(`Read ${seen} of ${EVENTS} events`);
  };
  const figures = [
    await measured('scan: readAll', EVENTS, () => scan()),
    await measured("scan: readAll without 'data'", EVENTS, () => scan('data')),
    await measured('readStreams, 1,000 streams a call', EVENTS, async () => {
      for (let i = 0; i < SUBJECTS; i += 1_000) await log.readStreams(subjects.slice(i, i + 1_000));
    }),
  ];
  show(baseline, figures);
  await log.close();

  const sample = items(1_000);
  const payload = sample.reduce((sum, { event }) => sum + event.meta.length + event.data.length, 0) / sample.length;
  const perEvent = statSync(file).size / EVENTS;
  console.log(
    `\nfile: ${perEvent.toFixed(0)} B an event, of which ${payload.toFixed(0)} B are its metadata and data; ` +
      `${(perEvent - payload).toFixed(0)} B are ids, hash, indexes and pages.`,
  );
}
{
  // The same batches into a file that is never synced: what is left is the work of the processor.
  const unsynced = rawStore(join(folder, 'unsynced.db'), 'OFF');
  const todo = batches(1_000);
  const figure = await measured('unsynced', EVENTS, () => {
    for (const batch of todo) unsynced(batch);
  });
  console.log(
    `What limits it: plain SQLite without any sync inserts ${Math.round(figure.perSecond).toLocaleString('en')} events/s ` +
      `(${figure.cpuUsPerEvent.toFixed(1)} us of processor an event), so that is the ceiling of one writer; below it,\n` +
      `the sync of each commit weighs the more, the smaller the batch, and group commit shares it among callers.`,
  );
}
rmSync(folder, { recursive: true, force: true });
