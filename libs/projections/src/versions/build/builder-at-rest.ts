import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '#database';

/** The state of the build is looked at this often. */
const POLL_MS = 200;
/** A process that builds writes its state more often than that, or is gone. */
const SILENT_MS = 10_000;

interface Progress extends Record<string, unknown> {
  readonly status: string | null;
  readonly build: string | null;
}

/**
 * Waits while another process goes on building a version: until the version is live or gone, nothing was written of its build for so long, or the
 * signal aborts.
 */
export async function builderAtRest(
  database: Database,
  schema: string,
  signal?: AbortSignal,
  silentMs = SILENT_MS,
): Promise<void> {
  let last = '';
  let since = performance.now();
  while (signal?.aborted !== true) {
    const progress = JSON.stringify(await progressOf(database, schema));
    if (progress === NO_LONGER_BUILT) return;
    if (progress !== last) {
      last = progress;
      since = performance.now();
    } else if (performance.now() - since > silentMs) return;
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

const NO_LONGER_BUILT = 'null';

/** Null where the version is live already, or was dropped. */
async function progressOf(database: Database, schema: string): Promise<Progress | null> {
  const [version] = await database.query<{ status: string }>(
    'SELECT status FROM perennial.versions WHERE schema_name = $1',
    [schema],
  );
  if (version === undefined || (version.status !== 'building' && version.status !== 'ready')) return null;
  const [row] = await database
    .query<{ build: string | null }>(`SELECT build::text AS build FROM ${schema}.checkpoint`)
    // Dropped between the two.
    .catch(() => []);
  return { status: version.status, build: row?.build ?? null };
}
