import type { Engine } from './engine.js';

/** The time zone of the business: that of the policy in force, or UTC where none was published yet, as the built-in policies use it. */
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
