import { formatInstant, type SubjectRequestKind, type SubjectRequestOutcome } from '#contracts';
import type { SubjectRequest } from '#privacy';
import { dueState, type RequestState } from '#queries';

/** What the engine knows of the person of a request: `unknown` has no event of their own, `erased` had. */
export type PersonState = 'known' | 'unknown' | 'erased';

/** A request as it is shown. */
export interface SubjectRequestView {
  readonly requestId: string;
  readonly kind: SubjectRequestKind;
  readonly state: RequestState;
  readonly receivedAt: string;
  readonly dueOn: string;
  readonly daysLeft: number | null;
  readonly timeZone: string;
  readonly extended: boolean;
  readonly person: PersonState;
  readonly customerId: string | null;
  readonly answeredAt: string | null;
  readonly outcome: SubjectRequestOutcome | null;
  readonly digest: string | null;
  readonly by: string | null;
  readonly answeredBy: string | null;
}

export function requestView(request: SubjectRequest, person: PersonState, now: number): SubjectRequestView {
  const { requestId, kind, dueOn, timeZone, customerId, outcome, digest, by, answeredBy, answeredAt } = request;
  return {
    ...{ requestId, kind, ...dueState(request, now), receivedAt: formatInstant(request.receivedAt), dueOn, timeZone },
    ...{ extended: request.extendedAt !== null, person, customerId },
    answeredAt: answeredAt === null ? null : formatInstant(answeredAt),
    ...{ outcome, digest, by, answeredBy },
  };
}
