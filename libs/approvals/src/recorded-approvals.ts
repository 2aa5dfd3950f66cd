import { hash } from 'node:crypto';
import { ACTS_FOR_APPROVAL, formatInstant, type ActForApproval, type Data, type Instant } from '#contracts';
import type { EventLog } from '#event-log';
import type { ApiKeys, Sealer } from '#keys';
import { approvalsAt, areWeaker, fourEyesSince, strictest, type ApprovalRules } from '#lifecycle';
import {
  ActImpossible,
  ActRequested,
  actorOf,
  TooFewApprovers,
  type ActPerformer,
  type Approvals,
  type Clock,
  type Principal,
  type ProposedAct,
  type WaitingAct,
} from '#platform';
import { stateOf, type ActOnRecord } from './act-on-record.js';
import { ActRegister } from './act-register.js';
import { ApprovalError } from './approval-error.js';
import { policiesInForce, type PoliciesInForce } from './policies-in-force.js';
import { subjectsOf } from './act-subjects.js';
import { digestOf, newActId, requestOf, waitingAct } from './requesting.js';
import { LOCAL, Persons } from './same-person.js';

/** The part of a logger that is used. */
export interface ApprovalsLogger {
  warn(facts: Record<string, unknown>, message: string): void;
}

export interface ApprovalDependencies {
  readonly log: Pick<EventLog, 'read' | 'append'>;
  /** Asked when it is needed: on a folder the keys are read for the command that uses them. */
  readonly apiKeys: () => ApiKeys | Promise<ApiKeys>;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly logger: ApprovalsLogger;
  /** Whether people come by an identity provider: it knows who may approve. */
  readonly peopleSignIn?: boolean;
}

/** Four eyes over the event log: what is asked, approved and performed are events, and every process decides by them alone. */
export class RecordedApprovals implements Approvals {
  private readonly performers = new Map<ActForApproval, ActPerformer>();
  private readonly register: ActRegister;

  constructor(private readonly dependencies: ApprovalDependencies) {
    this.register = new ActRegister(dependencies.log);
  }

  onApproved(act: ActForApproval, perform: ActPerformer): void {
    this.performers.set(act, perform);
  }

  async require(proposed: ProposedAct): Promise<void> {
    const { log, clock } = this.dependencies;
    const policies = await policiesInForce(log);
    const now = clock.now();
    await this.assertApprovers(proposed, policies);
    const act = actNeedingTwo(proposed, policies, now);
    if (act === null) return;
    throw new ActRequested(await this.request(act, proposed, now, approvalsAt(policies.timeline, now).withinMs));
  }

  /** Every act on record, the newest first. */
  async list(): Promise<readonly ActOnRecord[]> {
    return [...(await this.register.all())].reverse();
  }

  async find(actId: string): Promise<ActOnRecord | null> {
    return this.register.find(actId);
  }

  /**
   * Approves an act, and performs it where this process can; another one does otherwise. Resolves with the act as it then stands.
   * @throws ApprovalError
   */
  async approve(actId: string, by: Principal, digest?: string): Promise<ActOnRecord> {
    const { clock } = this.dependencies;
    const now = clock.now();
    const act = await this.known(actId);
    assertWaiting(act, now);
    if (digest !== undefined && digest !== act.digest)
      throw new ApprovalError('other-digest', `The digest of the act is ${act.digest}: read it again.`);
    await this.assertMayApprove(act, by);
    await this.register.append(now, (acts) => {
      const { digest: approved } = assertWaiting(inActs(acts, actId), now);
      return { name: 'act-approved', by: actorOf(by), data: { actId, digest: approved } as { actId: string } };
    });
    await this.perform(actId);
    return this.known(actId);
  }

  /**
   * Declines an act, for good. The one who asked may do so too.
   * @throws ApprovalError
   */
  async decline(actId: string, reason: string | null, by: Principal): Promise<ActOnRecord> {
    const now = this.dependencies.clock.now();
    const act = await this.known(actId);
    assertWaiting(act, now);
    const sealed = reason === null ? null : await this.seal(reasonKeyOf(actId), reason, subjectsOf(act));
    await this.register.append(now, (acts) => {
      assertWaiting(inActs(acts, actId), now);
      const data = { actId, ...(sealed === null ? {} : { sealed }) };
      return { name: 'act-declined', by: actorOf(by), data };
    });
    return this.known(actId);
  }

  /** Why an act was declined; null where no reason was given, or a person of the act was erased since. */
  async reasonOf({ actId, sealedReason }: ActOnRecord): Promise<string | null> {
    if (sealedReason === null) return null;
    const [reason] = await this.dependencies.sealer.openUndamaged([
      { subjectId: reasonKeyOf(actId), sealed: sealedReason },
    ]);
    return reason ?? null;
  }

  /** Performs what is approved and not performed yet, as far as this process can: after a crash, or for another process. */
  async finish(): Promise<void> {
    for (const { actId, status } of await this.register.all()) if (status === 'approved') await this.perform(actId);
  }

  private async perform(actId: string): Promise<void> {
    const act = await this.known(actId);
    const performer = this.performers.get(act.act);
    if (performer === undefined || act.status !== 'approved') return;
    const { clock, logger } = this.dependencies;
    const { requestedBy, detail, decidedBy } = act;
    const done = (event: { name: 'act-performed' | 'act-failed'; data: { actId: string } }) =>
      this.register.append(clock.now(), (acts) =>
        inActs(acts, actId).status === 'approved' ? { ...event, by: requestedBy } : null,
      );
    try {
      await performer({ actId, detail, by: requestedBy, hidden: await this.hiddenOf(act) });
    } catch (error) {
      // Anything else is tried again, by this process or another one: nothing is lost, and twice is the same as once.
      if (!(error instanceof ActImpossible)) {
        logger.warn({ actId, act: act.act, err: error }, 'an approved act failed, and is tried again');
        return;
      }
      const failure = { actId, detail: error.message };
      await done({ name: 'act-failed', data: failure });
      return;
    }
    const performed = { actId, act: act.act, approvedBy: decidedBy ?? LOCAL };
    await done({ name: 'act-performed', data: performed });
  }

  private async request(
    act: ActForApproval,
    { detail, hidden, subjectIds = [], by }: ProposedAct,
    now: Instant,
    withinMs: number,
  ): Promise<WaitingAct> {
    const requestedBy = actorOf(by);
    const digest = digestOf(act, detail);
    // The same request again is the act that waits already: a client that got no answer sends it again.
    const isSame = (each: ActOnRecord): boolean =>
      each.digest === digest && each.requestedBy === requestedBy && stateOf(each, now) === 'waiting';
    const before = (await this.register.all()).find(isSame);
    if (before !== undefined) return waitingAct(before);
    const actId = newActId();
    const sealed = hidden === undefined ? null : await this.seal(actId, JSON.stringify(hidden), subjectIds);
    const requested = requestOf(act, detail, now + withinMs, sealed, actId);
    await this.register.append(now, () => ({ name: 'act-requested', by: requestedBy, data: requested }));
    return waitingAct(requested);
  }

  /** Null where a person of the act is erased already: then there is nothing more to hide. */
  private async seal(keyId: string, text: string, listedUnder: readonly string[]): Promise<string | null> {
    const { sealer } = this.dependencies;
    const [key] = await sealer.keys.createListed([{ id: keyId, listedUnder }]);
    return key === undefined || key === 'erased' ? null : sealer.seal(key, text);
  }

  private async hiddenOf({ actId, sealed }: ActOnRecord): Promise<Data | null> {
    if (sealed === null) return null;
    const [text] = await this.dependencies.sealer.openUndamaged([{ subjectId: actId, sealed }]);
    return text === undefined || text === null ? null : (JSON.parse(text) as Data);
  }

  private async assertMayApprove(act: ActOnRecord, by: Principal): Promise<void> {
    if (by.kind === 'local')
      throw new ApprovalError(
        'local',
        'The command line of the machine approves nothing: it may be anybody. Use a key of your own: --url and --key.',
      );
    const keys = await this.dependencies.apiKeys();
    const { published } = await policiesInForce(this.dependencies.log);
    const persons = new Persons(this.dependencies.log, keys, fourEyesSince(published), await this.approvedKeys());
    const approver = actorOf(by);
    const behind = await persons.behind(approver);
    if (behind.has(LOCAL))
      throw new ApprovalError(
        'local',
        `The key "${by.name}" was made on the machine of the engine by one alone: it may be anybody's, and approves nothing.`,
      );
    if (await persons.areSame(act.requestedBy, approver))
      throw new ApprovalError(
        'same-person',
        `The act was requested by ${act.requestedBy}, which counts as the same person as "${by.name}": another one has to approve it.`,
      );
    const requester = act.requestedBy.startsWith('key:') ? keys.find(act.requestedBy.slice('key:'.length)) : null;
    if (
      keys.isBlocked(act.requestedBy) ||
      (requester !== null && (requester.revokedAt !== null || requester.blockedAt !== null))
    )
      throw new ApprovalError(
        'requester-locked-out',
        `The act was requested by ${act.requestedBy}, which is revoked or blocked: decline it.`,
      );
  }

  /** A policy that asks for four eyes needs two who may approve, so that there is one for what each of them requests. */
  private async assertApprovers({ acts, detail }: ProposedAct, { published }: PoliciesInForce): Promise<void> {
    if (!acts.includes('policy-publish') || !asksForTwo(detail)) return;
    if (this.dependencies.peopleSignIn === true) return;
    const { log, clock } = this.dependencies;
    const keys = await this.dependencies.apiKeys();
    const persons = new Persons(log, keys, fourEyesSince(published), await this.approvedKeys());
    const now = clock.now();
    const found: ReadonlySet<string>[] = [];
    for (const { id, permissions, expiresAt, revokedAt, blockedAt } of keys.list()) {
      if (!permissions.includes('approve') || revokedAt !== null || blockedAt !== null) continue;
      if (expiresAt !== null && expiresAt <= now) continue;
      const behind = await persons.behind(`key:${id}`);
      if (!behind.has(LOCAL) && !found.some((other) => [...behind].some((each) => other.has(each)))) found.push(behind);
    }
    if (found.length >= 2) return;
    throw new TooFewApprovers(
      `asks for two principals, and ${found.length === 1 ? 'only one holds' : 'none holds'} the permission approve: no act could be approved, nor four eyes be taken back`,
    );
  }

  /** The keys that were made by an approved act. */
  private async approvedKeys(): Promise<ReadonlySet<string>> {
    const performed = (await this.register.all()).filter(({ status }) => status === 'performed');
    return new Set(performed.flatMap(({ detail }) => (typeof detail['keyId'] === 'string' ? [detail['keyId']] : [])));
  }

  private async known(actId: string): Promise<ActOnRecord> {
    const act = await this.register.find(actId);
    if (act === null) throw unknownAct(actId);
    return act;
  }
}

/** The act by whose name it has to be approved; null where it may be done at once. */
function actNeedingTwo({ acts, detail }: ProposedAct, policies: PoliciesInForce, now: Instant): ActForApproval | null {
  const { two } = approvalsAt(policies.timeline, now);
  const [needed] = acts.filter((each) => two.has(each));
  if (needed !== undefined) return needed;
  if (!acts.includes('policy-publish')) return null;
  // Else one alone would publish four eyes away first, and then do what they are for.
  return areWeaker(rulesIn(detail), strictest(policies.timeline, now)) ? 'policy-publish' : null;
}

const asksForTwo = (detail: Data): boolean => ACTS_FOR_APPROVAL.some((act) => rulesIn(detail)[act] === 'two');

const rulesIn = ({ policy }: Data): ApprovalRules =>
  (policy as { readonly approvals?: ApprovalRules } | undefined)?.approvals ?? {};

const inActs = (acts: readonly ActOnRecord[], actId: string): ActOnRecord => {
  const act = acts.find((each) => each.actId === actId);
  if (act === undefined) throw unknownAct(actId);
  return act;
};

function assertWaiting(act: ActOnRecord, now: Instant): ActOnRecord {
  const state = stateOf(act, now);
  if (state === 'waiting') return act;
  if (state === 'lapsed')
    throw new ApprovalError(
      'lapsed',
      `The act lapsed at ${formatInstant(act.until)}, and was not done: it has to be requested again.`,
    );
  throw new ApprovalError('decided', `The act is ${state} already, by ${act.decidedBy ?? LOCAL}.`);
}

const unknownAct = (actId: string): ApprovalError =>
  new ApprovalError('unknown-act', `No act has the id "${actId}": perennial acts list shows those that wait.`);

/** The reason has a key of its own: it is kept for longer than what was hidden. */
const reasonKeyOf = (actId: string): string => hash('sha256', `reason ${actId}`, 'hex').slice(0, 32);
