import type { BusinessSettings, Engine } from './engine.js';

/** The settings of the business: those of the policy in force now. */
export async function businessSettings(engine: Pick<Engine, 'runQuery'>): Promise<BusinessSettings> {
  const { meta } = await engine.runQuery('policies', { limit: '1' });
  return { timeZone: meta.timeZone, currency: meta.currency };
}
