import { isDeepStrictEqual } from 'node:util';
import type { Instant } from '#contracts';
import type { Policy } from '#lifecycle';
import {
  arrayText,
  deleteRows,
  insertRows,
  sortedByKey,
  unnest,
  upsertRows,
  type Row,
  type Table,
  type Transaction,
  type Writer,
} from '#database';
import type { Reason } from '../indexing/affected-customer.js';
import type { Epoch } from '../fitting/epoch.js';
import { markProfiles } from '../outbox/mark-profiles.js';
import { publishActions, type CustomerActions } from '../outbox/publish-actions.js';
import type { RetractionReason } from '../outbox/publications.js';
import { publishStageChanges, type ChangedStagePeriods } from '../outbox/publish-stage-changes.js';
import { publishSegmentChanges, segmentChangesOf } from '../outbox/publish-segment-changes.js';
import type { CustomerReadModel, DayZone, FoldedView } from '../read-models/read-model.js';
import type { KnownSuppression } from '../read-models/suppressions/table.js';
import { STAGE_PERIODS } from '../read-models/stage-periods/table.js';
import type { FoldedEvents, FoldState } from './fold-one.js';
import type { KnownCustomer } from './load.js';
import { writeStates } from './states.js';
import { Sums } from './sums.js';

/** What folding a customer came to, beside what was there before: ready to be written. Without `folded` the customer's rows go. */
export interface FoldOutcome extends FoldedEvents {
  readonly customerId: string;
  /** The state that the fold went on from; null when it began at the beginning. */
  readonly base: FoldState | null;
  /** Whether the customer has rows. */
  readonly written: boolean;
  /** Whether the last fold called for actions: then one of them may still be proposed. */
  readonly hadActions: boolean;
  /** Whether all identifiers of the customer were erased. */
  readonly erased: boolean;
  /** Whether the processing of their data is restricted. */
  readonly restricted: boolean;
  /** The suppressions of their identifiers. */
  readonly suppressions: readonly KnownSuppression[];
  /** Whether a row of the customer may stand in `states`. */
  readonly hadState: boolean;
  /** True when events that were folded before were folded again, from an older state or from the beginning. */
  readonly again: boolean;
  readonly reason: RetractionReason;
  /** Why the customer was to be folded. */
  readonly task: Reason;
  /** What the rows that stood before say: how far they went, and when something was to change without an event. */
  readonly known: Pick<KnownCustomer, 'wakeAt' | 'waitingUntil' | 'foldedPosition'>;
  /** Of a customer without rows from now on: the segments that the tables have them in. */
  readonly leftSegments?: readonly string[];
}

/** An outcome with something to show. */
type Shown = FoldOutcome & { readonly folded: FoldedView };

export interface WriteContext {
  readonly models: readonly CustomerReadModel[];
  /** The zones whose days are counted. */
  readonly zones: readonly DayZone[];
  /** When the past was last restated by a policy. */
  readonly restatedAt: Instant;
  /** The version of each segment that is defined. */
  readonly segmentVersions: ReadonlyMap<string, number>;
  /** The policy in force now: its rules of contact hold actions back. */
  readonly policy: Pick<Policy, 'contact' | 'timeZone'>;
  readonly position: number;
  readonly now: Instant;
  /** A history leaves a snapshot every so many events. */
  readonly snapshotEvery: number;
  /** False while a version is built beside the live one. */
  readonly publishes: boolean;
  readonly epoch: Epoch;
}

/**
 * Writes what was folded: the rows of every read model, the states to go on from, and what is to be published; returns how many
 * messages were published. Statements whose answer is not needed are added to `writes`, which the caller sends.
 */
export async function writeOutcomes(
  tx: Transaction,
  writes: Writer,
  outcomes: readonly FoldOutcome[],
  context: WriteContext,
): Promise<number> {
  if (outcomes.length === 0) return 0;
  const gone = outcomes.filter((one) => one.folded === null && (one.written || one.reason === 'rebuild'));
  const standing = outcomes.filter((one): one is Shown => one.folded !== null);
  let changed: ChangedStagePeriods[] = [];
  for (const model of context.models) {
    switch (model.shape) {
      case 'row':
        // An existing row is updated in place: no index is touched unless an indexed column changed.
        await removeCustomers(writes, model.table, gone);
        await upsertRows(writes, model.table, rowsOf(model, standing, true));
        await insertRows(writes, model.table, rowsOf(model, standing, false));
        break;
      case 'sequence': {
        const changes = await rewriteSequence(tx, writes, model, standing, gone);
        if (model.table === STAGE_PERIODS) {
          await moveSums(writes, context, changes);
          changed = changes.map((change) => change.changed);
        }
        break;
      }
      case 'by-event':
        await removeCustomers(writes, model.table, [
          ...gone,
          ...standing.filter((one) => one.written && one.folded.whole),
        ]);
        await removeRefolded(
          writes,
          model.table,
          standing.filter((one) => !one.folded.whole),
          model.keepsRebooked !== true,
        );
        await insertRows(
          writes,
          model.table,
          standing.flatMap((one) => model.rows(one.folded)),
        );
        break;
      case 'set':
        await removeCustomers(writes, model.table, gone);
        await deleteRows(
          writes,
          model.table,
          model.table.key,
          standing.flatMap((one) => model.removed(one.folded)),
        );
        await insertRows(
          writes,
          model.table,
          sortedByKey(
            model.table,
            standing.flatMap((one) => model.added(one.folded)),
          ),
        );
        break;
      case 'sum':
        // Changed together with the stage periods, above.
        break;
    }
  }
  await writeStates(writes, outcomes, context.snapshotEvery);
  if (!context.publishes) return 0;
  await publishSegmentChanges(writes, segmentChangesOf(outcomes, context), context);
  const { position, now, epoch, restatedAt, policy } = context;
  const publishing = { position, now, epoch, restatedAt };
  await markProfiles(
    writes,
    [...standing, ...gone].map((one) => one.customerId),
    now,
  );
  const changes = await publishStageChanges(tx, writes, changed, publishing);
  return (
    changes +
    (await publishActions(tx, writes, outcomes.filter(mayHaveActions).map(actionsOf), { ...publishing, policy }))
  );
}

/** Few customers: actions need consent, unless the customer was merged, or another version proposed something. */
function mayHaveActions({ folded, hadActions, reason }: FoldOutcome): boolean {
  if (hadActions || (folded?.view.actions.length ?? 0) > 0) return true;
  return reason === 'merge' || reason === 'unmerge' || reason === 'rebuild';
}

function actionsOf({ customerId, folded, erased, restricted, suppressions, reason }: FoldOutcome): CustomerActions {
  return { customerId, view: folded?.view ?? null, erased, restricted, suppressions, reason };
}

/** The rows of the customers that have one already, or of those that have none. */
function rowsOf(model: CustomerReadModel & { shape: 'row' }, standing: readonly Shown[], written: boolean): Row[] {
  return standing.filter((one) => one.written === written).map((one) => model.row(one.folded));
}

async function removeCustomers(writes: Writer, table: Table, gone: readonly FoldOutcome[]): Promise<void> {
  if (gone.length === 0) return;
  await writes.query(`DELETE FROM ${table.name} WHERE customer_id = ANY($1::text[])`, [
    arrayText(gone.map((one) => one.customerId)),
  ]);
}

/** Rows of events that are folded again, or whose order came to be known since they were folded. */
async function removeRefolded(
  writes: Writer,
  table: Table,
  standing: readonly Shown[],
  rebooked: boolean,
): Promise<void> {
  const rows = standing.flatMap((one) =>
    [...(one.again ? one.folded.refolded : []), ...(rebooked ? one.folded.rebooked : [])].map((event) => ({
      customer_id: one.customerId,
      source: event.source,
      event_id: event.id,
    })),
  );
  if (rows.length > 0) await deleteRows(writes, table, ['customer_id', 'source', 'event_id'], rows);
}

interface SequenceChange {
  readonly changed: ChangedStagePeriods;
  readonly removed: readonly Row[];
  readonly added: readonly Row[];
}

/** Puts the new rows in place of the old ones, from the first that differs on. */
async function rewriteSequence(
  tx: Transaction,
  writes: Writer,
  model: CustomerReadModel & { shape: 'sequence' },
  standing: readonly Shown[],
  gone: readonly FoldOutcome[],
): Promise<SequenceChange[]> {
  const { table } = model;
  const fresh = new Map<string, { rows: Row[]; from: number; outcome: FoldOutcome }>();
  for (const outcome of standing) {
    const { folded } = outcome;
    const from = folded.whole ? 0 : (folded.stagePeriods[0]?.seq ?? 0);
    fresh.set(outcome.customerId, { rows: model.rows(folded), from, outcome });
  }
  for (const outcome of gone) fresh.set(outcome.customerId, { rows: [], from: 0, outcome });
  const old = new Map<string, Row[]>();
  const asked = [...fresh].filter(([, { outcome }]) => outcome.written);
  if (asked.length > 0) {
    const source = unnest(
      table,
      ['customer_id', 'seq'],
      asked.map(([customer_id, { from }]) => ({ customer_id, seq: from })),
      'c',
    );
    const rows = await tx.query(
      `SELECT t.* FROM ${source.sql} CROSS JOIN LATERAL (
         SELECT * FROM ${table.name} r WHERE r.customer_id = c.customer_id AND r.seq >= c.seq OFFSET 0) t
        ORDER BY t.customer_id, t.seq`,
      source.params,
    );
    for (const row of rows) {
      const id = row['customer_id'] as string;
      const list = old.get(id);
      if (list === undefined) old.set(id, [row]);
      else list.push(row);
    }
  }
  const changes: SequenceChange[] = [];
  for (const [customerId, { rows, outcome }] of fresh) {
    const before = old.get(customerId) ?? [];
    let same = 0;
    while (same < before.length && same < rows.length && sameRow(table, before[same] ?? {}, rows[same] ?? {})) same++;
    const removed = before.slice(same);
    const added = rows.slice(same);
    if (outcome.reason === 'rebuild') {
      // The rows need not have changed: what another version published is compared with what this version holds.
      changes.push({
        removed,
        added,
        changed: { customerId, stagePeriods: rows, since: -Infinity, reason: 'rebuild' },
      });
      continue;
    }
    if (removed.length === 0 && added.length === 0) continue;
    const since = Math.min(
      ...[removed[0], added[0]].map((row) => (row?.['entered_at'] as number | undefined) ?? Infinity),
    );
    changes.push({ removed, added, changed: { customerId, stagePeriods: added, since, reason: outcome.reason } });
  }
  await deleteRows(
    writes,
    table,
    table.key,
    changes.flatMap((change) => change.removed),
  );
  await insertRows(
    writes,
    table,
    changes.flatMap((change) => change.added),
  );
  return changes;
}

/** Whether two rows of a table are equal, one of them as it came back from the database. */
export function sameRow(table: Table, a: Row, b: Row): boolean {
  return Object.keys(table.columns).every(
    (column) =>
      a[column] === b[column] || (table.columns[column] === 'jsonb' && isDeepStrictEqual(a[column], stored(b[column]))),
  );
}

/** As it comes back from the database: without keys that are undefined. */
function stored(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

async function moveSums(writes: Writer, context: WriteContext, changes: readonly SequenceChange[]): Promise<void> {
  for (const model of context.models) {
    if (model.shape !== 'sum') continue;
    const sums = new Sums(model, context.zones);
    for (const change of changes) {
      for (const period of change.removed) sums.add(period, -1);
      for (const period of change.added) sums.add(period, 1);
    }
    await sums.write(writes);
  }
}
