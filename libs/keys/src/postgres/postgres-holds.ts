import type pg from 'pg';
import { LOCKS, waitForLock } from '#database';
import { byCase, type KeptHold, type KeyHold } from '../holds.js';
import { bytesOf } from '../subject-key.js';

const KEEP = `
  INSERT INTO perennial_keys.held (subject_id, hold_id)
  SELECT subject_id, $2 FROM unnest($1::bytea[]) AS t(subject_id)
   WHERE NOT EXISTS (SELECT 1 FROM perennial_keys.holds WHERE id = $2 AND lifted) ON CONFLICT DO NOTHING`;
const ON = `
  SELECT DISTINCT holds.id, holds.case_name FROM perennial_keys.held JOIN perennial_keys.holds ON holds.id = held.hold_id
   WHERE held.subject_id = ANY($1::bytea[])`;
const KEPT = `
  SELECT id FROM unnest($1::bytea[]) AS t(id)
   WHERE EXISTS (SELECT 1 FROM perennial_keys.held WHERE subject_id = t.id)
      OR EXISTS (SELECT 1 FROM perennial_keys.listed JOIN perennial_keys.held USING (subject_id) WHERE listed.key_id = t.id)`;
/** Of the keys that a hold kept, those that are listed under an erased subject: an erasure left them. */
const LEFT = `
  SELECT DISTINCT key_id FROM perennial_keys.listed JOIN perennial_keys.keys ON keys.id = listed.subject_id AND keys.secret IS NULL
   WHERE key_id = ANY($1::bytea[])
      OR key_id IN (SELECT key_id FROM perennial_keys.listed WHERE subject_id = ANY($1::bytea[]))`;

type Client = Pick<pg.PoolClient, 'query'>;

/** Keeps a hold, within a transaction: an erasure sees it whole or not at all. */
export async function placeHold(client: Client, { id, case: caseName, subjectIds }: KeptHold): Promise<void> {
  await client.query(`SELECT ${waitForLock(LOCKS.erasure)}`);
  await client.query(
    'INSERT INTO perennial_keys.holds (id, case_name, lifted) VALUES ($1, $2, false) ON CONFLICT DO NOTHING',
    [bytesOf(id), caseName],
  );
  await client.query(KEEP, [subjectIds.map(bytesOf), bytesOf(id)]);
}

/** Ends a hold, within a transaction. Resolves with the listed keys that an erasure left and no other hold keeps. */
export async function liftHold(client: Client, holdId: string): Promise<readonly Buffer[]> {
  await client.query(`SELECT ${waitForLock(LOCKS.erasure)}`);
  await client.query(
    `INSERT INTO perennial_keys.holds (id, case_name, lifted) VALUES ($1, '', true)
     ON CONFLICT (id) DO UPDATE SET lifted = true`,
    [bytesOf(holdId)],
  );
  const released = await client.query<{ subject_id: Buffer }>(
    'DELETE FROM perennial_keys.held WHERE hold_id = $1 RETURNING subject_id',
    [bytesOf(holdId)],
  );
  if (released.rows.length === 0) return [];
  const left = await client.query<{ key_id: Buffer }>(LEFT, [released.rows.map(({ subject_id }) => subject_id)]);
  const kept = await keptOf(
    client,
    left.rows.map(({ key_id }) => key_id),
  );
  return left.rows.map(({ key_id }) => key_id).filter((keyId) => !kept.has(keyId.toString('hex')));
}

/** The holds that keep any of these ids. */
export async function holdsOn(client: Client, ids: Iterable<string>): Promise<readonly KeyHold[]> {
  const { rows } = await client.query<{ id: Buffer; case_name: string }>(ON, [Array.from(ids, bytesOf)]);
  return rows.map((row) => ({ id: row.id.toString('hex'), case: row.case_name })).sort(byCase);
}

/** Which of these keys a hold keeps: held themselves, or listed under a subject that is. */
export async function keptOf(client: Client, keyIds: readonly Buffer[]): Promise<ReadonlySet<string>> {
  if (keyIds.length === 0) return new Set();
  const { rows } = await client.query<{ id: Buffer }>(KEPT, [keyIds]);
  return new Set(rows.map(({ id }) => id.toString('hex')));
}
