import { assertNoGaps, streamOfFact, STREAMS, type Instant } from '#contracts';
import type { EventLog } from '#event-log';
import { BUILT_IN_POLICIES, policyVersion } from '#lifecycle';
import { KeyStoreError, type KeyStore } from '#keys';
import { OWN_SOURCES } from '../pipeline/envelope.js';
import { factEvent } from './fact-event.js';
import { policyEvent } from './publish-policy.js';

/**
 * Makes a log ready to take events, at every start: an empty one gets its first policy; and one that was written under
 * another hash key is rejected, for every subject would get another name. Before anything else the contracts are checked:
 * a version without its upcaster would be found out only by the first old event.
 * @throws KeyStoreError where the keys are not those of this log.
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
  if (first?.status === 'refused') throw new Error(`The first policy cannot be stored: ${first.reason}`);
  if (adopted?.status === 'id-reused')
    throw new KeyStoreError(
      'other-hash-key',
      'The log was written under another hash key: start with the key store that belongs to it.',
    );
}
