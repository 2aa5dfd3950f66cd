import { parseInstant, streamOfFact, upcast, type Data } from '#contracts';
import type { EventLog } from '#event-log';
import { classRulesOf, policyAt, policyTimeline, type Policy, type PublishedPolicy } from '#lifecycle';
import { Loop, type Clock } from '#platform';
import type { SealedClasses } from '../pipeline/class-keys.js';

/** How often a process reads what other processes published. */
const POLL_MS = 1_000;
const STREAM = streamOfFact('policy-published');

/** Keeps the classes that are sealed under keys of their own as the policy in force says. */
export class ClassRules {
  private nextRevision = 0;
  private readonly published: PublishedPolicy<Policy>[] = [];
  private reading: Promise<void> = Promise.resolve();
  private readonly loop = new Loop(() => this.refresh().then(() => POLL_MS), {
    backoff: { firstMs: POLL_MS, maxMs: POLL_MS },
    keepsProcessAlive: false,
  });

  constructor(
    private readonly log: Pick<EventLog, 'read'>,
    private readonly classes: SealedClasses,
    private readonly clock: Clock,
  ) {}

  /** What was published is in force for what is sealed from now on. */
  refresh(): Promise<void> {
    const read = (): Promise<void> => this.read();
    return (this.reading = this.reading.then(read, read));
  }

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  private async read(): Promise<void> {
    for await (const page of this.log.read(STREAM, this.nextRevision))
      for (const { type, schemaVersion, data, recordedAt, revision } of page) {
        this.nextRevision = revision + 1;
        if (type !== 'policy-published') continue;
        const { version, policy, effectiveFrom, restates } = upcast(
          type,
          schemaVersion,
          JSON.parse(data) as Data,
        ) as unknown as { version: string; policy: Policy; effectiveFrom: string | null; restates: boolean };
        const from = (effectiveFrom === null ? null : parseInstant(effectiveFrom)) ?? -Infinity;
        this.published.push({ version, policy, effectiveFrom: from, restates, recordedAt });
      }
    if (this.published.length === 0) return;
    const { policy } = policyAt(policyTimeline(this.published), this.clock.now());
    this.classes.replace(classRulesOf(policy).map((rule) => rule.class));
  }
}
