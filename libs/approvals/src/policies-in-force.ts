import { parseInstant, streamOfFact, upcast, type Data, type Instant } from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import { policyTimeline, type Policy, type PolicyTimeline, type PublishedPolicy } from '#lifecycle';

/** The policies on record: what is under four eyes follows from them alone. */
export interface PoliciesInForce {
  readonly published: readonly PublishedPolicy<Policy>[];
  readonly timeline: PolicyTimeline;
}

/** Reads them again each time: acts are rare, and another process may have published a moment ago. */
export async function policiesInForce(log: Pick<EventLog, 'read'>): Promise<PoliciesInForce> {
  const published: PublishedPolicy<Policy>[] = [];
  for await (const page of log.read(streamOfFact('policy-published')))
    published.push(...page.filter(({ type }) => type === 'policy-published').map(policyOf));
  return { published, timeline: policyTimeline(published) };
}

function policyOf({ type, schemaVersion, data, recordedAt }: RecordedEvent): PublishedPolicy<Policy> {
  const { version, policy, restates, effectiveFrom } = upcast(
    type,
    schemaVersion,
    JSON.parse(data) as Data,
  ) as unknown as { version: string; policy: Policy; restates: boolean; effectiveFrom: string | null };
  const from: Instant = (effectiveFrom === null ? null : parseInstant(effectiveFrom)) ?? -Infinity;
  return { version, policy, restates, effectiveFrom: from, recordedAt };
}
