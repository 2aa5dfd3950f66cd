import type { Instant } from '#contracts';
import { instantText } from '#database';
import { markAllAccounts, markDueAccounts } from '../accounts/mark-accounts.js';
import { markAllDirty, markDue, markHeldDue } from '../indexing/dirty.js';
import type { ReadModelStore } from '../read-models/read-model-store.js';

/**
 * Marks the customers and the accounts dirty whose deadline has come, and the customers that have an action held back until now, up to `limit` each, and all of them when a policy came into force; returns how many
 * marks that were, 0 when nothing is due. `now`: an earlier instant, where events that came since are still to be indexed.
 */
export async function fireDeadlines(store: ReadModelStore, limit: number, now = store.context.now()): Promise<number> {
  const { context } = store;
  return store.transaction(async (tx) => {
    const [row] = await tx.query<{ n: number; position: number }>(
      `SELECT count(p.*)::int AS n, max(c.position) AS position FROM checkpoint c
         LEFT JOIN policies p ON p.effective_from > coalesce(c.clock, '-infinity') AND p.effective_from <= $1::timestamptz
                             AND p.effective_from > p.recorded_at`,
      [instantText(now)],
    );
    if ((row?.n ?? 0) > 0) {
      // The checkpoint first, as in a transaction that indexes: in the other order the two could wait for each other.
      await tx.query('UPDATE checkpoint SET clock = greatest(clock, $1::timestamptz)', [instantText(now)]);
      await markAllDirty(tx, 'policy-changed', row?.position ?? 0, now);
      await markAllAccounts(tx, 'policy-changed', row?.position ?? 0, now);
      return 1;
    }
    const marked =
      (await markDue(tx, now, limit)) + (await markHeldDue(tx, now, limit)) + (await markDueAccounts(tx, now, limit));
    context.counters.transitionsDue += marked;
    return marked;
  });
}

/**
 * Notes that every deadline up to `at` is persisted. Notes nothing and returns false while a customer or an account is dirty: another process may be
 * folding it at this moment, and the mark is seen until the folding is committed.
 */
export async function noteClock({ context, schema }: ReadModelStore, at: Instant): Promise<boolean> {
  const [row] = await context.database.query<{ marked: boolean }>(
    `WITH marked AS (
       SELECT EXISTS (SELECT 1 FROM ${schema}.dirty WHERE not_before IS NULL OR not_before <= $1::timestamptz)
           OR EXISTS (SELECT 1 FROM ${schema}.dirty_accounts WHERE not_before IS NULL OR not_before <= $1::timestamptz) AS marked),
     noted AS (
       UPDATE ${schema}.checkpoint SET clock = greatest(clock, $1::timestamptz)
        WHERE clock IS DISTINCT FROM greatest(clock, $1::timestamptz) AND NOT (SELECT marked FROM marked))
     SELECT marked FROM marked`,
    [instantText(at)],
  );
  return row?.marked === false;
}

/** The next instant at which something changes without an event; null when there is none. */
export async function nextWake({ context, schema }: ReadModelStore): Promise<Instant | null> {
  const [row] = await context.database.query<{ at: Instant | null }>(
    `SELECT least((SELECT min(wake_at) FROM ${schema}.customers WHERE wake_at IS NOT NULL),
                  (SELECT min(not_before) FROM ${schema}.dirty),
                  (SELECT min(wake_at) FROM ${schema}.accounts WHERE wake_at IS NOT NULL),
                  (SELECT min(not_before) FROM ${schema}.dirty_accounts WHERE not_before < 'infinity'),
                  (SELECT min(wake_at) FROM perennial.held_actions WHERE wake_at IS NOT NULL),
                  (SELECT min(p.effective_from) FROM ${schema}.policies p, ${schema}.checkpoint c
                    WHERE p.effective_from > coalesce(c.clock, '-infinity') AND p.effective_from > p.recorded_at)) AS at`,
  );
  return row?.at ?? null;
}
