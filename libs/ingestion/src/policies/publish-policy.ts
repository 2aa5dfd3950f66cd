import {
  formatInstant,
  issueUnder,
  parseInstant,
  streamOfFact,
  upcast,
  type ActForApproval,
  type Data,
  type ValidationIssue,
  type Instant,
} from '#contracts';
import type { EventLog, NewEvent, RecordedEvent } from '#event-log';
import { policyAt, policyTimeline, policyVersion, validatePolicy, type Policy } from '#lifecycle';
import {
  ActImpossible,
  actorOf,
  LOCAL_PRINCIPAL,
  TooFewApprovers,
  type ApprovedAct,
  type Approvals,
  type Clock,
  type Principal,
} from '#platform';
import { plainContentHash } from '../pipeline/content-hash.js';
import { OWN_SOURCES } from '../pipeline/envelope.js';
import { factEvent } from '../facts/fact-event.js';
import { hasTouchpoint } from './has-touchpoint.js';
import { readStart, type Start } from './start.js';

const STREAM = streamOfFact('policy-published');

/** The data of a `policy-published`. */
export interface PolicyPublished {
  /** `name@version`. */
  readonly version: string;
  readonly policy: Policy;
  /** RFC 3339; null for the beginning of time. */
  readonly effectiveFrom: string | null;
  /** True where it counts from `effectiveFrom` on although that lies before its publication. */
  readonly restates: boolean;
  /** Why the past is restated; null where it is not. */
  readonly reason: string | null;
}

/** How a policy is published, beside what it says. */
export interface PublishOptions {
  /** A date (its start in the policy's own time zone), a date-time, or `beginning`; null: from now on. */
  readonly effectiveFrom?: string | null;
  /** Whether it counts from a date in the past: then with a reason. */
  readonly restate?: boolean;
  readonly reason?: string | null;
  /** Only checks what would be published, and publishes nothing. */
  readonly dryRun?: boolean;
}

/** Publish a policy. */
export class PublishPolicy {
  constructor(
    readonly policy: unknown,
    readonly options: PublishOptions = {},
    /** Who publishes it. */
    readonly by: Principal = LOCAL_PRINCIPAL,
  ) {}
}

export type PublishVerdict =
  | {
      readonly ok: true;
      /** Its place in the log; null where nothing was published. */
      readonly position: number | null;
      readonly published: PolicyPublished;
      /** False where this very policy was published before. In a dry run: whether it would be published. */
      readonly changed: boolean;
    }
  | { readonly ok: false; readonly errors: readonly ValidationIssue[] };

/** What would be published. */
export type PublishDraft =
  | { readonly ok: true; readonly published: PolicyPublished; readonly before: readonly OnRecord[] }
  | Exclude<PublishVerdict, { readonly ok: true; readonly changed: true }>;

type OnRecordBeside = Extract<PublishDraft, { before: unknown }>;

interface OnRecord {
  readonly event: RecordedEvent;
  readonly published: PolicyPublished;
}

/** A policy that is published before the first touchpoint counts for all of them: there is no belief yet that it could change. */
const NO_TOUCHPOINT_YET = 'no touchpoint was recorded yet';

/**
 * Publishes a policy. The first one is in force from the beginning of time; a later one prospectively, from an instant to come or from
 * now on, unless it restates the past. It must be valid, and of the next version under its name. The same policy again changes nothing.
 */
export class PublishPolicyHandler {
  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock,
    private readonly approvals: Approvals,
    /** Called once a policy was published, before its publisher is told. */
    private readonly onPublished: () => Promise<unknown> = () => Promise.resolve(),
  ) {
    approvals.onApproved('policy-publish', (act) => this.perform(act));
    approvals.onApproved('retention-publish', (act) => this.perform(act));
  }

  /** @throws ActRequested where another principal has to approve it */
  async execute(command: PublishPolicy): Promise<PublishVerdict> {
    const draft = await this.draft(command);
    if (!draft.ok || !('before' in draft)) return draft as PublishVerdict;
    const { policy, options, by } = command;
    if (options.dryRun === true) return { ok: true, position: null, published: draft.published, changed: true };
    const { effectiveFrom = null, restate = false, reason = null } = options;
    const detail = { policy: policy as Policy, effectiveFrom, restate, reason };
    try {
      await this.approvals.require({ acts: actsOf(draft, this.clock.now()), by, detail });
    } catch (error) {
      if (!(error instanceof TooFewApprovers)) throw error;
      return rejected(
        '#/policy/approvals',
        error.message,
        'create keys with the permission approve for two people first: perennial keys create NAME --role admin',
      );
    }
    return this.publish(draft, actorOf(by));
  }

  /** Publishes what was approved: prospectively from then on, where no date was given. Twice is the same as once. */
  private async perform({ detail, by }: ApprovedAct): Promise<void> {
    const { policy, ...options } = detail as unknown as PublishOptions & { readonly policy: unknown };
    const draft = await this.draft({ policy, options });
    const verdict = draft.ok && 'before' in draft ? await this.publish(draft, by) : draft;
    if (!verdict.ok)
      throw new ActImpossible(verdict.errors.map(({ pointer, detail: text }) => `${pointer} ${text}`).join('; '));
  }

  private async publish({ published, before }: OnRecordBeside, by: string): Promise<PublishVerdict> {
    const expected = before.at(-1)?.event.revision ?? 'no-stream';
    const [appended] = await this.log.append(STREAM, expected, [policyEvent(published, this.clock.now(), by)]);
    if (appended?.status === 'accepted' || appended?.status === 'duplicate') await this.onPublished();
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

  /** Checks what is to be published, and publishes nothing. */
  async draft({ policy: document, options }: Pick<PublishPolicy, 'policy' | 'options'>): Promise<PublishDraft> {
    const now = this.clock.now();
    const verdict = validatePolicy(document);
    if (!verdict.ok) return { ok: false, errors: verdict.errors.map((issue) => issueUnder('#/policy', issue)) };
    const { policy } = verdict;
    const restate = options.restate === true;
    const reason = options.reason ?? null;
    const start = readStart(options.effectiveFrom ?? null, policy.timeZone);
    const issues = [...(start.ok ? [] : [start.issue]), ...reasonIssues(restate, reason)];
    if (!start.ok || issues.length > 0) return { ok: false, errors: issues };
    const before = await publishedPolicies(this.log);
    const again = before.find(({ published }) => published.version === policyVersion(policy));
    if (again !== undefined) return republished(again, policy, start.start, restate, nextVersion(policy, before));
    const issue = wrongVersion(policy, before) ?? wrongStart(start.start, restate, before, now);
    if (issue !== null) return { ok: false, errors: [issue] };
    const version = policyVersion(policy);
    const prospective = { version, policy, restates: false, reason: null };
    if (before.length === 0) return { ok: true, before, published: { ...prospective, effectiveFrom: null } };
    const { start: from } = start;
    if (restate)
      return { ok: true, before, published: { version, policy, effectiveFrom: textOf(from), restates: true, reason } };
    if (from.kind !== 'instant' && !(await hasTouchpoint(this.log)))
      return {
        ...{ ok: true, before },
        published: { version, policy, effectiveFrom: null, restates: true, reason: NO_TOUCHPOINT_YET },
      };
    if (from.kind === 'beginning') return { ok: false, errors: [inThePast()] };
    const effectiveFrom = from.kind === 'now' ? formatInstant(now) : textOf(from);
    return { ok: true, before, published: { ...prospective, effectiveFrom } };
  }
}

/** Publishing a policy with other rules of retention than the one in force, or than one to come, is an act of its own: what it erases cannot be brought back. */
function actsOf({ published, before }: OnRecordBeside, now: Instant): readonly ActForApproval[] {
  const timeline = policyTimeline(
    before.map(({ event, published: { version, policy, effectiveFrom, restates } }) => ({
      ...{ version, policy, recordedAt: event.recordedAt, restates },
      effectiveFrom: effectiveFrom === null ? -Infinity : (parseInstant(effectiveFrom) ?? -Infinity),
    })),
  );
  const current = policyAt(timeline, now);
  const rules = JSON.stringify(published.policy.retention ?? []);
  const same = timeline.eras
    .filter((era) => era === current || era.from > now)
    .every(({ policy }) => JSON.stringify(policy.retention ?? []) === rules);
  return same ? ['policy-publish'] : ['retention-publish', 'policy-publish'];
}

/** The event that publishes a policy. */
export function policyEvent(published: PolicyPublished, now: Instant, by: string): NewEvent {
  return factEvent({
    name: 'policy-published',
    source: OWN_SOURCES.policies,
    id: published.version,
    occurredAt: now,
    contentHash: plainContentHash(published.policy),
    meta: { by },
    data: published,
  });
}

async function publishedPolicies(log: EventLog): Promise<readonly OnRecord[]> {
  const all: OnRecord[] = [];
  for await (const page of log.read(STREAM))
    for (const event of page) {
      const data = upcast(event.type, event.schemaVersion, JSON.parse(event.data) as Data);
      all.push({ event, published: data as unknown as PolicyPublished });
    }
  return all;
}

/** The same policy again changes nothing. One that asks for another beginning is not the same: its beginning must not be dropped in silence. */
function republished(
  { event, published }: OnRecord,
  policy: Policy,
  start: Start,
  restate: boolean,
  next: number,
): PublishDraft {
  const { version, effectiveFrom, restates } = published;
  const same = Buffer.from(plainContentHash(published.policy)).equals(plainContentHash(policy));
  if (!same)
    return rejected('#/policy/version', `was published as ${version} with other content`, `give version ${next}`);
  const sameStart = start.kind === 'now' || textOf(start) === effectiveFrom;
  if (sameStart && (!restate || restates)) return { ok: true, position: event.position, published, changed: false };
  const since = effectiveFrom ?? 'the beginning of time';
  return rejected(
    restate && !restates ? '#/policy/version' : '#/effectiveFrom',
    `cannot be changed: ${version} was published before, in force from ${since}`,
    `give the policy version ${next}, and publish it from the date that is meant`,
  );
}

function nextVersion(policy: Policy, before: readonly OnRecord[]): number {
  const versions = before.filter(({ published }) => published.policy.name === policy.name);
  return Math.max(0, ...versions.map(({ published }) => published.policy.version)) + 1;
}

function wrongVersion(policy: Policy, before: readonly OnRecord[]): ValidationIssue | null {
  const next = nextVersion(policy, before);
  if (policy.version === next) return null;
  return {
    pointer: '#/policy/version',
    detail: `must be ${next}, since versions of ${policy.name} go up by one (got ${policy.version})`,
    hint: `give version ${next}`,
  };
}

function wrongStart(start: Start, restate: boolean, before: readonly unknown[], now: Instant): ValidationIssue | null {
  if (before.length === 0 && start.kind === 'instant')
    return {
      pointer: '#/effectiveFrom',
      detail: 'must be absent for the first policy, which is in force from the beginning of time',
      hint: 'leave it out',
    };
  if (before.length === 0 || start.kind !== 'instant') return null;
  if (restate && start.at > now)
    return {
      pointer: '#/effectiveFrom',
      detail: 'must not be in the future where the past is restated',
      hint: 'give a date in the past, or publish without restating',
    };
  return !restate && start.at < now ? inThePast() : null;
}

const inThePast = (): ValidationIssue => ({
  pointer: '#/effectiveFrom',
  detail: 'must not be in the past, which is not rewritten',
  hint: 'give a future date, or leave it out; or restate the past, with a reason (--restate --reason "…")',
});

function reasonIssues(restate: boolean, reason: string | null): readonly ValidationIssue[] {
  const pointer = '#/reason';
  if (restate && (reason === null || reason.trim() === ''))
    return [{ pointer, detail: 'must be given where the past is restated', hint: 'say why, in a sentence' }];
  if (!restate && reason !== null)
    return [{ pointer, detail: 'must be absent where the past is not restated', hint: 'leave it out, or set restate' }];
  return [];
}

/** As the log holds it: null for the beginning of time, which is also where a restatement without a date begins. */
const textOf = (start: Start): string | null => (start.kind === 'instant' ? formatInstant(start.at) : null);

const rejected = (pointer: string, detail: string, hint: string) => ({
  ok: false as const,
  errors: [{ pointer, detail, hint }],
});
