import { type Data, DAY, type Instant, parseInstant, streamOfFact, upcast } from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import { dayStart, policyTimeline, type Policy, type PolicyTimeline, type PublishedPolicy } from '#lifecycle';

/** A policy as the log holds it. */
export interface PolicyOnRecord extends PublishedPolicy<Policy> {
  readonly position: number;
  /** As it was published: null for the beginning of time. */
  readonly statedFrom: Instant | null;
  readonly restates: boolean;
  /** Why the past was restated. */
  readonly reason: string | null;
}

/** What was read of each log so far: its policies only grow in number. */
const READ = new WeakMap<
  EventLog,
  { revision: number; policies: readonly PolicyOnRecord[]; timeline: PolicyTimeline }
>();

/** The policies ever published, in the order of the log. */
export async function policiesOnRecord(log: EventLog): Promise<readonly PolicyOnRecord[]> {
  return (await upToDate(log)).policies;
}

/** Which policy is in force at each instant, as it was known at `knownAt`; null: as it is known now. */
export async function policiesKnown(log: EventLog, knownAt: Instant | null): Promise<PolicyTimeline> {
  const { policies, timeline } = await upToDate(log);
  return knownAt === null ? timeline : policyTimeline(policies, knownAt);
}

/** How a date without a time becomes an instant in a zone. */
export const startOfDayIn =
  (timeZone: string) =>
  (day: string): Instant =>
    dayStart(Math.round(Date.parse(`${day}T00:00:00Z`) / DAY), timeZone);

async function upToDate(log: EventLog): Promise<{ policies: readonly PolicyOnRecord[]; timeline: PolicyTimeline }> {
  const known = READ.get(log) ?? { revision: 0, policies: [], timeline: policyTimeline([]) };
  let { revision } = known;
  const policies = [...known.policies];
  for await (const page of log.read(streamOfFact('policy-published'), revision))
    for (const event of page) {
      revision = event.revision + 1;
      if (event.type === 'policy-published') policies.push(policyOf(event));
    }
  const current = revision === known.revision ? known : { revision, policies, timeline: policyTimeline(policies) };
  READ.set(log, current);
  return current;
}

function policyOf({ type, schemaVersion, data, position, recordedAt }: RecordedEvent): PolicyOnRecord {
  const published = upcast(type, schemaVersion, JSON.parse(data) as Data) as unknown as {
    version: string;
    policy: Policy;
    effectiveFrom: string | null;
    restates: boolean;
    reason: string | null;
  };
  const { version, policy, restates, reason } = published;
  const statedFrom = published.effectiveFrom === null ? null : parseInstant(published.effectiveFrom);
  return {
    version,
    policy,
    statedFrom,
    effectiveFrom: statedFrom ?? -Infinity,
    restates,
    reason,
    recordedAt,
    position,
  };
}
