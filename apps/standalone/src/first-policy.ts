import { createHash } from 'node:crypto';
import { STREAMS } from '#contracts';
import type { EventLog } from '#event-log';
import { BUILT_IN_POLICIES, policyVersion } from '#lifecycle';

/** Publishes a built-in policy as the first event of an empty log. Does nothing where the log holds anything. */
export async function publishFirstPolicy(
  log: EventLog,
  name: keyof typeof BUILT_IN_POLICIES,
  now: number,
): Promise<void> {
  if ((await log.head()).position > 0) return;
  const policy = BUILT_IN_POLICIES[name];
  const version = policyVersion(policy);
  const data = JSON.stringify({ version, policy, effectiveFrom: null });
  await log.append(STREAMS.business('policy'), 'no-stream', [
    {
      source: 'perennial/standalone',
      id: `policy-${version}`,
      type: 'policy-published',
      schemaVersion: 1,
      occurredAt: now,
      contentHash: createHash('sha256').update(data).digest().subarray(0, 16),
      meta: '{}',
      data,
    },
  ]);
}
