import { LOCKS, tryLock, waitForLock, type Row, type Transaction } from '#database';
import { Sums } from '../folding/sums.js';
import { readPolicies, SELECT_POLICIES } from '../read-models/policies/load-policies.js';
import type { DayZone } from '../read-models/read-model.js';
import type { ReadModelStore } from '../read-models/read-model-store.js';
import { CUSTOMER_READ_MODELS } from '../read-models/registry.js';
import { zonesWanted } from '../read-models/stage-counts/zones.js';

/** So many customers are counted at once, in one short transaction. */
const CUSTOMERS_AT_ONCE = 1_000;

/**
 * Brings the tables of days in step with the policies: begins a zone that a policy in force or to come has, counts the next customers of a zone
 * that is not complete, and drops a zone that no policy has any more. Returns whether there was something to do. Nothing is indexed or folded in
 * the meantime, so that each customer is counted once: here, or by the transaction that folds them later.
 */
export async function countDays(store: ReadModelStore, customersAtOnce = CUSTOMERS_AT_ONCE): Promise<boolean> {
  const { context, schema, version } = store;
  const { database } = context;
  // Nearly always nothing is to do: that is seen without a lock.
  const seen = readPolicies(await database.query(inSchema(schema)));
  const known = await store.transaction((tx) => store.policies(tx, seen.count));
  const wanted = zonesWanted(known.timeline, context.now());
  if (isSettled(seen.zones, wanted)) return false;
  return store.transaction(async (tx) => {
    const [turn] = await tx.query(
      `SELECT position FROM checkpoint WHERE (SELECT ${tryLock(LOCKS.indexing(version))}) FOR UPDATE`,
    );
    if (turn === undefined) return false;
    if (database.kind === 'postgres') await tx.query(`SELECT ${waitForLock(LOCKS.folding(version))}`);
    const { zones } = readPolicies(await tx.query(SELECT_POLICIES.sql));
    await beginAndDrop(tx, zones, wanted);
    const next = zones.find(({ timeZone, countedTo }) => countedTo !== null && wanted.includes(timeZone));
    if (next !== undefined) await countNext(tx, next, customersAtOnce);
    return true;
  });
}

const inSchema = (schema: string): string =>
  SELECT_POLICIES.sql
    .replace('FROM day_zones', `FROM ${schema}.day_zones`)
    .replace('FROM policies', `FROM ${schema}.policies`)
    .replace('FROM segments', `FROM ${schema}.segments`);

function isSettled(zones: readonly DayZone[], wanted: readonly string[]): boolean {
  if (zones.length !== wanted.length) return false;
  return wanted.every((timeZone) => zones.some((zone) => zone.timeZone === timeZone && zone.countedTo === null));
}

async function beginAndDrop(tx: Transaction, zones: readonly DayZone[], wanted: readonly string[]): Promise<void> {
  for (const { timeZone } of zones) {
    if (wanted.includes(timeZone)) continue;
    await tx.query('DELETE FROM stage_days WHERE time_zone = $1', [timeZone]);
    await tx.query('DELETE FROM day_zones WHERE time_zone = $1', [timeZone]);
  }
  for (const timeZone of wanted)
    await tx.query(
      `INSERT INTO day_zones (time_zone, counted_to) SELECT $1, CASE WHEN EXISTS (SELECT FROM stage_periods) THEN '' END
       ON CONFLICT DO NOTHING`,
      [timeZone],
    );
}

/** Counts the next customers of a zone, in the order of their ids. */
async function countNext(tx: Transaction, { timeZone, countedTo }: DayZone, limit: number): Promise<void> {
  const [bound] = await tx.query<{ last: string | null; n: number }>(
    `SELECT max(customer_id) AS last, count(*)::int AS n
       FROM (SELECT customer_id FROM customers WHERE customer_id > $1 ORDER BY customer_id LIMIT $2) next`,
    [countedTo, limit],
  );
  const last = bound?.last ?? null;
  if (last !== null) {
    const stagePeriods = await tx.query<Row>(
      'SELECT * FROM stage_periods WHERE customer_id > $1 AND customer_id <= $2 ORDER BY customer_id, seq',
      [countedTo, last],
    );
    for (const model of CUSTOMER_READ_MODELS) {
      if (model.shape !== 'sum') continue;
      const sums = new Sums(model, [{ timeZone, countedTo: null }]);
      for (const period of stagePeriods) sums.add(period, 1);
      await sums.write(tx);
    }
  }
  const more = (bound?.n ?? 0) === limit;
  await tx.query('UPDATE day_zones SET counted_to = $2 WHERE time_zone = $1', [timeZone, more ? last : null]);
}
