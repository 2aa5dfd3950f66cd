import type { Instant } from '#contracts';
import { arrayText, type Transaction } from '#database';
import type { PolicyTimeline } from '#lifecycle';

/** The zones whose days are counted at an instant: that of the policy in force, and those of policies to come, so that they are ready. */
export function zonesWanted({ eras }: PolicyTimeline, now: Instant): readonly string[] {
  const inForce = eras.findLastIndex(({ from }) => from <= now);
  return [...new Set(eras.slice(Math.max(0, inForce)).map(({ policy }) => policy.timeZone))];
}

/** Notes that exactly these zones are counted, and completely. */
export async function noteZones(tx: Transaction, timeZones: readonly string[]): Promise<void> {
  await tx.query('DELETE FROM day_zones');
  await tx.query('INSERT INTO day_zones (time_zone) SELECT unnest($1::text[])', [arrayText(timeZones)]);
}
