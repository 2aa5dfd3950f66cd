import {
  formatInstant,
  issueUnder,
  parseInstant,
  streamOfFact,
  upcast,
  type Data,
  type ValidationIssue,
  type Instant,
} from '#contracts';
import type { EventLog, NewEvent, RecordedEvent } from '#event-log';
import { policyVersion, validatePolicy, type Policy } from '#lifecycle';
import type { Clock } from '#platform';
import { plainContentHash } from '../pipeline/content-hash.js';
import { OWN_SOURCES } from '../pipeline/envelope.js';
import { factEvent } from '../facts/fact-event.js';

const STREAM = streamOfFact('policy-published');

/** The data of a `policy-published`. */
export interface PolicyPublished {
  /** `name@version`. */
  readonly version: string;
  readonly policy: Policy;
  /** RFC 3339; null for the first policy, which is in force from the beginning of time. */
  readonly effectiveFrom: string | null;
}

/** Publish a policy, from an instant on. */
export class PublishPolicy {
  constructor(
    readonly policy: unknown,
    readonly effectiveFrom: string | null,
  ) {}
}

export type PublishVerdict =
  | {
      readonly ok: true;
      readonly position: number;
      readonly published: PolicyPublished;
      /** False where this very policy was published before. */
      readonly changed: boolean;
    }
  | { readonly ok: false; readonly errors: readonly ValidationIssue[] };

/**
 * Publishes a policy, prospectively: the past is not rewritten. The policy must be valid, and of the next version under its name. The same
 * policy again changes nothing.
 */
export class PublishPolicyHandler {
  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock,
  ) {}

  async execute({ policy: document, effectiveFrom }: PublishPolicy): Promise<PublishVerdict> {
    const now = this.clock.now();
    const verdict = validatePolicy(document);
    if (!verdict.ok) return { ok: false, errors: verdict.errors.map((issue) => issueUnder('#/policy', issue)) };
    const { policy } = verdict;
    const before = await publishedPolicies(this.log);
    const again = before.find(({ published }) => published.version === policyVersion(policy));
    if (again !== undefined) return republished(again, policy);
    const issue = wrongVersion(policy, before) ?? wrongStart(effectiveFrom, before, now);
    if (issue !== null) return { ok: false, errors: [issue] };
    const from = effectiveFrom ?? (before.length === 0 ? null : formatInstant(now));
    const published: PolicyPublished = { version: policyVersion(policy), policy, effectiveFrom: from };
    const expected = before.at(-1)?.event.revision ?? 'no-stream';
    const [appended] = await this.log.append(STREAM, expected, [policyEvent(published, now)]);
    switch (appended?.status) {
      case 'accepted':
      case 'duplicate':
        return { ok: true, position: appended.position, published, changed: appended.status === 'accepted' };
      case 'rejected':
        return rejected('#/policy', appended.reason, 'make the policy smaller');
      default:
        return rejected(
          '#/policy',
          'conflicts with a policy that was published at the same moment',
          'read that policy, and publish again',
        );
    }
  }
}

/** The event that publishes a policy. */
export function policyEvent(published: PolicyPublished, now: Instant): NewEvent {
  return factEvent({
    name: 'policy-published',
    source: OWN_SOURCES.policies,
    id: published.version,
    occurredAt: now,
    contentHash: plainContentHash(published.policy),
    data: published,
  });
}

async function publishedPolicies(
  log: EventLog,
): Promise<{ readonly event: RecordedEvent; readonly published: PolicyPublished }[]> {
  const all: { event: RecordedEvent; published: PolicyPublished }[] = [];
  for await (const page of log.read(STREAM))
    for (const event of page) {
      const data = upcast(event.type, event.schemaVersion, JSON.parse(event.data) as Data);
      all.push({ event, published: data as unknown as PolicyPublished });
    }
  return all;
}

function republished(
  { event, published }: { readonly event: RecordedEvent; readonly published: PolicyPublished },
  policy: Policy,
): PublishVerdict {
  const same = Buffer.from(plainContentHash(published.policy)).equals(plainContentHash(policy));
  return same
    ? { ok: true, position: event.position, published, changed: false }
    : rejected('#/policy/version', `was published as ${published.version} with other content`, 'give the next version');
}

function wrongVersion(
  policy: Policy,
  before: readonly { readonly published: PolicyPublished }[],
): ValidationIssue | null {
  const versions = before.filter(({ published }) => published.policy.name === policy.name);
  const next = Math.max(0, ...versions.map(({ published }) => published.policy.version)) + 1;
  if (policy.version === next) return null;
  return {
    pointer: '#/policy/version',
    detail: `must be ${next}, since versions of ${policy.name} go up by one (got ${policy.version})`,
    hint: `give version ${next}`,
  };
}

function wrongStart(effectiveFrom: string | null, before: readonly unknown[], now: Instant): ValidationIssue | null {
  if (effectiveFrom === null) return null;
  const pointer = '#/effectiveFrom';
  const from = parseInstant(effectiveFrom);
  if (from === null)
    return {
      pointer,
      detail: 'must be an RFC 3339 date-time',
      hint: 'write it as 2026-01-31T00:00:00Z, or leave it out',
    };
  if (before.length === 0)
    return {
      pointer,
      detail: 'must be absent for the first policy, which is in force from the beginning of time',
      hint: 'leave it out',
    };
  if (from < now)
    return {
      pointer,
      detail: 'must not be in the past, which is not rewritten',
      hint: 'give a future instant, or leave it out',
    };
  return null;
}

const rejected = (pointer: string, detail: string, hint: string): PublishVerdict => ({
  ok: false,
  errors: [{ pointer, detail, hint }],
});
