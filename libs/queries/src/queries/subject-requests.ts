import { DAY, Default, Describe, OneOf, Optional, parseInstant, SUBJECT_REQUEST_KINDS, type Instant } from '#contracts';
import { dayStart } from '#lifecycle';
import { SubjectRequestLedger, type SubjectRequest } from '#privacy';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';

/** A request is due when so many days, or fewer, are left. */
export const DUE_WITHIN_DAYS = 7;

class SubjectRequestsParams {
  @Default('all')
  @OneOf('all', 'open', 'due', 'overdue', 'answered')
  @Describe(`which: open ones; due ones, with ${DUE_WITHIN_DAYS} days left at most; overdue ones; answered ones`)
  state!: 'all' | 'open' | 'due' | 'overdue' | 'answered';
  @Optional() @OneOf(...SUBJECT_REQUEST_KINDS) @Describe('only requests of this kind') kind!: string | null;
}

/** The requests of data subjects and until when each is to be answered. */
export const subjectRequests = query({
  name: 'subject-requests',
  summary: 'The requests of data subjects: what was requested, until when it is to be answered, and how it was.',
  description:
    'From the log. A request is to be answered within a month of its receipt (GDPR art. 12(3)); dueOn is the last day, in the zone of the business. What people wrote about it is sealed, and not shown here.',
  permission: 'erase',
  params: SubjectRequestsParams,
  time: 'none',
  paged: true,
  columns: [
    { name: 'requestId', type: 'text', description: 'the request' },
    { name: 'kind', type: 'text', description: SUBJECT_REQUEST_KINDS.join(', ') },
    { name: 'state', type: 'text', description: `open, due (${DUE_WITHIN_DAYS} days left at most), overdue, answered` },
    { name: 'receivedAt', type: 'instant', description: 'when it reached the business' },
    { name: 'dueOn', type: 'day', description: 'the last day on which it may be answered' },
    { name: 'daysLeft', type: 'integer', nullable: true, description: 'whole days left; null once answered' },
    { name: 'extended', type: 'boolean', description: 'whether the time was extended by two months' },
    { name: 'customerId', type: 'text', nullable: true, description: 'the customer; null for a person without events' },
    { name: 'answeredAt', type: 'instant', nullable: true, description: 'when it was answered' },
    { name: 'outcome', type: 'text', nullable: true, description: 'how: handed-over, done, refused, …' },
    { name: 'digest', type: 'text', nullable: true, description: 'SHA-256 of the manifest of what was handed over' },
    { name: 'by', type: 'text', nullable: true, description: 'who recorded it' },
    { name: 'answeredBy', type: 'text', nullable: true, description: 'who answered it' },
  ],
  async answer(context, { params, after, limit }) {
    const now = context.clock.now();
    const { position } = await context.log.head();
    const { requests } = await new SubjectRequestLedger(context.log).read();
    const last = after === null ? -1 : Number(after[0]);
    const rows = [...requests.values()]
      .filter((request) => request.position > last)
      .map((request) => ({ ...request, ...dueState(request, now), extended: request.extendedAt !== null }))
      .filter(({ kind }) => params.kind === null || kind === params.kind)
      .filter(({ state }) => isWanted(state, params.state));
    return { ...pageOf(rows.slice(0, limit + 1), limit, (row) => [row.position]), position };
  },
});

function isWanted(state: RequestState, wanted: SubjectRequestsParams['state']): boolean {
  if (wanted === 'all' || state === wanted) return true;
  // What is due is open still.
  return wanted === 'open' && state !== 'answered';
}

export type RequestState = 'open' | 'due' | 'overdue' | 'answered';

/** How a request stands at an instant, and the whole days that are left to answer it: 0 on the last day. */
export function dueState(
  { dueOn, timeZone, answeredAt }: Pick<SubjectRequest, 'dueOn' | 'timeZone' | 'answeredAt'>,
  now: Instant,
): { readonly state: RequestState; readonly daysLeft: number | null } {
  if (answeredAt !== null) return { state: 'answered', daysLeft: null };
  const lastDay = Math.round((parseInstant(`${dueOn}T00:00:00Z`) ?? 0) / DAY);
  // The day ends where the next one begins.
  if (now >= dayStart(lastDay + 1, timeZone)) return { state: 'overdue', daysLeft: 0 };
  let daysLeft = 0;
  while (now < dayStart(lastDay - daysLeft, timeZone)) daysLeft += 1;
  return { state: daysLeft <= DUE_WITHIN_DAYS ? 'due' : 'open', daysLeft };
}
