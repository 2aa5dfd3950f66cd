import { assertNoGaps, type Instant } from '#contracts';
import type { EventLog } from '#event-log';
import type { KeyStore } from '#keys';
import type { PolicySetting } from '#platform';
import { adoptedHashKey, adoptHashKey, mustBeAdopted } from './hash-key-guard.js';
import { FirstPolicy, policyOf } from './policies/first-policy.js';

/**
 * Prepares a log, at every start. An empty log gets the policy of the file that the setting names; a built-in one is published only before
 * the first touchpoint. A log that was written under another hash key is rejected, since every subject would get another id. The upcasters
 * of all contracts are checked first: a missing one would show only with the first old event.
 * @throws KeyStoreError where the key store does not belong to this log
 * @throws StoreMismatchError where two key stores have written to it
 * @throws ConfigError where the file does not hold a valid policy
 */
export async function prepareLog(
  log: EventLog,
  keys: Pick<KeyStore, 'hashKeyCheck'>,
  setting: PolicySetting,
  now: Instant,
): Promise<void> {
  assertNoGaps();
  const policy = policyOf(setting);
  mustBeAdopted(await adoptedHashKey(log), keys);
  await adoptHashKey(log, keys, now);
  if (setting.kind === 'file') await new FirstPolicy(log, policy, () => now).publish();
}
