import { streamOfFact, type Instant } from '#contracts';
import type { EventLog } from '#event-log';
import { BUILT_IN_POLICIES, policyVersion, validatePolicy, type Policy } from '#lifecycle';
import { ConfigError, type PolicySetting } from '#platform';
import { policyEvent } from './publish-policy.js';

const STREAM = streamOfFact('policy-published');

/** The policy that the setting names. @throws ConfigError where the document of a file is not a valid policy */
export function policyOf(setting: PolicySetting): Policy {
  if (setting.kind === 'built-in') return BUILT_IN_POLICIES[setting.name];
  const verdict = validatePolicy(setting.document);
  if (verdict.ok && verdict.policy.approvals === undefined) return verdict.policy;
  if (verdict.ok)
    throw new ConfigError([
      {
        pointer: '#/POLICY/approvals',
        detail: 'must be absent from the first policy, since no second principal exists yet',
        hint: 'leave it out, create keys for those who approve, and publish it with perennial policy publish',
      },
    ]);
  throw new ConfigError(
    verdict.errors.map((issue) => ({ ...issue, pointer: issue.pointer.replace(/^#/, '#/POLICY') })),
  );
}

/**
 * The first policy of a log, in force from the beginning of time. Published only when it is needed, before the first touchpoint: until
 * then a business may publish its own, and no built-in one stands before it.
 */
export class FirstPolicy {
  #published = false;

  constructor(
    private readonly log: EventLog,
    private readonly policy: Policy,
    private readonly now: () => Instant,
  ) {}

  /** Whether the log is known to have a policy. */
  get isPublished(): boolean {
    return this.#published;
  }

  /** Publishes it, unless the log has a policy. */
  async publish(): Promise<void> {
    const { policy } = this;
    const published = { version: policyVersion(policy), policy, effectiveFrom: null, restates: false, reason: null };
    const [verdict] = await this.log.append(STREAM, 'no-stream', [policyEvent(published, this.now(), 'local')]);
    if (verdict?.status === 'rejected') throw new Error(`The first policy cannot be stored: ${verdict.reason}`);
    this.#published = true;
  }
}
