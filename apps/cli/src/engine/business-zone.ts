import type { Engine } from './engine.js';

/** The time zone of the business now: that of the policy in force. UTC where none was published yet: the built-in ones use it. */
export async function businessZone(engine: Pick<Engine, 'runQuery'>): Promise<string> {
  let cursor: string | null = null;
  do {
    const { rows, meta, nextCursor } = await engine.runQuery('policies', cursor === null ? {} : { cursor });
    for (const row of rows)
      if (row['version'] === meta.policyVersion) return (row['policy'] as { readonly timeZone: string }).timeZone;
    cursor = nextCursor;
  } while (cursor !== null);
  return 'UTC';
}
