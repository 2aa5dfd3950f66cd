import { assertNoGaps, streamOfFact, STREAMS, type Instant } from '#contracts';
import type { EventLog } from '#event-log';
import { BUILT_IN_POLICIES, policyVersion } from '#lifecycle';
import { KeyStoreError, type KeyStore } from '#keys';
import { OWN_SOURCES } from './pipeline/envelope.js';
import { factEvent } from './facts/fact-event.js';
import { policyEvent } from './policies/publish-policy.js';

/**
 * Prepares a log, at every start. An empty log gets its first policy. A log that was written under another hash key is rejected, since every
 * subject would get another id. The upcasters of all contracts are checked first: a missing one would show only with the first old event.
 * @throws KeyStoreError where the key store does not belong to this log
 */
export async function prepareLog(
  log: EventLog,
  keys: Pick<KeyStore, 'hashKeyCheck'>,
  policyName: keyof typeof BUILT_IN_POLICIES,
  now: Instant,
): Promise<void> {
  assertNoGaps();
  const policy = BUILT_IN_POLICIES[policyName];
  const check = keys.hashKeyCheck;
  const [first, adopted] = await log.appendMany([
    {
      stream: streamOfFact('policy-published'),
      expected: 'no-stream',
      event: policyEvent({ version: policyVersion(policy), policy, effectiveFrom: null }, now),
    },
    {
      stream: STREAMS.privacy,
      event: factEvent({
        name: 'hash-key-adopted',
        source: OWN_SOURCES.privacy,
        id: 'hash-key',
        occurredAt: now,
        contentHash: Buffer.from(check, 'hex'),
        data: { check },
      }),
    },
  ]);
  if (first?.status === 'rejected') throw new Error(`The first policy cannot be stored: ${first.reason}`);
  if (adopted?.status === 'id-reused')
    throw new KeyStoreError(
      'other-hash-key',
      'The log was written under another hash key. Start the engine with the key store that belongs to this log.',
    );
}
