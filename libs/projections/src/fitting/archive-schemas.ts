import { formatInstant, type Instant } from '#contracts';
import type { Transaction } from '#database';
import { lockSchemas } from '../versions/schema-lock.js';

/** What a schema's name holds once it was archived. */
const ASIDE = '_archived_';

/** Every schema of ours in the database of the read models, but not the one of the keys, which may lie beside them. */
async function ownSchemas(tx: Pick<Transaction, 'query'>): Promise<string[]> {
  const rows = await tx.query<{ name: string }>(
    `SELECT nspname::text AS name FROM pg_namespace
      WHERE nspname IN ('perennial', 'perennial_webhooks', 'perennial_bi') OR nspname ~ '^rm_[0-9]+$' ORDER BY nspname`,
  );
  return rows.map(({ name }) => name);
}

/**
 * Renames every schema of the read models, so that others can be built in their place: their positions are not those of the log. What was archived
 * before is dropped, so that a database holds one such set at most. Returns the end of the new names.
 */
export async function archiveSchemas(tx: Transaction, now: Instant): Promise<string> {
  await lockSchemas(tx);
  const former = await tx.query<{ name: string }>(
    `SELECT nspname::text AS name FROM pg_namespace WHERE nspname ~ '^(perennial|perennial_webhooks|perennial_bi|rm_[0-9]+)${ASIDE}[0-9]+$'`,
  );
  for (const { name } of former) await tx.exec(`DROP SCHEMA ${name} CASCADE`);
  const suffix = `${ASIDE}${formatInstant(now).replace(/\D/g, '').slice(0, 14)}`;
  for (const name of await ownSchemas(tx)) await tx.exec(`ALTER SCHEMA ${name} RENAME TO ${name}${suffix}`);
  return suffix;
}
