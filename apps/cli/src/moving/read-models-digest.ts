import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventLog } from '#event-log';
import type { Clock } from '#platform';
import { openDatabase, Projector } from '#projections';

/** The digest of the read models that a log gives, built in a folder that is thrown away: nothing of the log's own folder is touched. */
export async function readModelsDigest(log: EventLog, clock: Clock): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-move-'));
  try {
    const database = await openDatabase({ kind: 'pglite', folder });
    try {
      const projector = await Projector.open({ database, log, clock });
      await projector.catchUp();
      return (await projector.digest()).overall;
    } finally {
      await database.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
