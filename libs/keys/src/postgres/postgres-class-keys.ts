import type pg from 'pg';
import { LOCKS, waitForLock } from '#database';
import type { ClassKeyCount, DestroyedClassKeys } from '../class-keys.js';
import type { ClassYear } from '../sealed-text.js';
import { bytesOf } from '../subject-key.js';

type Client = Pick<pg.PoolClient, 'query'>;

const HELD = `EXISTS (SELECT 1 FROM perennial_keys.listed JOIN perennial_keys.held USING (subject_id) WHERE listed.key_id = class_keys.key_id)`;
const COUNTS = `
  SELECT class AS "personalClass", year, count(*)::int AS keys, (count(*) FILTER (WHERE ${HELD}))::int AS held
    FROM perennial_keys.class_keys GROUP BY class, year ORDER BY class COLLATE "C", year`;
const ADD = `
  INSERT INTO perennial_keys.class_keys (key_id, class, year)
  SELECT * FROM unnest($1::bytea[], $2::text[], $3::int[]) ON CONFLICT DO NOTHING`;
const FREE = `SELECT key_id FROM perennial_keys.class_keys WHERE class = $1 AND year = $2 AND NOT ${HELD} LIMIT $3`;
const COUNT = `
  INSERT INTO perennial_keys.class_keys_destroyed AS d (class, year, total, recorded) VALUES ($1, $2, $3, 0)
  ON CONFLICT (class, year) DO UPDATE SET total = d.total + excluded.total`;
const DESTROYED = `
  SELECT class AS "personalClass", year, (total - recorded)::int AS keys, total::int AS total
    FROM perennial_keys.class_keys_destroyed ORDER BY class COLLATE "C", year`;
const CONFIRM = `
  INSERT INTO perennial_keys.class_keys_destroyed AS d (class, year, total, recorded)
  SELECT class, year, total, total FROM unnest($1::text[], $2::int[], $3::bigint[]) AS t(class, year, total)
  ON CONFLICT (class, year) DO UPDATE
    SET total = greatest(d.total, excluded.total), recorded = greatest(d.recorded, excluded.total)`;

export async function addClassKeys(
  client: Client,
  keys: readonly { readonly id: string; readonly classYear: ClassYear }[],
): Promise<void> {
  if (keys.length === 0) return;
  await client.query(ADD, [
    keys.map(({ id }) => bytesOf(id)),
    keys.map(({ classYear }) => classYear.personalClass),
    keys.map(({ classYear }) => classYear.year),
  ]);
}

export async function classKeyCounts(client: Client): Promise<readonly ClassKeyCount[]> {
  return (await client.query<ClassKeyCount>(COUNTS)).rows;
}

/**
 * The ids of up to `limit` keys that no hold keeps. They are counted as destroyed and listed no more: the caller destroys them in the same transaction. Neither a
 * hold nor another erasure comes in between.
 */
export async function releaseClassKeys(
  client: Client,
  { personalClass, year }: ClassYear,
  limit: number,
): Promise<readonly Buffer[]> {
  await client.query(`SELECT ${waitForLock(LOCKS.erasure)}`);
  const { rows } = await client.query<{ key_id: Buffer }>(FREE, [personalClass, year, limit]);
  const ids = rows.map(({ key_id }) => key_id);
  if (ids.length === 0) return ids;
  await client.query('DELETE FROM perennial_keys.listed WHERE key_id = ANY($1::bytea[])', [ids]);
  await client.query(COUNT, [personalClass, year, ids.length]);
  return ids;
}

export async function destroyedClassKeys(client: Client): Promise<readonly DestroyedClassKeys[]> {
  return (await client.query<DestroyedClassKeys>(DESTROYED)).rows;
}

export async function confirmClassKeys(client: Client, destroyed: readonly DestroyedClassKeys[]): Promise<void> {
  await client.query(CONFIRM, [
    destroyed.map(({ personalClass }) => personalClass),
    destroyed.map(({ year }) => year),
    destroyed.map(({ total }) => total),
  ]);
}
