import { Describe, OneOf, Optional } from '#contracts';
import { sidesKeptApart } from '#lifecycle';
import { decisionsOnRecord, type DecisionOnRecord } from '../reading/decisions.js';
import { inReadModels } from '../reading/read-models.js';
import { Where } from '../reading/where.js';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';

class RefusedLinksParams {
  @Optional()
  @OneOf('open', 'decided')
  @Describe('open: those that are not decided yet; decided: those between customers who are kept apart')
  status!: string | null;
}

interface RefusedLink extends Record<string, unknown> {
  readonly position: number;
  readonly a: string;
  readonly b: string;
  readonly customerA: string;
  readonly customerB: string;
  readonly reason: string;
  /** Whether the customer has other identifiers too. */
  readonly manyA: boolean;
  readonly manyB: boolean;
}

/** Links that would have joined strangers: conflicts for a person to decide. */
export const refusedLinks = query({
  name: 'refused-links',
  summary: 'Links between identifiers that were rejected, with the reason, and how each can be decided.',
  description:
    'commands says what decides a conflict: keep the two customers apart, merge them, part the identifier from the customer who has it; or, once it is decided, lift that. Each takes --preview. docs/identity.md explains them.',
  permission: 'read',
  params: RefusedLinksParams,
  time: 'none',
  paged: true,
  columns: [
    { name: 'position', type: 'integer', description: 'its position in the log' },
    { name: 'occurredAt', type: 'instant', description: 'when the touchpoint with both identifiers happened' },
    { name: 'a', type: 'text', description: 'one subject' },
    { name: 'b', type: 'text', description: 'the other subject' },
    { name: 'customerA', type: 'text', description: 'the customer of the one' },
    { name: 'customerB', type: 'text', description: 'the customer of the other' },
    { name: 'source', type: 'text', description: 'the source of the touchpoint' },
    { name: 'eventId', type: 'text', description: 'the id of the touchpoint' },
    { name: 'origin', type: 'text', description: 'what linked them' },
    { name: 'reason', type: 'text', description: 'why it joins no customers' },
    { name: 'status', type: 'text', description: 'open, or decided: the two are kept apart' },
    { name: 'decision', type: 'text', nullable: true, description: 'the decision that keeps them apart' },
    { name: 'commands', type: 'json', description: 'the commands that decide it' },
  ],
  async answer(context, { params, after, limit }) {
    const where = new Where(limit + 1).always('l.rejected IS NOT NULL');
    if (params.status === 'open') where.always("l.rejected <> 'kept-apart'");
    if (params.status === 'decided') where.always("l.rejected = 'kept-apart'");
    if (after !== null)
      where.always(
        `(l.position, l.a, l.b) > (${where.param(after[0])}::bigint, ${where.param(after[1])}::text, ${where.param(after[2])}::text)`,
      );
    return inReadModels(context.database, async (models) => {
      const found = await models.query<RefusedLink>(
        `SELECT l.position, l.occurred_at AS "occurredAt", l.a, l.b, x.customer_id AS "customerA", y.customer_id AS "customerB",
                l.source, l.event_id AS "eventId", l.origin, l.rejected AS reason,
                EXISTS (SELECT FROM subjects o WHERE o.customer_id = x.customer_id AND o.subject_id <> l.a) AS "manyA",
                EXISTS (SELECT FROM subjects o WHERE o.customer_id = y.customer_id AND o.subject_id <> l.b) AS "manyB"
           FROM links l JOIN subjects x ON x.subject_id = l.a JOIN subjects y ON y.subject_id = l.b ${where.sql}
          ORDER BY l.position, l.a, l.b
          LIMIT $1::int`,
        where.params,
      );
      const page = pageOf(found, limit, ({ position, a, b }) => [position, a, b]);
      const decided = await keepsApart(context, models, page.rows);
      const rows = page.rows.map((one) => {
        const { manyA: _, manyB: __, ...link } = one;
        const decision = link.reason === 'kept-apart' ? (decided.get(pairOf(one)) ?? null) : null;
        const status = link.reason === 'kept-apart' ? 'decided' : 'open';
        return { ...link, status, decision, commands: commandsFor(one, decision) };
      });
      return { ...page, rows, position: models.position };
    });
  },
});

const pairOf = ({ customerA, customerB }: RefusedLink): string => [customerA, customerB].sort().join(' ');

/** The commands that decide a conflict. */
function commandsFor(
  { a, b, customerA, customerB, manyA, manyB, reason }: RefusedLink,
  decision: string | null,
): readonly string[] {
  const why = '--reason TEXT';
  if (decision !== null) return [`perennial lift ${decision} ${why}`];
  const parts = [
    ...(manyA ? [`perennial unmerge ${customerA} --apart ${a} ${why}`] : []),
    ...(manyB ? [`perennial unmerge ${customerB} --apart ${b} ${why}`] : []),
  ];
  const merge = reason === 'component-too-large' ? [`perennial merge ${a} ${b} ${why}`] : [];
  return [`perennial keep-apart ${customerA} ${customerB} ${why}`, ...merge, ...parts];
}

/** By pair of customers, the decision that keeps them apart. */
async function keepsApart(
  { log }: Parameters<typeof refusedLinks.answer>[0],
  models: { query: Parameters<Parameters<typeof inReadModels>[1]>[0]['query'] },
  links: readonly RefusedLink[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  if (!links.some(({ reason }) => reason === 'kept-apart')) return found;
  const { decisions } = await decisionsOnRecord(log);
  const standing = decisions.filter((decision) => sidesKeptApart([decision]).length > 0);
  const ids = [...new Set(standing.flatMap(({ one, other }) => [...one, ...other]))];
  const rows = await models.query<{ subject_id: string; customer_id: string }>(
    'SELECT subject_id, customer_id FROM subjects WHERE subject_id = ANY($1::text[])',
    [ids],
  );
  const customerOf = new Map(rows.map((row) => [row.subject_id, row.customer_id]));
  const customersOf = (side: readonly string[]): readonly string[] => side.flatMap((id) => customerOf.get(id) ?? []);
  for (const { decisionId, one, other } of standing as readonly DecisionOnRecord[])
    for (const x of customersOf(one))
      for (const y of customersOf(other)) found.set([x, y].sort().join(' '), decisionId);
  return found;
}
