import { parseInstant, STREAMS, upcast } from '#contracts';
import { insertRows, unnest, type Queryable, type Row, type Transaction, type Writer } from '#database';
import type { EventLog, RecordedEvent } from '#event-log';
import { QUARANTINE } from './table.js';

const STREAM = STREAMS.quarantine('');
const REJECTED = STREAMS.rejected('');

/** What facts about quarantined events change in the table: rows to insert, and rows that get a new status. */
export interface QuarantineChanges {
  readonly opened: readonly Row[];
  readonly closed: readonly Row[];
}

/** Lists quarantined events, and marks those that were released or discarded. The same facts again change nothing. */
export async function listQuarantine(writes: Writer, events: readonly RecordedEvent[]): Promise<void> {
  const { opened, closed } = quarantineChanges(events);
  await insertRows(writes, QUARANTINE, opened, '(quarantine_id) DO NOTHING');
  if (closed.length === 0) return;
  const changes = unnest(QUARANTINE, ['quarantine_id', 'status', 'released_position'], closed, 'c');
  await writes.query(
    `UPDATE quarantine q SET status = c.status, released_position = c.released_position
       FROM ${changes.sql} WHERE q.quarantine_id = c.quarantine_id AND q.status IN ('open', 'replaced')`,
    changes.params,
  );
}

/** Closes the open events that came again in a valid form: as these touchpoints, under the same source and id. `opensSome`: the page itself has quarantined events. */
export async function replaceQuarantined(
  tx: Pick<Queryable, 'query'>,
  writes: Writer,
  touchpoints: Iterable<RecordedEvent>,
  opensSome: boolean,
): Promise<void> {
  // Nearly always nothing is open: then no touchpoint is compared.
  if (opensSome) return markReplaced(writes, touchpoints);
  const [open] = await tx.query("SELECT 1 AS open FROM quarantine WHERE status = 'open' LIMIT 1");
  if (open === undefined) return;
  await markReplaced(writes, touchpoints);
}

/** The same for a version that is built: its touchpoints are found by the events that are open. */
export async function replaceQuarantinedIn(tx: Transaction, log: Pick<EventLog, 'find'>): Promise<void> {
  let after = -1;
  for (;;) {
    const open = await tx.query<{ source: string; id: string; position: number }>(
      `SELECT source, event_id AS id, position FROM quarantine
        WHERE status = 'open' AND source IS NOT NULL AND event_id IS NOT NULL AND position > $1 ORDER BY position LIMIT ${FOUND_PAGE}`,
      [after],
    );
    const last = open.at(-1);
    if (last === undefined) return;
    after = last.position;
    const found = await log.find(open.map(({ source, id }) => ({ source, id })));
    await markReplaced(
      tx,
      found.filter((event) => event !== null),
    );
  }
}

const FOUND_PAGE = 1_000;

async function markReplaced(writes: Writer, touchpoints: Iterable<RecordedEvent>): Promise<void> {
  const [sources, ids, positions]: [string[], string[], number[]] = [[], [], []];
  for (const { source, id, position } of touchpoints) {
    sources.push(source);
    ids.push(id);
    positions.push(position);
  }
  if (ids.length === 0) return;
  await writes.query(
    `UPDATE quarantine q SET status = 'replaced', released_position = t.position
       FROM unnest($1::text[], $2::text[], $3::bigint[]) AS t(source, event_id, position)
      WHERE q.status = 'open' AND q.source = t.source AND q.event_id = t.event_id AND q.position < t.position`,
    [sources, ids, positions],
  );
}

/** `events`: facts of the types `event-quarantined`, `event-released` and `event-discarded`, in log order. */
export function quarantineChanges(events: readonly RecordedEvent[]): QuarantineChanges {
  const opened = new Map<string, Row>();
  const closed = new Map<string, Row>();
  for (const event of events) {
    // What a publisher sent for another's source stands in a stream of the publisher.
    const id = event.stream.startsWith(STREAM)
      ? event.stream.slice(STREAM.length)
      : event.stream.startsWith(REJECTED)
        ? event.id
        : event.stream;
    if (event.type === 'event-quarantined') opened.set(id, openRow(id, event));
    else if (!closed.has(id))
      closed.set(id, { quarantine_id: id, status: statusOf(event), released_position: event.position });
  }
  return { opened: [...opened.values()], closed: [...closed.values()] };
}

function statusOf(event: RecordedEvent): string {
  if (event.type === 'event-released') return 'released';
  return dataOf(event)['replaced'] === true ? 'replaced' : 'discarded';
}

/** The id of a row by its content, in records that name it as their event only. */
const ROW_ID = /^row-[0-9a-f]{24}-\d+$/;

function openRow(id: string, event: RecordedEvent): Row {
  const data = dataOf(event);
  const received = data['receivedAt'];
  const text = (key: string) => (typeof data[key] === 'string' ? data[key] : null);
  const eventId = text('eventId') ?? text('id');
  return {
    quarantine_id: id,
    position: event.position,
    source: text('source'),
    event_id: eventId,
    type: text('type'),
    code: text('code') ?? 'unknown',
    pointer: text('pointer'),
    detail: text('detail') ?? '',
    hint: text('hint'),
    received_at:
      typeof received === 'number'
        ? received
        : ((typeof received === 'string' ? parseInstant(received) : null) ?? event.recordedAt),
    status: 'open',
    subject_id: text('subjectId'),
    released_position: null,
    file: text('file'),
    line: typeof data['line'] === 'number' ? data['line'] : null,
    claimed_source: text('claimedSource'),
    row_id: text('row') ?? (eventId !== null && ROW_ID.test(eventId) ? eventId : null),
  };
}

/** The data in the newest version that this program knows. Data of a version it does not know are read as they are: a list must not stop the indexer. */
function dataOf(event: RecordedEvent): Readonly<Record<string, unknown>> {
  const data = JSON.parse(event.data) as Record<string, unknown>;
  try {
    return upcast(event.type, event.schemaVersion, data);
  } catch (error) {
    if (error instanceof RangeError) return data;
    throw error;
  }
}
