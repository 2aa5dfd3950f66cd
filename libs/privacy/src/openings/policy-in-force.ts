import { parseInstant, streamOfFact, upcast, type Data } from '#contracts';
import type { EventLog } from '#event-log';
import { policyAt, policyTimeline, type Policy, type PolicyEra, type PublishedPolicy } from '#lifecycle';
import type { Clock } from '#platform';

const STREAM = streamOfFact('policy-published');

/** The policy in force now. What was read of the log is kept: policies only grow in number. */
export class PolicyInForce {
  private revision = 0;
  private readonly published: PublishedPolicy<Policy>[] = [];
  private timeline = policyTimeline([]);
  private reading: Promise<void> | null = null;

  constructor(
    private readonly log: Pick<EventLog, 'read'>,
    private readonly clock: Clock,
  ) {}

  async now(): Promise<Policy> {
    return (await this.era()).policy;
  }

  /** The policy in force now with its version, and since when its rules are in force. */
  async era(): Promise<PolicyEra> {
    // One that reads already began before this was called: what was published since is read by the next.
    await this.reading?.catch(() => undefined);
    await (this.reading ??= this.readOn().finally(() => (this.reading = null)));
    return policyAt(this.timeline, this.clock.now());
  }

  private async readOn(): Promise<void> {
    const { revision } = this;
    for await (const page of this.log.read(STREAM, revision))
      for (const event of page) {
        if (event.revision < this.revision) continue;
        this.revision = event.revision + 1;
        if (event.type !== 'policy-published') continue;
        const { version, policy, effectiveFrom, restates } = upcast(
          event.type,
          event.schemaVersion,
          JSON.parse(event.data) as Data,
        ) as unknown as { version: string; policy: Policy; effectiveFrom: string | null; restates: boolean };
        const from = effectiveFrom === null ? null : parseInstant(effectiveFrom);
        this.published.push({
          version,
          policy,
          effectiveFrom: from ?? -Infinity,
          restates,
          recordedAt: event.recordedAt,
        });
      }
    if (revision !== this.revision) this.timeline = policyTimeline(this.published);
  }
}
