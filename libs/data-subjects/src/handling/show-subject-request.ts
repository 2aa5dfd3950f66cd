import type { Sealer } from '#keys';
import type { OpeningRequest, Openings, PersonalDataState } from '#platform';
import type { SubjectRequest } from '#privacy';
import type { ManageSubjectRequests } from './manage-subject-requests.js';
import type { SubjectRequestView } from './request-view.js';

/** What people wrote about a request; null where nothing was written. */
export interface WrittenTexts {
  /** How the person named themselves. */
  readonly identifier: string | null;
  readonly askerChecked: string | null;
  readonly note: string | null;
  /** Why more time was needed. */
  readonly extensionReason: string | null;
  /** A note on the answer, such as why it was refused. */
  readonly answerNote: string | null;
}

/** One request, and what was written about it where personal data are open to the caller. */
export interface ShownSubjectRequest extends SubjectRequestView {
  /** Null where it stays closed, or went with the keys of the person. */
  readonly written: WrittenTexts | null;
  readonly personalData: PersonalDataState;
}

/** A request with what people wrote about it, whose opening is on record when this resolves; null where there is none of this id. */
export async function showSubjectRequest(
  requestId: string,
  opening: OpeningRequest,
  {
    requests,
    sealer,
    openings,
  }: {
    readonly requests: ManageSubjectRequests;
    readonly sealer: Pick<Sealer, 'openUndamaged'>;
    readonly openings: Openings;
  },
): Promise<ShownSubjectRequest | null> {
  const [view, request] = [await requests.show(requestId), await requests.find(requestId)];
  if (view === null || request === null) return null;
  const personalData = await openings.decide(opening, request.subjectIds);
  if (personalData.state === 'closed') return { ...view, written: null, personalData };
  const written = await writtenAbout(request, sealer);
  if (written === null) return { ...view, written, personalData };
  const count = Object.values(written).filter((text) => text !== null).length;
  await openings.recordOpening({
    ...opening,
    ...{ purpose: personalData.purpose, query: 'subject-request', parameters: { requestId }, columns: ['written'] },
    subjects: new Map(request.subjectIds.map((id) => [id, count])),
  });
  return { ...view, written, personalData };
}

async function writtenAbout(
  { requestId, sealed }: SubjectRequest,
  sealer: Pick<Sealer, 'openUndamaged'>,
): Promise<WrittenTexts | null> {
  const parts = [sealed.received, sealed.extension, sealed.answer];
  const closed = parts.filter((text) => text !== null).map((text) => ({ subjectId: requestId, sealed: text }));
  const opened = (await sealer.openUndamaged(closed)).values();
  const texts = parts.map((part) => (part === null ? null : (opened.next().value ?? null)));
  if (texts.every((text) => text === null)) return null;
  const [received = {}, extension = {}, answer = {}] = texts.map(
    (text) => JSON.parse(text ?? '{}') as Readonly<Record<string, string | null>>,
  );
  const { identifier = null, askerChecked = null, note = null } = received;
  const { reason: extensionReason = null } = extension;
  const { note: answerNote = null } = answer;
  return { identifier, askerChecked, note, extensionReason, answerNote };
}
