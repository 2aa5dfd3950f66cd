import { STREAMS, subjectOfStream } from '#contracts';
import { arrayText, instantText, type Row, type Statement, type Transaction } from '#database';
import type { EventLog, RecordedEvent } from '#event-log';
import type { Snapshot } from '#lifecycle';
import { duplicatesAmong } from '../indexing/event-ids/deduplicate.js';
import { restrictedCustomer } from '../read-models/restrictions/table.js';
import { suppressionsOf, type KnownSuppression } from '../read-models/suppressions/table.js';
import type { FoldState } from './fold-one.js';

/** What the tables know of a customer who is to be folded. */
export interface KnownCustomer {
  readonly customerId: string;
  /** Sorted. Empty when the customer was merged into another one. */
  readonly subjectIds: readonly string[];
  /** Whether the customer has rows already. */
  readonly written: boolean;
  readonly waitingUntil: number | null;
  /** When the rows that stand said that something may change without an event. */
  readonly wakeAt: number | null;
  /** The rows that stand cover the log up to this position; 0 without rows. */
  readonly foldedPosition: number;
  readonly newest: FoldState | null;
  /** Whether the last fold called for actions. */
  readonly hadActions: boolean;
  /** Whether all identifiers of the customer were erased: then no action is proposed. */
  readonly erased: boolean;
  /** Whether the processing of their data is restricted: then no action is proposed either. */
  readonly restricted: boolean;
  /** The suppressions of their identifiers, those that have expired too. */
  readonly suppressions: readonly KnownSuppression[];
}

interface KnownRow extends Record<string, unknown> {
  customer_id: string;
  ids: string | null;
  written: boolean;
  waiting_until: number | null;
  wake_at: number | null;
  folded_position: number | null;
  had_actions: boolean | null;
  erased: boolean | null;
  restricted: boolean;
  suppressions: string | null;
  events: number | null;
  upto_at: number;
  position: number;
  state: string;
}

/** Asks for customers with their subjects and newest states. Those to fold from the start get no state: it is not valid. */
export function selectKnown(
  customers: readonly { readonly customerId: string; readonly earliestAt: number | null }[],
): Statement {
  return {
    sql: `SELECT c.customer_id, s.ids, s.erased, ${restrictedCustomer('c.customer_id')} AS restricted, ${suppressionsOf('c.customer_id')} AS suppressions, k.customer_id IS NOT NULL AS written, k.waiting_until, k.wake_at, k.folded_position, k.actions <> '[]' AS had_actions,
            n.events, n.upto_at, n.position, n.state
       FROM unnest($1::text[], $2::boolean[]) AS c(customer_id, from_start)
       LEFT JOIN LATERAL (SELECT string_agg(subject_id, ',' ORDER BY subject_id) AS ids, bool_and(erased_at IS NOT NULL) AS erased
                            FROM subjects WHERE customer_id = c.customer_id) s ON true
       LEFT JOIN customers k ON k.customer_id = c.customer_id
       LEFT JOIN states n ON n.customer_id = c.customer_id AND NOT c.from_start`,
    params: [
      arrayText(customers.map((one) => one.customerId)),
      arrayText(customers.map((one) => one.earliestAt === -Infinity)),
    ],
  };
}

/** The rows of `selectKnown`, by customer. */
export function readKnown(rows: readonly Row[]): Map<string, KnownCustomer> {
  const known = new Map<string, KnownCustomer>();
  for (const row of rows as KnownRow[])
    known.set(row.customer_id, {
      customerId: row.customer_id,
      subjectIds: row.ids === null ? [] : row.ids.split(','),
      written: row.written,
      waitingUntil: row.waiting_until,
      wakeAt: row.wake_at,
      foldedPosition: Number(row.folded_position ?? 0),
      newest: row.events === null ? null : stateOf(row.events, row),
      hadActions: row.had_actions === true,
      erased: row.erased === true,
      restricted: row.restricted,
      suppressions: row.suppressions === null ? [] : (JSON.parse(row.suppressions) as KnownSuppression[]),
    });
  return known;
}

/** Of each customer the last snapshot whose events all lie before an instant. */
export async function loadSnapshotsBefore(
  tx: Transaction,
  late: readonly { readonly customerId: string; readonly before: number }[],
): Promise<Map<string, FoldState>> {
  if (late.length === 0) return new Map();
  const rows = await tx.query<KnownRow & { events: number }>(
    `SELECT DISTINCT ON (n.customer_id) n.* FROM unnest($1::text[], $2::timestamptz[]) AS c(customer_id, before)
       JOIN snapshots n ON n.customer_id = c.customer_id AND n.upto_at < c.before ORDER BY n.customer_id, n.events DESC`,
    [arrayText(late.map((one) => one.customerId)), arrayText(late.map((one) => instantText(one.before)))],
  );
  return new Map(rows.map((row) => [row.customer_id, stateOf(row.events, row)]));
}

function stateOf(events: number, row: Pick<KnownRow, 'upto_at' | 'position' | 'state'>): FoldState {
  return {
    events,
    uptoAt: row.upto_at,
    position: row.position,
    snapshot: JSON.parse(row.state) as Snapshot,
  };
}

const NONE: ReadonlySet<number> = new Set();

/** So many streams are read at once. */
const STREAMS_MAX = 1_000;

/**
 * The touchpoints of these subjects, by subject. With `deduplicatedBy`, without those that this transaction knows to repeat an event id:
 * the log itself may not know yet.
 */
export async function readTouchpoints(
  log: EventLog,
  subjectIds: readonly string[],
  range: { readonly after?: number; readonly upTo: number },
  deduplicatedBy: Transaction | null,
): Promise<Map<string, RecordedEvent[]>> {
  const found = new Map<string, RecordedEvent[]>();
  for (let at = 0; at < subjectIds.length; at += STREAMS_MAX) {
    const streams = subjectIds.slice(at, at + STREAMS_MAX).map(STREAMS.subject);
    const events = await log.readStreams(streams, range);
    const repeated = deduplicatedBy === null ? NONE : await duplicatesAmong(deduplicatedBy, events);
    for (const event of events) {
      if (repeated.has(event.position)) continue;
      const subjectId = subjectOfStream(event.stream) ?? '';
      const list = found.get(subjectId);
      if (list === undefined) found.set(subjectId, [event]);
      else list.push(event);
    }
  }
  return found;
}
