import type { OpeningRequest, Openings, PersonalDataState } from '#platform';
import type { ActOnRecord } from './act-on-record.js';
import { subjectsOf } from './act-subjects.js';

export interface ReasonShown {
  readonly reason: string | null;
  /** Null of an act about no person: its reason is a matter of the business. */
  readonly personalData: PersonalDataState | null;
}

/**
 * Why an act was declined, as a caller may see it. Of an act about a person it is an opening: it tells of them, and it is on record when this resolves.
 */
export async function reasonShown(
  act: ActOnRecord,
  opening: OpeningRequest,
  {
    approvals,
    openings,
  }: {
    readonly approvals: { reasonOf(act: ActOnRecord): Promise<string | null> };
    readonly openings: Openings | null;
  },
): Promise<ReasonShown> {
  const subjectIds = subjectsOf(act);
  if (subjectIds.length === 0) return { reason: await approvals.reasonOf(act), personalData: null };
  const personalData = (await openings?.decide(opening, subjectIds)) ?? NOT_HERE;
  if (personalData.state === 'closed') return { reason: null, personalData };
  const reason = await approvals.reasonOf(act);
  if (reason !== null)
    await openings?.recordOpening({
      ...opening,
      ...{ purpose: personalData.purpose, query: 'act', parameters: { actId: act.actId }, columns: ['reason'] },
      subjects: new Map(subjectIds.map((id) => [id, 1])),
    });
  return { reason, personalData };
}

const NOT_HERE: PersonalDataState = {
  state: 'closed',
  why: 'no-purpose',
  hint: 'This process opens no personal data: ask the one that answers queries.',
};
