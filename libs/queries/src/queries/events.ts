import { STREAMS } from '#contracts';
import { query, type QueryContext } from '../running/query.js';
import { QueryRejected } from '../running/query-rejected.js';
import { knownCustomer, type KnowledgeBound } from '../reading/life.js';
import { pageOfNaming, personOf } from '../reading/naming.js';
import { pageInOrder } from '../reading/pages-in-order.js';
import { inReadModels } from '../reading/read-models.js';
import { asRecorded, RECORDED_COLUMNS, RECORDED_OPENS } from '../reading/recorded.js';
import { namedSubject, OneCustomer, unknown, type NamedCustomer } from '../reading/who.js';

/** For the auditor: every event that names one customer, exactly as it was recorded, in the order of the log. */
export const events = query({
  name: 'events',
  summary: 'Every event that names one customer, exactly as it was recorded, in the order of the log.',
  description:
    'What the log holds, unchanged: versions are not lifted, personal fields stay sealed. Text that an older program stored in the clear, before its field became personal, is shown for a purpose alone. Beside the events of the customer, those of others that name them as referee, recipient or actor, those with which a link was rejected, and quarantined events whose body holds one of their identifiers in any form; column role says which. As NDJSON it is the export of a customer for an audit.',
  permission: 'audit',
  params: OneCustomer,
  time: 'as-of and known-at',
  paged: true,
  opens: RECORDED_OPENS,
  columns: [
    ...RECORDED_COLUMNS,
    {
      name: 'role',
      type: 'text',
      description:
        'in which role it names the customer: self, referee, recipient, actor; quarantined where its body was quarantined',
    },
  ],
  async answer(context, { params, asOf, knownAt, position: bound, after, limit }) {
    const { subjectIds, position, isKnown } = await namedIn(context, params, { knownAt, position: bound });
    const streams = subjectIds.map(STREAMS.subject);
    const person = await personOf(context, subjectIds, params.identifier);
    const { events, next, complete } = await pageOfNaming(context, person, {
      ...{ after, upTo: position, limit },
      wanted: (event) => event.occurredAt <= asOf,
      own: (ownAfter, ownLimit) =>
        pageInOrder(
          context.log,
          streams,
          {
            keyOf: (event) => event.position,
            compare: (a, b) => a.position - b.position,
            strict: true,
            wanted: (event) => event.occurredAt <= asOf,
          },
          { after: ownAfter, upTo: position, limit: ownLimit },
        ),
    });
    if (!isKnown && events.length === 0 && after === null) throw unknown(params);
    const rows = await asRecorded(
      context,
      events.map(({ event }) => event),
    );
    return { rows: rows.map((row, at) => ({ ...row, role: events[at]?.role })), next, position, complete };
  },
});

/** The subjects of the customer; of a person who is named by others only, the subject alone. */
async function namedIn(
  context: QueryContext,
  named: NamedCustomer,
  bound: KnowledgeBound,
): Promise<{ readonly subjectIds: readonly string[]; readonly position: number; readonly isKnown: boolean }> {
  try {
    const { customerId, subjectIds, position } = await knownCustomer(context, named, bound);
    // By the knowledge of then they had no event of their own; others may have named them.
    return { subjectIds: subjectIds.length === 0 ? [customerId] : subjectIds, position, isKnown: true };
  } catch (error) {
    if (!(error instanceof QueryRejected) || error.code !== 'unknown-customer') throw error;
    const subjectId = await namedSubject(context, named);
    const position = await inReadModels(context.database, (models) => Promise.resolve(models.position));
    const known = bound.knownAt === null ? Infinity : await context.log.positionAt(bound.knownAt);
    return { subjectIds: [subjectId], position: Math.min(position, known, bound.position ?? Infinity), isKnown: false };
  }
}
