import type { Instant } from '#contracts';
import { arrayText, insertRows, instantText, isRejection, sortedByKey, Writes, type Transaction } from '#database';
import { accountKind, accountPolicies, membershipsOf } from '#lifecycle';
import { describeError } from '#platform';
import { foldOne } from '../folding/fold-one.js';
import type { RetractionReason } from '../outbox/publications.js';
import { DIRTY_ACCOUNTS } from '../read-models/accounts/tables.js';
import { readPolicies, SELECT_POLICIES, type KnownPolicies } from '../read-models/policies/load-policies.js';
import type { ReadModelStore } from '../read-models/read-model-store.js';
import { accountEvents } from './account-events.js';
import { loadAccounts, type AccountTask, type KnownAccount } from './load-accounts.js';
import { publishAccountChanges } from './publish-account-changes.js';
import { writeAccounts, type AccountOutcome } from './write-accounts.js';

/** Which dirty accounts are folded together. */
interface AccountBatch {
  readonly limit: number;
  /** False: large accounts with a late event wait until folding them pays, as heavy customers do. */
  readonly all: boolean;
  /** Only this one; null for any. */
  readonly only: string | null;
}

/** An account whose fold or whose rows failed. */
interface FailedAccount {
  readonly task: AccountTask;
  readonly error: unknown;
}

/** A large account with late events is folded from the beginning when so large a part of it is new … */
const PENDING_SHARE = 8;
/** … or when the mark is as old as this for each event of it, five seconds at most. */
const WAIT_MS_PER_EVENT = 0.4;
const WAIT_MS_MAX = 5_000;

/** Condition of a mark that may be folded at `now`. */
const dueMark = (now: string): string => `(not_before IS NULL OR not_before <= ${now})`;

/**
 * Folds up to `limit` dirty accounts in one transaction; returns how many marks were claimed. Any number of workers may do so: a mark is locked
 * while its account is folded. An account that fails keeps its mark, with the reason, and is tried again when something marks it again; the
 * others go on.
 */
export async function foldDirtyAccounts(store: ReadModelStore, limit: number, all: boolean): Promise<number> {
  const { context, schema } = store;
  const [any] = await context.database.query<{ any: boolean }>(
    `SELECT EXISTS (SELECT FROM ${schema}.dirty_accounts WHERE ${dueMark('$1::timestamptz')}) AS any`,
    [instantText(context.now())],
  );
  if (any?.any !== true) return 0;
  try {
    return await foldInTransaction(store, { limit, all, only: null });
  } catch (error) {
    if (!isRejection(error)) throw error;
  }
  // The database rejects the rows of one of them: each is folded alone.
  const tasks = await store.transaction((tx) => claim(tx, { limit, all, only: null }, store));
  for (const task of tasks) {
    try {
      await foldInTransaction(store, { limit: 1, all, only: task.accountId });
    } catch (error) {
      if (!isRejection(error)) throw error;
      await store.transaction(async (tx) => {
        const writes = new Writes();
        await keepFailed(writes, [{ task, error }], store);
        await writes.send(tx);
      });
    }
  }
  return tasks.length;
}

function foldInTransaction(store: ReadModelStore, batch: AccountBatch): Promise<number> {
  return store.transaction((tx) => foldBatch(tx, batch, store), { byKeys: true });
}

async function foldBatch(tx: Transaction, batch: AccountBatch, store: ReadModelStore): Promise<number> {
  const { context } = store;
  const tasks = await claim(tx, batch, store);
  if (tasks.length === 0) return 0;
  // Read after the claim: what was indexed since then concerns none of the claimed accounts, whose marks are locked.
  const [at = [], counted = []] = await tx.batch([
    { sql: 'SELECT position FROM checkpoint' },
    SELECT_POLICIES,
    {
      sql: 'DELETE FROM dirty_accounts WHERE account_id = ANY($1::text[])',
      params: [arrayText(tasks.map(({ accountId }) => accountId))],
    },
  ]);
  const position = Number(at[0]?.['position'] ?? 0);
  const policies = await store.policies(tx, readPolicies(counted).count);
  const now = context.now();
  const known = await context.times.of('load', () => loadAccounts(tx, tasks));
  const { outcomes, failed } = await fold(tx, known, policies, { position, now }, store);
  const writes = new Writes();
  await context.times.of('write', async () => {
    const changed = await writeAccounts(tx, writes, outcomes, position);
    if (store.isLive) {
      const { epoch } = context;
      const publishing = { position, now, epoch, restatedAt: policies.restatedAt };
      context.counters.published += await publishAccountChanges(tx, writes, changed, publishing);
    }
    await keepWaiting(writes, outcomes, position, now);
    await keepFailed(writes, failed, store);
    await writes.send(tx);
  });
  context.counters.accounts += outcomes.length;
  return tasks.length;
}

async function claim(
  tx: Transaction,
  { limit, all, only }: AccountBatch,
  { context }: ReadModelStore,
): Promise<AccountTask[]> {
  const rows = await tx.query<{ account_id: string; reason: AccountTask['reason']; earliest_at: Instant | null }>(
    `SELECT d.account_id, d.reason, d.earliest_at FROM dirty_accounts d
       LEFT JOIN account_states n ON n.account_id = d.account_id
      WHERE ${dueMark('$1::timestamptz')} AND ($2::text IS NULL OR d.account_id = $2::text)
        AND ($3::boolean OR n.events IS NULL OR n.events <= $4 OR d.earliest_at IS NULL OR d.earliest_at >= n.upto_at
             OR d.pending * $5 >= n.events
             OR d.since <= $1::timestamptz - least(n.events * $6::float8, $7::float8) * interval '1 millisecond')
      ORDER BY d.since, d.account_id LIMIT $8 FOR UPDATE OF d SKIP LOCKED`,
    [
      ...[instantText(context.now()), only, all, context.snapshotEvery],
      ...[PENDING_SHARE, WAIT_MS_PER_EVENT, WAIT_MS_MAX, limit],
    ],
  );
  return rows.map((row) => ({ accountId: row.account_id, reason: row.reason, earliestAt: row.earliest_at }));
}

interface Moment {
  readonly position: number;
  readonly now: Instant;
}

async function fold(
  tx: Transaction,
  accounts: readonly KnownAccount[],
  { timeline }: KnownPolicies,
  { position, now }: Moment,
  { context }: ReadModelStore,
): Promise<{ readonly outcomes: AccountOutcome[]; readonly failed: FailedAccount[] }> {
  const events = await accountEvents(accounts, timeline, { tx, position, context });
  const outcomes: AccountOutcome[] = [];
  const failed: FailedAccount[] = [];
  // No snapshots: a late event folds an account from the beginning.
  const options = { policies: accountPolicies(timeline), asOf: now, position, snapshotEvery: Number.MAX_SAFE_INTEGER };
  for (const account of accounts) {
    const { task, newest } = account;
    const read = events.get(account);
    try {
      if (read === undefined) continue;
      if ('error' in read) throw read.error;
      const { base } = read;
      const as = { customerId: task.accountId, subjectIds: [task.accountId] };
      const folded = context.times.ofSync('fold', () => foldOne(as, read.events, base, options));
      const since = newest === null || base === null ? -1 : newest.position;
      outcomes.push({
        ...factsOf(account, now, folded.waitingUntil),
        ...{ folded: folded.folded, newest: folded.newest, written: account.written, reason: retractionReason(task) },
        membersChanged: account.members.some(({ changes }) => changes.some((change) => change.position > since)),
      });
    } catch (error) {
      failed.push({ task, error });
    }
  }
  return { outcomes, failed };
}

function factsOf({ task, source, reference, members }: KnownAccount, now: Instant, next: Instant | null) {
  const { accountId } = task;
  const changes = members.flatMap((member) => member.changes);
  const memberships = members.flatMap((member) =>
    membershipsOf(member.changes, now).map(({ joinedAt, leftAt, part }) => ({
      ...{ account_id: accountId, customer_id: member.customerId, joined_at: joinedAt, left_at: leftAt, part },
    })),
  );
  const ahead = changes.map(({ occurredAt }) => occurredAt).filter((at) => at > now);
  const waitingUntil = Math.min(next ?? Infinity, ...ahead);
  return {
    ...{ accountId, source, reference, kind: accountKind(changes, now), memberships },
    waitingUntil: waitingUntil === Infinity ? null : waitingUntil,
  };
}

function retractionReason({ reason }: AccountTask): RetractionReason {
  switch (reason) {
    case 'merge':
    case 'unmerge':
    case 'policy-changed':
    case 'policy-restated':
    case 'rebuild':
      return reason;
    default:
      return 'late-event';
  }
}

/** Accounts of which everything lies in the future stay dirty until the first of it comes. */
async function keepWaiting(
  writes: Writes,
  outcomes: readonly AccountOutcome[],
  position: number,
  now: Instant,
): Promise<void> {
  const rows = outcomes
    .filter(({ folded, waitingUntil }) => folded === null && waitingUntil !== null)
    .map(({ accountId, waitingUntil }) => ({
      ...{ account_id: accountId, position, pending: 0, earliest_at: null, reason: 'events', since: now },
      ...{ not_before: waitingUntil, failure: null },
    }));
  await insertRows(writes, DIRTY_ACCOUNTS, sortedByKey(DIRTY_ACCOUNTS, rows), '(account_id) DO NOTHING');
}

async function keepFailed(
  writes: Writes,
  failed: readonly FailedAccount[],
  { context }: ReadModelStore,
): Promise<void> {
  if (failed.length === 0) return;
  const rows = failed.map(({ task, error }) => ({
    ...{ account_id: task.accountId, position: 0, pending: 0, earliest_at: -Infinity, reason: 'events' },
    ...{ since: context.now(), not_before: Infinity, failure: describeError(error).slice(0, 2_000) },
  }));
  await insertRows(
    writes,
    DIRTY_ACCOUNTS,
    sortedByKey(DIRTY_ACCOUNTS, rows),
    '(account_id) DO UPDATE SET not_before = EXCLUDED.not_before, failure = EXCLUDED.failure, earliest_at = EXCLUDED.earliest_at',
  );
  for (const { task, error } of failed)
    context.logger.warn({ account: task.accountId, error: describeError(error) }, 'An account could not be folded.');
}
