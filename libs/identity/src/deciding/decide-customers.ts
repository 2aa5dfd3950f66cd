import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { STREAMS, type FactName, type ValidationIssue } from '#contracts';
import { factEvent, OWN_SOURCES, plainContentHash } from '#ingestion';
import type { Sealer } from '#keys';
import {
  decisionsOnRecord,
  inReadModels,
  connectedSubjects,
  type DecisionOnRecord,
  type DecisionsOnRecord,
  type QueryContext,
  type ConnectedSubjects,
} from '#queries';
import { previewDecision, resolved, type DecisionPreview } from '../preview/preview.js';
import {
  KEEP_APART_REQUEST,
  LIFT_REQUEST,
  MERGE_REQUEST,
  UNMERGE_REQUEST,
  type DecisionKind,
} from './decision-documents.js';
import { decisionView, type DecisionView } from './decision-view.js';
import {
  anchorOf,
  decisionsWith,
  mergeImpossible,
  standingBetween,
  type Impossible,
  type NamedSide,
  type Proposal,
} from './proposal.js';

export interface DecidingDependencies {
  readonly context: Pick<QueryContext, 'database' | 'log' | 'clock' | 'personalData'>;
  readonly sealer: Sealer;
}

/** What is to be decided. */
export interface DecisionRequest {
  readonly kind: DecisionKind;
  /** Of `lift`: the decision that ends. */
  readonly decisionId?: string;
  /** The body of the request, unread. */
  readonly document: unknown;
}

export type Rejected =
  | { readonly outcome: 'invalid'; readonly errors: readonly ValidationIssue[] }
  | Impossible
  /** The read models have not reached the head of the log: links may be missing. */
  | { readonly outcome: 'behind' };

export type PreviewVerdict = { readonly outcome: 'previewed'; readonly preview: DecisionPreview } | Rejected;

export type DecisionVerdict =
  /** `changed` is false where it was decided so before: nothing was recorded. `preview`: what it changed; null then. */
  | {
      readonly outcome: 'decided';
      readonly decision: DecisionView;
      readonly changed: boolean;
      readonly preview: DecisionPreview | null;
    }
  | Rejected;

/** What is known when something is decided. */
interface Known {
  readonly connected: ConnectedSubjects;
  readonly recorded: DecisionsOnRecord;
  readonly position: number;
}

interface Proposed {
  readonly outcome: 'proposed';
  readonly proposal: Proposal;
  readonly known: Known;
}

/** It was decided so before. */
interface Unchanged {
  readonly outcome: 'unchanged';
  readonly decision: DecisionOnRecord;
}

const WAIT_MS = 5_000;
const POLL_MS = 50;
/** Other decisions may be recorded in between so many times. */
const ATTEMPTS_MAX = 10;

const FACTS: Readonly<Record<DecisionKind, FactName>> = {
  merge: 'customers-merged',
  unmerge: 'customers-unmerged',
  'keep-apart': 'customers-kept-apart',
  lift: 'keep-apart-lifted',
};

/** Merges, unmerges and keeps apart customers: decided by what is known, previewed without a trace, recorded in the log. */
export class DecideCustomers {
  constructor(private readonly dependencies: DecidingDependencies) {}

  /** What a decision would change. Nothing is written. */
  async preview(request: DecisionRequest): Promise<PreviewVerdict> {
    const reading = this.read(request, { needsReason: false });
    if ('outcome' in reading) return reading;
    const proposed = await this.propose(request, reading.value);
    if (proposed.outcome === 'unchanged') return { outcome: 'conflict', detail: 'It is so already: nothing changes.' };
    if (proposed.outcome !== 'proposed') return proposed;
    return { outcome: 'previewed', preview: await this.previewOf(proposed) };
  }

  /** Decides it. The same decision with the same id again is the same decision. */
  async decide(request: DecisionRequest, by: string): Promise<DecisionVerdict> {
    const reading = this.read(request, { needsReason: true });
    if ('outcome' in reading) return reading;
    const decisionId = request.decisionId ?? reading.value.decisionId ?? randomUUID().replaceAll('-', '');
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const { decisions, last } = await this.recorded();
      const before = decisions.find((each) => each.decisionId === decisionId);
      if (request.kind !== 'lift' && before !== undefined)
        return before.kind === request.kind
          ? { outcome: 'decided', decision: decisionView(before), changed: false, preview: null }
          : { outcome: 'conflict', detail: 'Another decision has this id: leave decisionId out.' };
      const proposed = await this.propose(request, reading.value);
      if (proposed.outcome === 'unchanged')
        return { outcome: 'decided', decision: decisionView(proposed.decision), changed: false, preview: null };
      if (proposed.outcome !== 'proposed') return proposed;
      // Decided in between: looked at again.
      if (proposed.known.recorded.last !== last) continue;
      const preview = await this.previewOf(proposed);
      const { kind, one, other, of } = proposed.proposal;
      const data = {
        ...{ decisionId, one, other },
        ...(kind === 'unmerge' && of !== null ? { merge: of } : {}),
        ...(await this.sealed(decisionId, [...one, ...other], reading.value.reason)),
      };
      const [verdict] = await this.dependencies.context.log.append(STREAMS.identity, last ?? 'no-stream', [
        factEvent({
          ...{ name: FACTS[kind], source: OWN_SOURCES.identity, id: randomUUID(), occurredAt: this.now() },
          ...{ contentHash: plainContentHash(data), meta: { by }, data },
        }),
      ]);
      if (verdict?.status === 'rejected')
        return {
          outcome: 'invalid',
          errors: [{ pointer: '#', detail: verdict.reason, hint: 'name fewer identifiers, or give a shorter reason' }],
        };
      if (verdict?.status !== 'accepted') continue;
      const decided = (await this.recorded()).decisions.find((each) => each.decisionId === decisionId);
      if (decided === undefined) throw new Error(`The decision ${decisionId} was recorded, and cannot be read.`);
      return { outcome: 'decided', decision: decisionView(decided), changed: true, preview };
    }
    return {
      outcome: 'conflict',
      detail: 'Other decisions are recorded all the time: nothing was decided. Try again.',
    };
  }

  private read(
    { kind, document }: DecisionRequest,
    { needsReason }: { readonly needsReason: boolean },
  ): { readonly value: Read } | Extract<Rejected, { outcome: 'invalid' }> {
    const given = typeof document === 'object' && document !== null && !Array.isArray(document) ? document : {};
    // A preview needs no reason.
    const whole = needsReason || 'reason' in given ? document : { ...given, reason: 'a preview' };
    const reading = READERS[kind].read(whole);
    return reading.ok ? { value: reading.value as Read } : { outcome: 'invalid', errors: reading.errors };
  }

  private async propose(
    { kind, decisionId }: DecisionRequest,
    document: Read,
  ): Promise<Proposed | Unchanged | Impossible | { readonly outcome: 'behind' }> {
    switch (kind) {
      case 'merge':
      case 'keep-apart': {
        const sides = [document.one, document.other].map((name = '') => this.named(name)) as [NamedSide, NamedSide];
        const known = await this.known(
          sides.map(({ subjectId }) => subjectId),
          ['one', 'other'],
        );
        if ('outcome' in known) return known;
        return this.proposeTwo(kind, sides, known);
      }
      case 'unmerge': {
        const { decisions } = await this.recorded();
        if (document.merge === undefined) return this.proposeParting(document);
        const merge = decisions.find((each) => each.decisionId === document.merge);
        if (merge === undefined) return { outcome: 'unknown', detail: 'No decision has this id.' };
        if (merge.kind !== 'merge')
          return { outcome: 'conflict', detail: `This decision is no merge (${merge.kind}): lift it instead.` };
        if (merge.ended !== null) {
          const undone = decisions.find((each) => each.decisionId === merge.ended?.decisionId);
          if (undone !== undefined) return { outcome: 'unchanged', decision: undone };
        }
        const [one, other] = [merge.one.slice(0, 1), merge.other.slice(0, 1)];
        const known = await this.known([...one, ...other]);
        if ('outcome' in known) return known;
        return { outcome: 'proposed', known, proposal: { kind, one, other, of: merge.decisionId } };
      }
      case 'lift': {
        const { decisions } = await this.recorded();
        const decision = decisions.find((each) => each.decisionId === decisionId);
        if (decision === undefined) return { outcome: 'unknown', detail: 'No decision has this id.' };
        if (decision.kind === 'merge')
          return { outcome: 'conflict', detail: 'A merge is not lifted but undone: use unmerge.' };
        if (decision.ended !== null) return { outcome: 'unchanged', decision };
        const { one, other } = decision;
        const known = await this.known([...one, ...other]);
        if ('outcome' in known) return known;
        return { outcome: 'proposed', known, proposal: { kind, one, other, of: decision.decisionId } };
      }
    }
  }

  private proposeTwo(
    kind: 'merge' | 'keep-apart',
    sides: readonly [NamedSide, NamedSide],
    known: Known,
  ): Proposed | Unchanged | Impossible {
    const { connected, recorded } = known;
    const { customerOf } = resolved(connected, recorded.decisions);
    const [one, other] = sides.map((side) => anchorOf(side, connected.subjects, customerOf)) as [string, string];
    const proposal: Proposal = { kind, one: [one], other: [other], of: null };
    if (kind === 'keep-apart') {
      if (customerOf.get(one) === customerOf.get(other))
        return {
          outcome: 'conflict',
          detail: 'The two are one customer: undo the merge, or part the identifiers (unmerge).',
        };
      const standing = standingBetween(recorded.decisions, customerOf, [one, other]);
      return standing === undefined
        ? { outcome: 'proposed', known, proposal }
        : { outcome: 'unchanged', decision: standing };
    }
    const impossible = mergeImpossible(connected, recorded.decisions, this.after(known, proposal), [one, other]);
    return impossible ?? { outcome: 'proposed', known, proposal };
  }

  /** Parts identifiers from a customer: the others stay on one side. */
  private async proposeParting({
    customer = '',
    apart = [],
  }: Read): Promise<Proposed | Impossible | { outcome: 'behind' }> {
    const from = this.named(customer);
    const parted = [...new Set(apart.map((name) => this.named(name).subjectId))];
    const known = await this.known([from.subjectId, ...parted], ['customer', ...parted.map(() => 'apart')]);
    if ('outcome' in known) return known;
    const { customers } = resolved(known.connected, known.recorded.decisions);
    const subjects = customers.find((each) => each.subjects.includes(from.subjectId))?.subjects ?? [];
    const foreign = parted.filter((id) => !subjects.includes(id)).length;
    if (foreign > 0)
      return {
        outcome: 'conflict',
        detail: `${foreign} of the identifiers in apart are not this customer's: nothing has to be parted there.`,
      };
    const one = subjects.filter((id) => !parted.includes(id));
    if (one.length === 0)
      return { outcome: 'conflict', detail: 'All identifiers of the customer are in apart: leave at least one.' };
    return { outcome: 'proposed', known, proposal: { kind: 'unmerge', one, other: parted.sort(), of: null } };
  }

  private previewOf({ known, proposal }: Proposed): Promise<DecisionPreview> {
    return previewDecision(this.dependencies.context.log, {
      ...{ connected: known.connected, before: known.recorded.decisions, after: this.after(known, proposal) },
      ...{ named: [...proposal.one, ...proposal.other], position: known.position, now: this.now() },
    });
  }

  private after({ recorded, position }: Known, proposal: Proposal) {
    const at = { now: this.now(), position: position + 1, decisionId: '', source: OWN_SOURCES.identity };
    return decisionsWith(recorded.decisions, proposal, at);
  }

  private named(name: string): NamedSide {
    const colon = name.indexOf(':');
    if (colon === -1) return { byIdentifier: false, subjectId: name };
    const { personalData } = this.dependencies.context;
    return { byIdentifier: true, subjectId: personalData.subjectIdOf(name.slice(0, colon), name.slice(colon + 1)) };
  }

  /**
   * What is known of subjects and all that links lead to, once the read models have reached the head of the log.
   * @param fields where the request names each of them; none where an earlier decision does
   */
  private async known(
    subjectIds: readonly string[],
    fields: readonly string[] = [],
  ): Promise<Known | Impossible | { readonly outcome: 'behind' }> {
    const { log, database } = this.dependencies.context;
    const { position: head } = await log.head();
    for (let waitedMs = 0; ; waitedMs += POLL_MS) {
      const known = await inReadModels(database, async (models): Promise<Known | null> => {
        if (models.position < head) return null;
        const recorded = await this.recorded();
        return {
          connected: await connectedSubjects(models, subjectIds, models.position),
          recorded,
          position: models.position,
        };
      });
      if (known !== null) {
        const there = new Set(known.connected.subjects.map(({ subjectId }) => subjectId));
        const missing = subjectIds.findIndex((id) => !there.has(id));
        return missing === -1 ? known : { outcome: 'unknown', detail: unknownCustomer(fields[missing]) };
      }
      if (waitedMs >= WAIT_MS) return { outcome: 'behind' };
      await sleep(POLL_MS);
    }
  }

  private recorded(): Promise<DecisionsOnRecord> {
    return decisionsOnRecord(this.dependencies.context.log);
  }

  /** Seals the reason under a key of the decision, which an erasure of either person destroys. Of erased persons nothing is kept. */
  private async sealed(
    decisionId: string,
    subjectIds: readonly string[],
    reason: string,
  ): Promise<{ readonly sealed?: string }> {
    const { sealer } = this.dependencies;
    const states = await sealer.keys.keysFor(subjectIds);
    const listedUnder = subjectIds.filter((id) => states.get(id) !== 'erased');
    if (listedUnder.length === 0) return {};
    const [key] = await sealer.keys.createListed([{ id: decisionId, listedUnder }]);
    return key === undefined || key === 'erased' ? {} : { sealed: sealer.seal(key, reason) };
  }

  private now(): number {
    return this.dependencies.context.clock.now();
  }
}

const unknownCustomer = (field: string | undefined): string =>
  field === undefined
    ? 'A customer of this decision is not known.'
    : `${field} names no known customer: give a customer id, or an identifier of a customer with touchpoints, such as userId:0001.`;

/** What any of the documents may hold. */
interface Read {
  readonly reason: string;
  readonly decisionId?: string;
  readonly one?: string;
  readonly other?: string;
  readonly merge?: string;
  readonly customer?: string;
  readonly apart?: readonly string[];
}

const READERS = {
  merge: MERGE_REQUEST,
  unmerge: UNMERGE_REQUEST,
  'keep-apart': KEEP_APART_REQUEST,
  lift: LIFT_REQUEST,
} as const;
