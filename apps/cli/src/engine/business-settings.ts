import type { BusinessSettings, Engine } from './engine.js';

/** The settings of the business: those of the policy in force, or UTC and no currency where none was published yet, as the built-in policies have it. */
export async function businessSettings(engine: Pick<Engine, 'runQuery'>): Promise<BusinessSettings> {
  let cursor: string | null = null;
  do {
    const { rows, meta, nextCursor } = await engine.runQuery('policies', cursor === null ? {} : { cursor });
    for (const row of rows) {
      if (row['version'] !== meta.policyVersion) continue;
      const { timeZone, currency } = row['policy'] as BusinessSettings;
      return { timeZone, currency: currency ?? null };
    }
    cursor = nextCursor;
  } while (cursor !== null);
  return { timeZone: 'UTC', currency: null };
}
