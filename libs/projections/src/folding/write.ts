import { isDeepStrictEqual } from 'node:util';
import type { Instant } from '#contracts';
import type { Transaction, Row } from '#database';
import { markCustomers } from '../outbox/mark-customers.js';
import { propose, type Treated } from '../outbox/propose.js';
import { publish, type ChangedStagePeriods, type RetractionReason } from '../outbox/publish.js';
import type { CustomerReadModel, DayOf, FoldedView } from '../read-models/read-model.js';
import { deleteRows, insertRows, sortedByKey, unnest, upsertRows } from '#database';
import { arrayText } from '#database';
import type { Table } from '#database';
import { STAGE_PERIODS } from '../read-models/stage-periods/table.js';
import { SNAPSHOTS, STATES } from '../read-models/working-tables.js';
import type { Writer } from '#database';
import type { Base, FoldedEvents } from './fold-one.js';

/** One customer's outcome, ready to be written. */
export interface FoldOutcome {
  readonly customerId: string;
  /** Null when they have nothing to show: absorbed by another, only test traffic, only the future. Their rows go. */
  readonly one: FoldedEvents | null;
  readonly base: Base | null;
  /** Whether there are rows of theirs. */
  readonly written: boolean;
  /** Whether something was called for when they were last folded: then something of it may stand. */
  readonly hadActions: boolean;
  /** All their names were erased. */
  readonly erased: boolean;
  /** Whether a state of theirs may be there. */
  readonly hadState: boolean;
  /** True when what was folded before is folded again, from an older state or from the beginning. */
  readonly again: boolean;
  readonly reason: RetractionReason;
}

export interface WriteContext {
  readonly models: readonly CustomerReadModel[];
  readonly dayOf: DayOf;
  readonly position: number;
  readonly now: Instant;
  /** False while a version is built beside the live one: then nothing is said. */
  readonly outputs: boolean;
}

/** A history shorter than this is read again from the log rather than kept as a state. */
export const STATE_FROM_EVENTS = 8;

/**
 * Writes what was folded: every read model's rows, the states to go on from, and what is to be said; returns how many things
 * were said. What needs no answer is put off in `writes`: the caller sends it.
 */
export async function writeOutcomes(
  tx: Transaction,
  writes: Writer,
  outcomes: readonly FoldOutcome[],
  context: WriteContext,
): Promise<number> {
  if (outcomes.length === 0) return 0;
  const gone = outcomes.filter(
    (one) => (one.one?.folded ?? null) === null && (one.written || one.reason === 'rebuild'),
  );
  const standing = outcomes.filter(
    (one): one is FoldOutcome & { one: FoldedEvents & { folded: FoldedView } } => (one.one?.folded ?? null) !== null,
  );
  let changed: ChangedStagePeriods[] = [];
  for (const model of context.models) {
    switch (model.shape) {
      case 'row':
        // A row that is there is put into its own place: unless an indexed column changed, no index need be touched.
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
          ...standing.filter((one) => one.written && one.one.folded.whole),
        ]);
        await removeRefolded(
          writes,
          model.table,
          standing.filter((one) => one.again && !one.one.folded.whole),
        );
        await insertRows(
          writes,
          model.table,
          standing.flatMap((one) => model.rows(one.one.folded)),
        );
        break;
      case 'sum':
        // Moved by what changed among the stage periods, above.
        break;
    }
  }
  await writeStates(writes, outcomes);
  if (!context.outputs) return 0;
  const { position, now } = context;
  await markCustomers(
    writes,
    [...standing, ...gone].map((one) => one.customerId),
    now,
  );
  const published = await publish(tx, writes, changed, position, now);
  return published + (await propose(tx, writes, outcomes.filter(mayBeTreated).map(treatedOf), position, now));
}

/** Nearly nobody: who consented, or is another by now, or of whom another version said something. */
function mayBeTreated({ one, hadActions, reason }: FoldOutcome): boolean {
  if (hadActions || (one?.folded?.view.actions.length ?? 0) > 0) return true;
  return reason === 'merge' || reason === 'unmerge' || reason === 'rebuild';
}

function treatedOf({ customerId, one, erased, reason }: FoldOutcome): Treated {
  return { customerId, view: one?.folded?.view ?? null, erased, reason };
}

/** The rows of those who have one already, or of those who have none. */
function rowsOf(
  model: CustomerReadModel & { shape: 'row' },
  standing: readonly (FoldOutcome & { one: { folded: FoldedView } })[],
  written: boolean,
): Row[] {
  return standing.filter((one) => one.written === written).map((one) => model.row(one.one.folded));
}

async function removeCustomers(writes: Writer, table: Table, gone: readonly FoldOutcome[]): Promise<void> {
  if (gone.length === 0) return;
  await writes.query(`DELETE FROM ${table.name} WHERE customer_id = ANY($1::text[])`, [
    arrayText(gone.map((one) => one.customerId)),
  ]);
}

async function removeRefolded(
  writes: Writer,
  table: Table,
  again: readonly (FoldOutcome & { one: { folded: FoldedView } })[],
): Promise<void> {
  const rows = again.flatMap((one) =>
    one.one.folded.refolded.map((event) => ({
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
  standing: readonly (FoldOutcome & { one: { folded: FoldedView } })[],
  gone: readonly FoldOutcome[],
): Promise<SequenceChange[]> {
  const { table } = model;
  const fresh = new Map<string, { rows: Row[]; from: number; outcome: FoldOutcome }>();
  for (const outcome of standing) {
    const { folded } = outcome.one;
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
      // Nothing need have changed here: it is what another version said that is compared with what this one believes.
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

function sameRow(table: Table, a: Row, b: Row): boolean {
  return Object.keys(table.columns).every(
    (column) =>
      a[column] === b[column] || (table.columns[column] === 'jsonb' && isDeepStrictEqual(a[column], plain(b[column]))),
  );
}

/** As it comes back from the database: keys that are undefined are not there. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

async function moveSums(writes: Writer, context: WriteContext, changes: readonly SequenceChange[]): Promise<void> {
  for (const model of context.models) {
    if (model.shape !== 'sum') continue;
    const sums = new Sums(model, context.dayOf);
    for (const change of changes) {
      for (const period of change.removed) sums.add(period, -1);
      for (const period of change.added) sums.add(period, 1);
    }
    await sums.write(writes);
  }
}

/** Adds up what stage periods contribute to a read model of sums. */
export class Sums {
  readonly #rows = new Map<string, Row>();

  constructor(
    private readonly model: CustomerReadModel & { shape: 'sum' },
    private readonly dayOf: DayOf,
  ) {}

  add(period: Row, sign: 1 | -1): void {
    const { table, sums } = this.model;
    for (const row of this.model.of(period, this.dayOf)) {
      const key = table.key.map((column) => String(row[column])).join('\0');
      const known = this.#rows.get(key);
      if (known === undefined) {
        for (const sum of sums) row[sum] = sign * (row[sum] as number);
        this.#rows.set(key, row);
      } else for (const sum of sums) known[sum] = (known[sum] as number) + sign * (row[sum] as number);
    }
  }

  /** Adds all this to the rows that are there. */
  write(writes: Writer): Promise<void> {
    return addSums(writes, this.model, this.#changed());
  }

  /** Only rows with something to add or take away. */
  #changed(): Row[] {
    return [...this.#rows.values()].filter((row) => this.model.sums.some((sum) => row[sum] !== 0));
  }
}

async function addSums(writes: Writer, model: CustomerReadModel & { shape: 'sum' }, rows: Row[]): Promise<void> {
  if (rows.length === 0) return;
  const { table, sums } = model;
  const set = sums.map((sum) => `${sum} = t.${sum} + EXCLUDED.${sum}`).join(', ');
  await insertRows(
    writes,
    { ...table, name: `${table.name} AS t` },
    sortedByKey(table, rows),
    `(${table.key.join(', ')}) DO UPDATE SET ${set}`,
  );
  const emptied = rows.filter((row) => sums.some((sum) => (row[sum] as number) < 0));
  if (emptied.length === 0) return;
  const keys = unnest(table, table.key, emptied, 'k');
  await writes.query(
    `DELETE FROM ${table.name} t USING ${keys.sql} WHERE ${table.key.map((c) => `t.${c} = k.${c}`).join(' AND ')}
        AND ${sums.map((sum) => `t.${sum} = 0`).join(' AND ')}`,
    keys.params,
  );
}

/** The state of a customer as a row of `states` or `snapshots`. */
export function stateRow(customerId: string, base: Base): Row {
  return {
    customer_id: customerId,
    events: base.events,
    upto_at: base.uptoAt,
    position: base.position,
    state: JSON.stringify(base.checkpoint),
  };
}

async function writeStates(writes: Writer, outcomes: readonly FoldOutcome[]): Promise<void> {
  const newest: Row[] = [];
  const snapshots: Row[] = [];
  const cut: Row[] = [];
  for (const { customerId, one, base, again, hadState } of outcomes) {
    if (one !== null && one.folded !== null && one.newest !== null && one.newest.events >= STATE_FROM_EVENTS)
      newest.push(stateRow(customerId, one.newest));
    for (const snapshot of one?.snapshots ?? []) snapshots.push(stateRow(customerId, snapshot));
    if (again && hadState) cut.push({ customer_id: customerId, events: base?.events ?? -1 });
  }
  await removeCustomers(
    writes,
    STATES,
    outcomes.filter((one) => one.hadState),
  );
  if (cut.length > 0) {
    const rows = unnest(SNAPSHOTS, ['customer_id', 'events'], cut, 'c');
    await writes.query(
      `DELETE FROM snapshots s USING ${rows.sql} WHERE s.customer_id = c.customer_id AND s.events > c.events`,
      rows.params,
    );
  }
  await insertRows(writes, SNAPSHOTS, snapshots, 'DO NOTHING');
  const had = new Set(outcomes.flatMap((one) => (one.hadState ? [one.customerId] : [])));
  const there = (row: Row): boolean => had.has(row['customer_id'] as string);
  await upsertRows(writes, STATES, newest.filter(there));
  await insertRows(
    writes,
    STATES,
    newest.filter((row) => !there(row)),
  );
}
