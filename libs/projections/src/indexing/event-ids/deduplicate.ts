import { subjectOfStream } from '#contracts';
import { eventUuid, type EventLog, type RecordedEvent } from '#event-log';
import { arrayText, instantText, type Database, type Transaction } from '#database';
import { utcDay } from '../../time.js';
import type { DatabaseIdTable } from './id-table.js';

/** A mark is written after so many events, or once recordedAt has advanced by so much. */
const MARK_EVENTS = 1_000;
const MARK_MS = 1_000;
/** Events that `deduplicateUpTo` deduplicates in one transaction. */
const PAGE_SIZE = 5_000;

/** How far the log was deduplicated: the row of `event_ids_progress`. */
interface Progress {
  readonly position: number;
  readonly recordedAt: number;
  readonly markedAt: number;
  readonly unmarked: number;
}

/**
 * Deduplicates a page of the log by event id, in the caller's transaction. `after`: the position before the page. The first event with an
 * id is stored as the one that counts; an event that repeats an id at a lower position is stored as its duplicate. Returns the
 * events that count. A page that was deduplicated before gives the same result again.
 */
export async function deduplicateEventIds(
  tx: Transaction,
  events: readonly RecordedEvent[],
  after: number,
  ids: DatabaseIdTable,
): Promise<readonly RecordedEvent[]> {
  if (events.length === 0) return events;
  const progress = await lockProgress(tx);
  if (after > progress.position)
    throw new Error(
      `The log is deduplicated up to position ${progress.position}, but the page begins after ${after}. Deduplicate the events between first.`,
    );
  const fresh = events.filter((event) => event.position > progress.position);
  if (fresh.length > 0) await storeIds(tx, fresh, progress);
  const duplicates = await duplicatesAmong(tx, events);
  if (duplicates.size === 0) return events;
  ids.note([...duplicates]);
  return events.filter((event) => !duplicates.has(event.position));
}

/** The positions of the duplicates among these events, as the caller's transaction sees them. */
export async function duplicatesAmong(tx: Transaction, events: readonly RecordedEvent[]): Promise<ReadonlySet<number>> {
  let [lowest, highest] = [Infinity, -Infinity];
  for (const { position } of events) {
    lowest = Math.min(lowest, position);
    highest = Math.max(highest, position);
  }
  if (lowest > highest) return new Set();
  const rows = await tx.query<{ position: number }>(
    'SELECT position FROM perennial.duplicates WHERE position BETWEEN $1 AND $2',
    [lowest, highest],
  );
  return new Set(rows.map(({ position }) => position));
}

/** Up to where the log was deduplicated. */
export async function deduplicatedUpTo(database: Database): Promise<number> {
  const [at] = await database.query<{ position: number }>('SELECT position FROM perennial.event_ids_progress');
  return at?.position ?? 0;
}

/** Deduplicates the part of the log up to a position that was not deduplicated before: for read models that are older than the id table. */
export async function deduplicateUpTo(
  database: Database,
  log: EventLog,
  upTo: number,
  ids: DatabaseIdTable,
): Promise<void> {
  let after = await deduplicatedUpTo(database);
  if (after >= upTo) return;
  for await (const page of log.readAll(after, { pageSize: PAGE_SIZE, upTo, with: 'contentHash' })) {
    const [from, last] = [after, page.at(-1)];
    if (last === undefined) continue;
    await database.transaction((tx) => deduplicateEventIds(tx, page, from, ids));
    after = last.position;
  }
}

async function lockProgress(tx: Transaction): Promise<Progress> {
  const [row] = await tx.query<{ position: number; recorded_at: number; marked_at: number; unmarked: number }>(
    'SELECT * FROM perennial.event_ids_progress FOR UPDATE',
  );
  if (row === undefined)
    throw new Error(
      'The table perennial.event_ids_progress has no row. Restore the database from a backup, or rebuild the read models in an empty one.',
    );
  const { position, recorded_at: recordedAt, marked_at: markedAt, unmarked } = row;
  return { position, recordedAt, markedAt, unmarked };
}

async function storeIds(tx: Transaction, fresh: readonly RecordedEvent[], progress: Progress): Promise<void> {
  const firsts = new Map<string, RecordedEvent>();
  const duplicates: Duplicate[] = [];
  for (const event of fresh) {
    const uuid = eventUuid(event);
    if (firsts.has(uuid)) duplicates.push({ uuid, event });
    else firsts.set(uuid, event);
  }
  const rows = await tx.query<{ uuid: string }>(
    `INSERT INTO perennial.event_ids (position, uuid, content)
     SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[]) ON CONFLICT (uuid) DO NOTHING RETURNING uuid`,
    [
      arrayText([...firsts.values()].map((event) => event.position)),
      arrayText([...firsts.keys()]),
      arrayText([...firsts.values()].map(contentOf)),
    ],
  );
  const isNew = new Set(rows.map(({ uuid }) => uuid));
  if (isNew.size < firsts.size)
    for (const [uuid, event] of firsts) if (!isNew.has(uuid)) duplicates.push({ uuid, event });
  if (duplicates.length > 0) await storeDuplicates(tx, duplicates);
  await advance(tx, fresh, progress);
}

/** An event whose id, as a UUID, stands at a lower position. */
interface Duplicate {
  readonly uuid: string;
  readonly event: RecordedEvent;
}

/** Duplicates are rare: a retry that two processes ingested, or one event that two channels sent at the same moment. */
async function storeDuplicates(tx: Transaction, duplicates: readonly Duplicate[]): Promise<void> {
  const counted = duplicates.map(({ event }) => countedAs(event));
  await tx.query(
    `INSERT INTO perennial.duplicates
       (position, repeats, same_content, source, event_id, counted_source, counted_day, counted_as)
     SELECT d.position, i.position, i.content = d.content, d.source, d.event_id, d.counted_source, d.counted_day, d.counted_as
       FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::date[], $8::text[])
         AS d(position, uuid, content, source, event_id, counted_source, counted_day, counted_as)
       JOIN perennial.event_ids i ON i.uuid = d.uuid
     ON CONFLICT (position) DO NOTHING`,
    [
      arrayText(duplicates.map(({ event }) => event.position)),
      arrayText(duplicates.map(({ uuid }) => uuid)),
      arrayText(duplicates.map(({ event }) => contentOf(event))),
      arrayText(duplicates.map(({ event }) => event.source)),
      arrayText(duplicates.map(({ event }) => event.id)),
      arrayText(counted.map((one) => one?.source ?? null)),
      arrayText(counted.map((one) => one?.day ?? null)),
      arrayText(counted.map((one) => one?.outcome ?? null)),
    ],
  );
}

/** How the receipt counted an event that proves to be a duplicate; null for events that receipts do not count. */
function countedAs(event: RecordedEvent): { source: string; day: string; outcome: 'accepted' | 'quarantined' } | null {
  const touchpoint = subjectOfStream(event.stream) !== null;
  if (!touchpoint && event.type !== 'event-quarantined') return null;
  const facts = read(touchpoint ? event.meta : event.data);
  const receivedAt = typeof facts['receivedAt'] === 'number' ? facts['receivedAt'] : event.recordedAt;
  const day = utcDay(receivedAt);
  if (touchpoint) return { source: event.source, day, outcome: 'accepted' };
  return typeof facts['source'] === 'string' ? { source: facts['source'], day, outcome: 'quarantined' } : null;
}

function read(json: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(json) as Record<string, unknown>;
  } catch {
    return {};
  }
}

async function advance(tx: Transaction, fresh: readonly RecordedEvent[], progress: Progress): Promise<void> {
  const position = fresh.at(-1)?.position ?? progress.position;
  const recordedAt = fresh.reduce((latest, event) => Math.max(latest, event.recordedAt), progress.recordedAt);
  const unmarked = progress.unmarked + fresh.length;
  const mark = unmarked >= MARK_EVENTS || recordedAt - progress.markedAt >= MARK_MS;
  if (mark)
    await tx.query('INSERT INTO perennial.marks (position, recorded_at) VALUES ($1, $2::timestamptz)', [
      position,
      instantText(recordedAt),
    ]);
  await tx.query(
    `UPDATE perennial.event_ids_progress SET position = $1, recorded_at = $2::timestamptz, marked_at = $3::timestamptz, unmarked = $4`,
    [position, instantText(recordedAt), instantText(mark ? recordedAt : progress.markedAt), mark ? 0 : unmarked],
  );
}

function contentOf({ contentHash, position }: RecordedEvent): string {
  if (contentHash === undefined)
    throw new Error(
      `The event at position ${position} was read without its content hash. Read the log with the option with: 'contentHash'.`,
    );
  return Buffer.from(contentHash).toString('hex');
}
