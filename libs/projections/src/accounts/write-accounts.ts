import {
  arrayText,
  deleteRows,
  insertRows,
  unnest,
  upsertRows,
  type Row,
  type Table,
  type Transaction,
  type Writes,
} from '#database';
import type { FoldState } from '../folding/fold-one.js';
import { STATE_FROM_EVENTS } from '../folding/states.js';
import { sameRow } from '../folding/write.js';
import type { RetractionReason } from '../outbox/publications.js';
import type { FoldedView } from '../read-models/read-model.js';
import {
  ACCOUNTS,
  ACCOUNT_BOOKINGS,
  ACCOUNT_STAGE_PERIODS,
  ACCOUNT_STATES,
  FOLDED_ACCOUNT_TABLES,
  MEMBERSHIPS,
} from '../read-models/accounts/tables.js';
import { grouped } from './grouped.js';
import { accountBookingRows, accountRow, accountStagePeriodRows, type AccountFacts } from './account-rows.js';

/** What folding an account came to, beside what was there before. Without `folded` its rows go. */
export interface AccountOutcome extends AccountFacts {
  readonly folded: FoldedView | null;
  readonly newest: FoldState | null;
  readonly written: boolean;
  /** Whether the rows of memberships may differ from those that were written before. */
  readonly membersChanged: boolean;
  readonly reason: RetractionReason;
}

/** An account whose stage periods changed. */
export interface ChangedAccount {
  readonly outcome: AccountOutcome;
  /** The stage periods as they are now, from the first that changed. */
  readonly stagePeriods: readonly Row[];
  /** No stage period that began before this instant changed. */
  readonly since: number;
}

type Shown = AccountOutcome & { readonly folded: FoldedView };

/** Writes what was folded of accounts; returns those whose stage periods changed. Statements without an answer are added to `writes`. */
export async function writeAccounts(
  tx: Transaction,
  writes: Writes,
  outcomes: readonly AccountOutcome[],
  position: number,
): Promise<ChangedAccount[]> {
  if (outcomes.length === 0) return [];
  const standing = outcomes.filter((one): one is Shown => one.folded !== null);
  const gone = outcomes.filter(({ folded, written }) => folded === null && written);
  const changed = await rewriteStagePeriods(tx, writes, standing, gone);
  await rewriteMemberships(tx, writes, standing);
  for (const table of FOLDED_ACCOUNT_TABLES)
    if (table !== ACCOUNT_STAGE_PERIODS) await removeAccounts(writes, table, gone);
  const row = (one: Shown): Row => accountRow(one, one.folded.view, position);
  await upsertRows(writes, ACCOUNTS, standing.filter(({ written }) => written).map(row));
  await insertRows(writes, ACCOUNTS, standing.filter(({ written }) => !written).map(row));
  await rewriteBookings(writes, standing);
  await removeAccounts(writes, ACCOUNT_STATES, outcomes);
  await insertRows(
    writes,
    ACCOUNT_STATES,
    standing.flatMap(({ accountId, newest, waitingUntil }) =>
      // What lies in the future would be missing from a fold that goes on from here.
      newest === null || newest.events < STATE_FROM_EVENTS || waitingUntil !== null
        ? []
        : [
            {
              account_id: accountId,
              ...{ events: newest.events, upto_at: newest.uptoAt, position: newest.position },
              state: JSON.stringify(newest.snapshot),
            },
          ],
    ),
  );
  return changed;
}

async function removeAccounts(
  writes: Writes,
  table: Table,
  accounts: readonly { readonly accountId: string }[],
): Promise<void> {
  if (accounts.length === 0) return;
  await writes.query(`DELETE FROM ${table.name} WHERE account_id = ANY($1::text[])`, [
    arrayText(accounts.map(({ accountId }) => accountId)),
  ]);
}

/** Puts the new stage periods in place of the old ones, from the first that differs on. */
async function rewriteStagePeriods(
  tx: Transaction,
  writes: Writes,
  standing: readonly Shown[],
  gone: readonly AccountOutcome[],
): Promise<ChangedAccount[]> {
  const fresh = [
    ...standing.map((outcome) => {
      const { accountId, folded } = outcome;
      const from = folded.whole ? 0 : (folded.stagePeriods[0]?.seq ?? 0);
      return { outcome, from, rows: accountStagePeriodRows(accountId, folded.stagePeriods) };
    }),
    ...gone.map((outcome) => ({ outcome, from: 0, rows: [] as Row[] })),
  ];
  const asked = fresh.filter(({ outcome }) => outcome.written);
  const source = unnest(
    ACCOUNT_STAGE_PERIODS,
    ['account_id', 'seq'],
    asked.map(({ outcome, from }) => ({ account_id: outcome.accountId, seq: from })),
    'c',
  );
  const old =
    asked.length === 0
      ? []
      : await tx.query(
          `SELECT p.* FROM ${source.sql} JOIN account_stage_periods p ON p.account_id = c.account_id AND p.seq >= c.seq
            ORDER BY p.account_id, p.seq`,
          source.params,
        );
  const before = grouped(old, (row) => row['account_id'] as string);
  const changed: ChangedAccount[] = [];
  const removed: Row[] = [];
  const added: Row[] = [];
  for (const { outcome, rows } of fresh) {
    const was = before.get(outcome.accountId) ?? [];
    let same = 0;
    while (same < was.length && same < rows.length && sameRow(ACCOUNT_STAGE_PERIODS, was[same] ?? {}, rows[same] ?? {}))
      same += 1;
    removed.push(...was.slice(same));
    added.push(...rows.slice(same));
    // After a switch of versions the rows need not have changed: what another version published is compared with them.
    if (outcome.reason === 'rebuild') changed.push({ outcome, stagePeriods: rows, since: -Infinity });
    else if (same < was.length || same < rows.length) {
      const since = Math.min(
        ...[was[same], rows[same]].map((row) => (row?.['entered_at'] as number | undefined) ?? Infinity),
      );
      changed.push({ outcome, stagePeriods: rows.slice(same), since });
    }
  }
  await deleteRows(writes, ACCOUNT_STAGE_PERIODS, ACCOUNT_STAGE_PERIODS.key, removed);
  await insertRows(writes, ACCOUNT_STAGE_PERIODS, added);
  return changed;
}

/** Writes the memberships that changed: of an account with many members only few do. */
async function rewriteMemberships(tx: Transaction, writes: Writes, standing: readonly Shown[]): Promise<void> {
  const concerned = standing.filter(({ membersChanged }) => membersChanged);
  if (concerned.length === 0) return;
  const old = await tx.query('SELECT * FROM account_memberships WHERE account_id = ANY($1::text[])', [
    arrayText(concerned.filter(({ written }) => written).map(({ accountId }) => accountId)),
  ]);
  const left = new Map(old.map((row) => [JSON.stringify(MEMBERSHIPS.key.map((column) => row[column])), row]));
  const added: Row[] = [];
  const removed: Row[] = [];
  for (const row of concerned.flatMap(({ memberships }) => memberships)) {
    const key = JSON.stringify(MEMBERSHIPS.key.map((column) => row[column]));
    const was = left.get(key);
    left.delete(key);
    if (was !== undefined && sameRow(MEMBERSHIPS, was, row)) continue;
    if (was !== undefined) removed.push(was);
    added.push(row);
  }
  await deleteRows(writes, MEMBERSHIPS, MEMBERSHIPS.key, [...removed, ...left.values()]);
  await insertRows(writes, MEMBERSHIPS, added);
}

async function rewriteBookings(writes: Writes, standing: readonly Shown[]): Promise<void> {
  await removeAccounts(
    writes,
    ACCOUNT_BOOKINGS,
    standing.filter(({ written, folded }) => written && folded.whole),
  );
  const again = standing.flatMap(({ accountId, folded }) =>
    folded.rebooked.map(({ source, id }) => ({ account_id: accountId, source, event_id: id })),
  );
  if (again.length > 0) await deleteRows(writes, ACCOUNT_BOOKINGS, ['account_id', 'source', 'event_id'], again);
  await insertRows(
    writes,
    ACCOUNT_BOOKINGS,
    standing.flatMap(({ folded }) => accountBookingRows(folded)),
  );
}
