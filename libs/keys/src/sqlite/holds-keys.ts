import { existsSync } from 'node:fs';
import { DatabaseSync } from '@photostructure/sqlite';

/** The fact that names the log which the keys belong to. */
export const LOG_IDENTITY = 'log-identity';

/**
 * Whether a key store was ever used with a log: it holds keys of subjects, or erasures, or the identity of a log. A store that a first start
 * created and was killed after holds none of them. The file is only read; a file that cannot be read counts as unused, since opening it reports why.
 */
export function holdsKeys(file: string): boolean {
  if (!existsSync(file)) return false;
  try {
    const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
    try {
      const used = db
        .prepare(
          'SELECT 1 FROM keys UNION ALL SELECT 1 FROM erased UNION ALL SELECT 1 FROM facts WHERE name = ? LIMIT 1',
        )
        .get(LOG_IDENTITY);
      return used !== undefined;
    } finally {
      db.close();
    }
  } catch {
    return false;
  }
}
