import { createHash } from 'node:crypto';
import type { CustomersMerged, FactName, PersonalDataOpened, SubjectRequestReceived } from '#contracts';
import type { MovedEvent } from '#event-log';
import { DECISION_FACTS } from '#lifecycle';
import { plainContentHash } from '#ingestion';
import { KeyedHash, Sealer, type KeyState, type RekeyableKeyStore } from '#keys';

type RequestFact = Extract<FactName, `subject-request-${string}`>;

export const isSubjectRequest = (type: string): type is RequestFact => type.startsWith('subject-request-');

/** Whether an event is a decision about who is who. */
export const isDecision = (type: string): boolean => DECISION_FACTS.includes(type);

/** Whether an event records something about subjects beside their touchpoints: an opening, what a data subject requested, or who was decided to be who. */
export const isRecordOfSubjects = (type: string): boolean =>
  type === 'personal-data-opened' || isSubjectRequest(type) || isDecision(type);

/** The id of the key under which free text of such a record is sealed. */
export function recordKeyId({ id, type, data }: Pick<MovedEvent, 'id' | 'type' | 'data'>): string {
  if (isSubjectRequest(type)) return (JSON.parse(data) as { readonly requestId: string }).requestId;
  return isDecision(type) ? (JSON.parse(data) as CustomersMerged).decisionId : id;
}

/** The new ids of what a record names. */
export interface NewIds {
  subject(before: string): string;
  quarantined(before: string): string;
}

/** Maps openings of personal data and requests of data subjects to another hash key: the subjects that they name, and the free text that is sealed in them. */
export class RekeyedRecords {
  private readonly from: Sealer;
  private readonly to: Sealer;
  private readonly newHash: KeyedHash;
  /** The new subjects of each request. */
  private readonly requests = new Map<string, readonly string[]>();

  constructor(
    private readonly oldKeys: RekeyableKeyStore,
    private readonly newKeys: RekeyableKeyStore,
    private readonly ids: NewIds,
  ) {
    this.from = new Sealer(oldKeys);
    this.to = new Sealer(newKeys);
    this.newHash = new KeyedHash(newKeys.hashKey);
  }

  map(event: MovedEvent): Promise<MovedEvent> {
    if (event.type === 'personal-data-opened') return this.opening(event);
    return isDecision(event.type) ? this.decision(event) : this.request(event);
  }

  private async decision(event: MovedEvent): Promise<MovedEvent> {
    const { sealed, ...decision } = JSON.parse(event.data) as CustomersMerged;
    const [one, other] = [decision.one, decision.other].map((side) => side.map((id) => this.ids.subject(id)));
    const reason = await this.resealed(decision.decisionId, sealed, [...(one ?? []), ...(other ?? [])]);
    const data = { ...decision, one, other, ...(reason === null ? {} : { sealed: reason.sealed }) };
    return { ...event, contentHash: plainContentHash(data), data: JSON.stringify(data) };
  }

  private async opening(event: MovedEvent): Promise<MovedEvent> {
    const { sealedReason, ...opened } = JSON.parse(event.data) as PersonalDataOpened;
    const subjectIds = opened.subjectIds.map((id) => this.ids.subject(id));
    const quarantineIds = opened.quarantineIds?.map((id) => this.ids.quarantined(id));
    const reason = await this.resealed(event.id, sealedReason, [...subjectIds, ...(quarantineIds ?? [])]);
    const data: PersonalDataOpened = {
      ...{ ...opened, subjectIds, ...(quarantineIds === undefined ? {} : { quarantineIds }) },
      // Parameters may name a person: with the leaked key, guesses could be tested against their hash.
      parameters: this.newHash.hashOf(`\0opening\0${opened.parameters}`),
      ...(reason === null ? {} : { sealedReason: reason.sealed }),
    };
    const text = JSON.stringify(data);
    return { ...event, contentHash: createHash('sha256').update(text).digest().subarray(0, 16), data: text };
  }

  private async request(event: MovedEvent): Promise<MovedEvent> {
    const { sealed, ...request } = JSON.parse(event.data) as { readonly requestId: string; readonly sealed?: string };
    const { requestId } = request;
    const isReceived = event.type === 'subject-request-received';
    const before = isReceived ? (request as SubjectRequestReceived) : null;
    const text = await this.opened(requestId, sealed);
    const named = before === null ? null : await this.named(before, text);
    if (named !== null) this.requests.set(requestId, named.subjectIds);
    const resealed = await this.resealed(requestId, sealed, this.requests.get(requestId) ?? [], text);
    const data = { ...request, ...named, ...(resealed === null ? {} : { sealed: resealed.sealed }) };
    return { ...event, contentHash: plainContentHash(data), data: JSON.stringify(data) };
  }

  /** The subjects that a request names: also of a person without an event, by the identifier that was given. */
  private async named(
    { subjectIds, customerId }: SubjectRequestReceived,
    text: string | null,
  ): Promise<Pick<SubjectRequestReceived, 'subjectIds' | 'customerId'>> {
    const { identifier = null } = (text === null ? {} : JSON.parse(text)) as { readonly identifier?: string | null };
    const colon = identifier?.indexOf(':') ?? -1;
    const [namespace, value] = [identifier?.slice(0, colon) ?? '', identifier?.slice(colon + 1) ?? ''];
    const given = colon > 0 ? this.from.subjectIdOf(namespace, value) : null;
    const idOf = (id: string): string => (id === given ? this.to.subjectIdOf(namespace, value) : this.ids.subject(id));
    return { subjectIds: subjectIds.map(idOf), customerId: customerId === null ? null : idOf(customerId) };
  }

  private async opened(keyId: string, sealed: string | undefined): Promise<string | null> {
    if (sealed === undefined) return null;
    const key = (await this.oldKeys.keysFor([keyId])).get(keyId);
    return isKey(key) ? this.from.open(key, sealed) : null;
  }

  /** Null where there is no text, or it can be opened no more. */
  private async resealed(
    keyId: string,
    sealed: string | undefined,
    listedUnder: readonly string[],
    known?: string | null,
  ): Promise<{ readonly sealed: string } | null> {
    const text = known === undefined ? await this.opened(keyId, sealed) : known;
    if (sealed === undefined || text === null) return null;
    const [key] = await this.newKeys.createListed([{ id: keyId, listedUnder }]);
    return isKey(key) ? { sealed: this.to.reseal(key, text, sealed) } : null;
  }
}

const isKey = (state: KeyState | undefined): state is Exclude<KeyState, 'erased'> =>
  state !== undefined && state !== 'erased';
