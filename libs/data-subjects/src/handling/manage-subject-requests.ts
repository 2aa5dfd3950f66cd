import { randomUUID } from 'node:crypto';
import {
  parseInstant,
  STREAMS,
  type FactName,
  type Instant,
  type SubjectRequestAnswered,
  type SubjectRequestExtended,
  type SubjectRequestReceived,
  type ValidationIssue,
} from '#contracts';
import { factEvent, OWN_SOURCES, plainContentHash } from '#ingestion';
import type { Sealer } from '#keys';
import { CustomersBySubject, SubjectRequestLedger, type SubjectRequest } from '#privacy';
import { runQuery, type QueryContext } from '#queries';
import { lastDayToAnswer, MONTHS_TO_ANSWER } from './due-date.js';
import { NEW_SUBJECT_REQUEST, REQUEST_ANSWER, REQUEST_EXTENSION, type NewSubjectRequest } from './request-documents.js';
import { requestView, type PersonState, type SubjectRequestView } from './request-view.js';

export interface RequestDependencies {
  readonly context: Pick<QueryContext, 'database' | 'log' | 'clock' | 'personalData' | 'mayAudit'>;
  readonly sealer: Sealer;
}

export type RequestVerdict =
  /** `changed` is false where it was so before: nothing was recorded. */
  | { readonly outcome: 'done'; readonly request: SubjectRequestView; readonly changed: boolean }
  | { readonly outcome: 'unknown' }
  /** It was answered or extended before, or another request has its id. */
  | { readonly outcome: 'conflict'; readonly detail: string }
  | { readonly outcome: 'invalid'; readonly errors: readonly ValidationIssue[] };

/** Other requests may be recorded in between so many times. */
const ATTEMPTS_MAX = 10;

interface Fact {
  readonly name: Extract<FactName, `subject-request-${string}`>;
  readonly data: SubjectRequestReceived | SubjectRequestExtended | SubjectRequestAnswered;
}

type Decision = Fact | Exclude<RequestVerdict, { outcome: 'done' }> | 'unchanged';

/** Records what data subjects request, and how each request ends: decided by what is on record, and appended behind it. */
export class ManageSubjectRequests {
  private readonly ledger: SubjectRequestLedger;
  private readonly customers: CustomersBySubject;

  constructor(private readonly dependencies: RequestDependencies) {
    const { log, database } = dependencies.context;
    this.ledger = new SubjectRequestLedger(log);
    this.customers = new CustomersBySubject(database);
  }

  /** Records that a request was received. The same document with the same id again is the same request. */
  async open(document: unknown, by: string): Promise<RequestVerdict> {
    const reading = NEW_SUBJECT_REQUEST.read(document);
    if (!reading.ok) return { outcome: 'invalid', errors: reading.errors };
    const given = reading.value;
    const { clock } = this.dependencies.context;
    const receivedAt = given.receivedAt === undefined ? clock.now() : (parseInstant(given.receivedAt) ?? NaN);
    if (!(receivedAt <= clock.now()))
      return invalid('#/receivedAt', 'lies in the future', 'give when the request reached the business');
    const subjectId = this.subjectOf(given);
    const [customer] = (await this.customers.find([subjectId])).customers;
    if (customer === undefined && given.customer !== undefined)
      return invalid('#/customer', 'names no known customer', 'name the person by an identifier');
    const requestId = given.requestId ?? randomUUID().replaceAll('-', '');
    const timeZone = await this.timeZone();
    const facts = {
      ...{ requestId, kind: given.kind, subjectIds: [subjectId], customerId: customer?.customerId ?? null },
      ...{ receivedAt, dueOn: lastDayToAnswer(receivedAt, MONTHS_TO_ANSWER.ordinary, timeZone), timeZone },
    };
    return this.decide(requestId, by, async (known) => {
      if (known !== null) {
        const isSame = known.kind === given.kind && known.subjectIds[0] === subjectId;
        return isSame ? 'unchanged' : conflict('Another request has this id: leave requestId out.');
      }
      const { askerChecked, note = null, identifier = null } = given;
      const sealed = await this.sealed(requestId, facts.subjectIds, { identifier, askerChecked, note });
      return { name: 'subject-request-received', data: { ...facts, ...sealed } };
    });
  }

  /** Extends the time to answer by two months, once, and before it has passed. */
  async extend(requestId: string, document: unknown, by: string): Promise<RequestVerdict> {
    const reading = REQUEST_EXTENSION.read(document);
    if (!reading.ok) return { outcome: 'invalid', errors: reading.errors };
    return this.decide(requestId, by, async (known) => {
      if (known === null) return { outcome: 'unknown' };
      if (known.answeredAt !== null) return conflict('The request was answered: its time is over.');
      if (known.extendedAt !== null) return conflict('The time was extended before, and can be extended once.');
      if (requestView(known, 'known', this.now()).state === 'overdue')
        return conflict(`The time ended on ${known.dueOn}: it can be extended only before that. Answer the request.`);
      const dueOn = lastDayToAnswer(known.receivedAt, MONTHS_TO_ANSWER.extended, known.timeZone);
      const sealed = await this.sealed(requestId, known.subjectIds, { reason: reading.value.reason });
      return { name: 'subject-request-extended', data: { requestId, dueOn, ...sealed } };
    });
  }

  /** Records how a request was answered. It is answered once. */
  async answer(requestId: string, document: unknown, by: string): Promise<RequestVerdict> {
    const reading = REQUEST_ANSWER.read(document);
    if (!reading.ok) return { outcome: 'invalid', errors: reading.errors };
    const { outcome, digest, note } = reading.value;
    return this.decide(requestId, by, async (known) => {
      if (known === null) return { outcome: 'unknown' };
      if (known.answeredAt !== null)
        return known.outcome === outcome && known.digest === (digest ?? null)
          ? 'unchanged'
          : conflict(`The request was answered before (${known.outcome ?? ''}): record another request instead.`);
      const sealed = note === undefined ? {} : await this.sealed(requestId, known.subjectIds, { note });
      return {
        name: 'subject-request-answered',
        data: { requestId, outcome, ...(digest === undefined ? {} : { digest }), ...sealed },
      };
    });
  }

  /** One request; null where there is none of this id. */
  async find(requestId: string): Promise<SubjectRequest | null> {
    return (await this.ledger.read()).requests.get(requestId) ?? null;
  }

  async show(requestId: string): Promise<SubjectRequestView | null> {
    const request = await this.find(requestId);
    return request === null ? null : this.view(request);
  }

  private subjectOf({ identifier, customer }: NewSubjectRequest): string {
    if (identifier === undefined) return customer ?? '';
    const colon = identifier.indexOf(':');
    return this.dependencies.context.personalData.subjectIdOf(identifier.slice(0, colon), identifier.slice(colon + 1));
  }

  /** Seals what people wrote under a key of the request, which an erasure of the person destroys. Of an erased person nothing is kept. */
  private async sealed(
    requestId: string,
    subjectIds: readonly string[],
    texts: Readonly<Record<string, string | null>>,
  ): Promise<{ readonly sealed?: string }> {
    const { sealer } = this.dependencies;
    const [key] = await sealer.keys.createListed([{ id: requestId, listedUnder: subjectIds }]);
    return key === undefined || key === 'erased' ? {} : { sealed: sealer.seal(key, JSON.stringify(texts)) };
  }

  private async decide(
    requestId: string,
    by: string,
    decision: (known: SubjectRequest | null) => Promise<Decision>,
  ): Promise<RequestVerdict> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const { requests, last } = await this.ledger.read();
      const known = requests.get(requestId) ?? null;
      const decided = await decision(known);
      if (decided === 'unchanged' && known !== null)
        return { outcome: 'done', request: await this.view(known), changed: false };
      if (decided === 'unchanged' || 'outcome' in decided)
        return decided === 'unchanged' ? { outcome: 'unknown' } : decided;
      const [verdict] = await this.dependencies.context.log.append(STREAMS.dataSubjects, last ?? 'no-stream', [
        factEvent({
          ...{ name: decided.name, source: OWN_SOURCES.dataSubjects, id: randomUUID(), occurredAt: this.now() },
          ...{ contentHash: plainContentHash(decided.data), meta: { by }, data: decided.data },
        }),
      ]);
      if (verdict?.status === 'rejected') return invalid('#', verdict.reason, 'make it smaller');
      if (verdict?.status !== 'accepted') continue;
      const recorded = await this.find(requestId);
      if (recorded === null) throw new Error(`The request ${requestId} was recorded, and cannot be read.`);
      return { outcome: 'done', request: await this.view(recorded), changed: true };
    }
    return conflict('Other requests are recorded all the time: nothing was recorded. Try again.');
  }

  private async view(request: SubjectRequest): Promise<SubjectRequestView> {
    return requestView(request, await this.personState(request), this.now());
  }

  private async personState({ subjectIds }: SubjectRequest): Promise<PersonState> {
    for (const subjectId of subjectIds)
      if (await this.dependencies.context.personalData.isErased(subjectId)) return 'erased';
    return (await this.customers.find(subjectIds)).customers.length === 0 ? 'unknown' : 'known';
  }

  /** The zone of the business: that of the policy in force. */
  private async timeZone(): Promise<string> {
    const { context } = this.dependencies;
    const { meta } = await runQuery(context, 'policies', { limit: '1' });
    return meta.timeZone;
  }

  private now(): Instant {
    return this.dependencies.context.clock.now();
  }
}

const conflict = (detail: string): Extract<RequestVerdict, { outcome: 'conflict' }> => ({
  outcome: 'conflict',
  detail,
});

const invalid = (pointer: string, detail: string, hint: string): Extract<RequestVerdict, { outcome: 'invalid' }> => ({
  outcome: 'invalid',
  errors: [{ pointer, detail, hint }],
});
