import { Describe, OneOf, Optional } from '#contracts';
import { decisionsAbout, decisionsOnRecord } from '../reading/decisions.js';
import { knownCustomer } from '../reading/life.js';
import { OneCustomer } from '../reading/who.js';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';

class DecisionsParams extends OneCustomer {
  @Optional() @OneOf('stands', 'ended') @Describe('only those of this status') status!: string | null;
  @Optional() @OneOf('merge', 'unmerge', 'keep-apart') @Describe('only those of this kind') kind!: string | null;
}

/** What operators decided about who is who. */
export const identityDecisions = query({
  name: 'identity-decisions',
  summary: 'Which customers operators merged, unmerged and kept apart: who decided it, when, and whether it stands.',
  description:
    'From the log, in its order; of one customer, those that name one of their identifiers. The reason is shown for a purpose that is granted. docs/identity.md explains decisions.',
  permission: 'read',
  params: DecisionsParams,
  time: 'none',
  paged: true,
  opens: ['reason'],
  columns: [
    { name: 'decisionId', type: 'text', description: 'undo a merge, or lift what keeps apart, by this id' },
    { name: 'kind', type: 'text', description: 'merge, unmerge or keep-apart' },
    { name: 'status', type: 'text', description: 'stands, or ended: undone or lifted' },
    { name: 'one', type: 'json', description: 'the subjects of one side, the one that was named first' },
    { name: 'other', type: 'json', description: 'the subjects of the other side' },
    { name: 'decidedAt', type: 'instant', description: 'when it was decided' },
    { name: 'decidedBy', type: 'text', nullable: true, description: 'who decided it' },
    { name: 'reason', type: 'text', nullable: true, description: 'why; null without a purpose that is granted' },
    { name: 'merge', type: 'text', nullable: true, description: 'of an unmerge: the merge that it undid' },
    { name: 'endedAt', type: 'instant', nullable: true, description: 'when it was undone or lifted' },
    { name: 'endedBy', type: 'text', nullable: true, description: 'who undid or lifted it' },
    { name: 'position', type: 'integer', description: 'its place in the log' },
  ],
  async answer(context, { params, after, limit }) {
    const named = params.customer !== null || params.identifier !== null;
    const customer = named ? await knownCustomer(context, params, { knownAt: null, position: null }) : null;
    const { position: head } = await context.log.head();
    const { decisions } = await decisionsOnRecord(context.log);
    const last = after === null ? -1 : Number(after[0]);
    const wanted = (customer === null ? decisions : decisionsAbout(decisions, customer.subjectIds))
      .map((decision) => ({ ...decision, status: decision.ended === null ? 'stands' : 'ended' }))
      .filter(
        ({ position, status, kind }) =>
          position > last &&
          (params.status === null || params.status === status) &&
          (params.kind === null || params.kind === kind),
      );
    const page = pageOf(wanted.slice(0, limit + 1), limit, ({ position }) => [position]);
    const reasons = await context.personalData.open(
      page.rows.map(({ decisionId, sealed, one, other }) => ({
        ...{ subjectId: decisionId, sealed, about: { subjectIds: [...one, ...other] } },
      })),
    );
    const rows = page.rows.map(
      ({ decisionId, kind, status, one, other, occurredAt, by, merge, ended, position }, at) => ({
        ...{ decisionId, kind, status, one, other, decidedAt: occurredAt, decidedBy: by, reason: reasons[at] ?? null },
        ...{ merge, endedAt: ended?.at ?? null, endedBy: ended?.by ?? null, position },
      }),
    );
    return { ...page, rows, position: head };
  },
});
