import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventLog } from '#event-log';
import type { Clock } from '#platform';
import { openDatabase, Projector, type Database } from '#projections';

/** Pairs that go over in one statement. */
const PAIRS_MAX = 20_000;

/**
 * The digest of the read models that a log gives, built in a folder that is thrown away: nothing of the log's own folder is touched. With names to change, the models are
 * built under the old ones, and then every subject in them is renamed.
 */
export async function readModelsDigest(
  log: EventLog,
  clock: Clock,
  renames: ReadonlyMap<string, string> = new Map(),
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-move-'));
  try {
    const database = await openDatabase({ kind: 'pglite', folder });
    try {
      const projector = await Projector.open({ database, log, clock });
      await projector.catchUp();
      if (renames.size > 0) await rename(database, renames);
      return (await projector.digest()).overall;
    } finally {
      await database.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Subjects stand in three tables that a digest covers. */
async function rename(database: Database, renames: ReadonlyMap<string, string>): Promise<void> {
  const [live] = await database.query<{ schema_name: string }>(
    `SELECT schema_name FROM perennial.versions WHERE status = 'live'`,
  );
  if (live === undefined) throw new Error('No version of the read models is live.');
  await database.query('CREATE TABLE perennial.renamed (before text PRIMARY KEY, after text COLLATE "C" NOT NULL)');
  const pairs = [...renames];
  for (let at = 0; at < pairs.length; at += PAIRS_MAX)
    await database.query('INSERT INTO perennial.renamed SELECT * FROM jsonb_each_text($1::text::jsonb)', [
      JSON.stringify(Object.fromEntries(pairs.slice(at, at + PAIRS_MAX))),
    ]);
  const to = (column: string) => `(SELECT after FROM perennial.renamed WHERE before = ${column})`;
  await database.query(`UPDATE ${live.schema_name}.subjects SET subject_id = ${to('subject_id')}`);
  // A customer is told by the smallest of its subjects.
  await database.query(
    `UPDATE ${live.schema_name}.customers c SET digest_id =
      (SELECT min(subject_id) FROM ${live.schema_name}.subjects s WHERE s.customer_id = c.customer_id)`,
  );
  // A link stands with the smaller name first.
  await database.query(
    `UPDATE ${live.schema_name}.links SET a = least(${to('a')}, ${to('b')}), b = greatest(${to('a')}, ${to('b')})`,
  );
}
