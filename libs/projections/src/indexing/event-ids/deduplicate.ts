import { subjectOfStream } from '#contracts';
import { eventUuid, type EventLog, type RecordedEvent } from '#event-log';
import type { Database, Transaction } from '#database';
import { instantText } from '#database';
import { arrayText } from '#database';
import type { DatabaseIdTable } from './id-table.js';

/** A mark is set after so many events, or once recordedAt has moved on by so much. */
const MARK_EVENTS = 1_000;
const MARK_MS = 1_000;
/** So many events are judged in one transaction where nothing else is done with them. */
const PAGE = 5_000;

interface Known {
  readonly position: number;
  readonly recordedAt: number;
  readonly markedAt: number;
  readonly unmarked: number;
}

/**
 * Judges the names of a page, the next above position `after`, in the caller's transaction: what stands under its name
 * for the first time is written down, for ever; what repeats a lower one is noted as its duplicate. Returns the events
 * that count. A page judged before gets the same verdicts again.
 */
export async function deduplicateEventIds(
  tx: Transaction,
  events: readonly RecordedEvent[],
  after: number,
  ids: DatabaseIdTable,
): Promise<readonly RecordedEvent[]> {
  if (events.length === 0) return events;
  const known = await take(tx);
  if (after > known.position)
    throw new Error(`Names are known up to position ${known.position} only; the page begins above ${after}.`);
  const fresh = events.filter((event) => event.position > known.position);
  if (fresh.length > 0) await record(tx, fresh, known);
  const repeated = await repeatedAmong(tx, events);
  if (repeated.size === 0) return events;
  ids.note([...repeated]);
  return events.filter((event) => !repeated.has(event.position));
}

/** Which of these events repeat a name, as far as the caller's transaction knows, which may have judged some of them itself. */
export async function repeatedAmong(tx: Transaction, events: readonly RecordedEvent[]): Promise<ReadonlySet<number>> {
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

/** Judges all of the log up to a position that is not judged yet: for read models that were there before. */
export async function deduplicateUpTo(
  database: Database,
  log: EventLog,
  upTo: number,
  ids: DatabaseIdTable,
): Promise<void> {
  const [at] = await database.query<{ position: number }>('SELECT position FROM perennial.event_ids_progress');
  let after = at?.position ?? 0;
  if (after >= upTo) return;
  for await (const page of log.readAll(after, { pageSize: PAGE, upTo, with: 'contentHash' })) {
    const [from, last] = [after, page.at(-1)];
    if (last === undefined) continue;
    await database.transaction((tx) => deduplicateEventIds(tx, page, from, ids));
    after = last.position;
  }
}

async function take(tx: Transaction): Promise<Known> {
  const [row] = await tx.query<{ position: number; recorded_at: number; marked_at: number; unmarked: number }>(
    'SELECT * FROM perennial.event_ids_progress FOR UPDATE',
  );
  if (row === undefined) throw new Error('The table perennial.event_ids_progress has lost its row.');
  const { position, recorded_at: recordedAt, marked_at: markedAt, unmarked } = row;
  return { position, recordedAt, markedAt, unmarked };
}

async function record(tx: Transaction, fresh: readonly RecordedEvent[], known: Known): Promise<void> {
  const names = new Map<string, RecordedEvent>();
  const repetitions: { readonly uuid: string; readonly event: RecordedEvent; readonly first: RecordedEvent | null }[] =
    [];
  for (const event of fresh) {
    const uuid = eventUuid(event);
    const first = names.get(uuid);
    if (first === undefined) names.set(uuid, event);
    else repetitions.push({ uuid, event, first });
  }
  const rows = await tx.query<{ uuid: string }>(
    `INSERT INTO perennial.event_ids (position, uuid, content)
     SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::uuid[]) ON CONFLICT (uuid) DO NOTHING RETURNING uuid`,
    [
      arrayText([...names.values()].map((event) => event.position)),
      arrayText([...names.keys()]),
      arrayText([...names.values()].map(contentOf)),
    ],
  );
  const isNew = new Set(rows.map(({ uuid }) => uuid));
  if (isNew.size < names.size)
    for (const [uuid, event] of names) if (!isNew.has(uuid)) repetitions.push({ uuid, event, first: null });
  if (repetitions.length > 0) await noteDuplicates(tx, repetitions);
  await moveOn(tx, fresh, known);
}

/** Few, if any: a retry that slipped past intake, or two channels that sent one event at the same moment. */
async function noteDuplicates(
  tx: Transaction,
  repetitions: readonly { readonly uuid: string; readonly event: RecordedEvent }[],
): Promise<void> {
  const counted = repetitions.map(({ event }) => countedAs(event));
  await tx.query(
    `INSERT INTO perennial.duplicates
       (position, repeats, same_content, source, event_id, counted_source, counted_day, counted_as)
     SELECT d.position, i.position, i.content = d.content, d.source, d.event_id, d.counted_source, d.counted_day, d.counted_as
       FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::date[], $8::text[])
         AS d(position, uuid, content, source, event_id, counted_source, counted_day, counted_as)
       JOIN perennial.event_ids i ON i.uuid = d.uuid
     ON CONFLICT (position) DO NOTHING`,
    [
      arrayText(repetitions.map(({ event }) => event.position)),
      arrayText(repetitions.map(({ uuid }) => uuid)),
      arrayText(repetitions.map(({ event }) => contentOf(event))),
      arrayText(repetitions.map(({ event }) => event.source)),
      arrayText(repetitions.map(({ event }) => event.id)),
      arrayText(counted.map((one) => one?.source ?? null)),
      arrayText(counted.map((one) => one?.day ?? null)),
      arrayText(counted.map((one) => one?.outcome ?? null)),
    ],
  );
}

/** How a receipt counted an event that proves to be a repetition; null where receipts count no such events. */
function countedAs(event: RecordedEvent): { source: string; day: string; outcome: 'accepted' | 'quarantined' } | null {
  const touchpoint = subjectOfStream(event.stream) !== null;
  if (!touchpoint && event.type !== 'event-quarantined') return null;
  const facts = read(touchpoint ? event.meta : event.data);
  const receivedAt = typeof facts['receivedAt'] === 'number' ? facts['receivedAt'] : event.recordedAt;
  const day = new Date(receivedAt).toISOString().slice(0, 10);
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

async function moveOn(tx: Transaction, fresh: readonly RecordedEvent[], known: Known): Promise<void> {
  const position = fresh.at(-1)?.position ?? known.position;
  const recordedAt = fresh.reduce((latest, event) => Math.max(latest, event.recordedAt), known.recordedAt);
  const unmarked = known.unmarked + fresh.length;
  const mark = unmarked >= MARK_EVENTS || recordedAt - known.markedAt >= MARK_MS;
  if (mark)
    await tx.query('INSERT INTO perennial.marks (position, recorded_at) VALUES ($1, $2::timestamptz)', [
      position,
      instantText(recordedAt),
    ]);
  await tx.query(
    `UPDATE perennial.event_ids_progress SET position = $1, recorded_at = $2::timestamptz, marked_at = $3::timestamptz, unmarked = $4`,
    [position, instantText(recordedAt), instantText(mark ? recordedAt : known.markedAt), mark ? 0 : unmarked],
  );
}

function contentOf({ contentHash, position }: RecordedEvent): string {
  if (contentHash === undefined) throw new Error(`The event at ${position} was read without its content hash.`);
  return Buffer.from(contentHash).toString('hex');
}
