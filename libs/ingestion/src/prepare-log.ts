import { assertNoGaps, streamOfFact, type Instant } from '#contracts';
import type { EventLog } from '#event-log';
import { BUILT_IN_POLICIES, policyVersion } from '#lifecycle';
import type { KeyStore } from '#keys';
import { adoptedHashKey, adoptHashKey, mustBeAdopted } from './hash-key-guard.js';
import { policyEvent } from './policies/publish-policy.js';

/**
 * Prepares a log, at every start. An empty log gets its first policy. A log that was written under another hash key is rejected, since every
 * subject would get another id. The upcasters of all contracts are checked first: a missing one would show only with the first old event.
 * @throws KeyStoreError where the key store does not belong to this log
 * @throws StoreMismatchError where two key stores have written to it
 */
export async function prepareLog(
  log: EventLog,
  keys: Pick<KeyStore, 'hashKeyCheck'>,
  policyName: keyof typeof BUILT_IN_POLICIES,
  now: Instant,
): Promise<void> {
  assertNoGaps();
  const policy = BUILT_IN_POLICIES[policyName];
  mustBeAdopted(await adoptedHashKey(log), keys);
  const [first] = await log.appendMany([
    {
      stream: streamOfFact('policy-published'),
      expected: 'no-stream',
      event: policyEvent({ version: policyVersion(policy), policy, effectiveFrom: null }, now),
    },
  ]);
  if (first?.status === 'rejected') throw new Error(`The first policy cannot be stored: ${first.reason}`);
  await adoptHashKey(log, keys, now);
}
