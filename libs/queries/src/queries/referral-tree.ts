import { arrayText, instantText } from '#database';
import { advocacyOf, referralTree as treeOf, type Money } from '#lifecycle';
import type { Instant } from '#contracts';
import { inReadModels, type ReadModels } from '../reading/read-models.js';
import { referralsAround, type Referral } from '../reading/referrals.js';
import { customerOf, namedSubject, OneCustomer } from '../reading/who.js';
import { query } from '../running/query.js';

/** Who brought a customer, and which customers they brought, at first hand and after. */
export const referralTree = query({
  name: 'referral-tree',
  summary: 'Which customers one customer brought, at first hand and after, with their revenue; and who brought them.',
  description:
    'A referral that converted (referral-converted) joins the customer to the referee that it names, once the referee is a customer. The first referrer of a customer counts; a referral that would close a circle, a second referrer, and a customer who brings themselves are rejected and listed with the reason. Read from the log, by who is who now. Of more than 1,000 customers that hang together the rest is not followed, and meta.complete is false.',
  permission: 'read',
  params: OneCustomer,
  time: 'as-of',
  paged: false,
  columns: [
    {
      name: 'level',
      type: 'integer',
      nullable: true,
      description:
        '0 the customer, 1 those that they brought, 2 those that these brought, …; -1 who brought them; null for a rejected referral',
    },
    { name: 'customerId', type: 'text', description: 'the customer; of a rejected referral the referee' },
    { name: 'referrerId', type: 'text', nullable: true, description: 'who brought them' },
    { name: 'referredAt', type: 'instant', nullable: true, description: 'when the referral converted' },
    { name: 'source', type: 'text', nullable: true, description: 'the source of the touchpoint' },
    { name: 'eventId', type: 'text', nullable: true, description: 'the touchpoint' },
    {
      name: 'rejected',
      type: 'text',
      nullable: true,
      description: 'why it does not count: cycle, referred-already, or self',
    },
    { name: 'brought', type: 'integer', description: 'customers that they brought at first hand' },
    { name: 'broughtInAll', type: 'integer', description: 'at first hand and after' },
    { name: 'depth', type: 'integer', description: 'the longest chain below them' },
    { name: 'revenue', type: 'json', description: 'their net revenue by as-of, in minor units, for each currency' },
  ],
  async answer(context, { params, asOf }) {
    const subjectId = await namedSubject(context, params);
    return inReadModels(context.database, async (models) => {
      const customerId = await customerOf(models, subjectId, params);
      const { edges, complete } = await referralsAround(models, context.log, customerId, asOf);
      const tree = treeOf(edges);
      const advocacy = advocacyOf(tree);
      const counted = new Map(
        edges
          .filter(({ referrer, referred }) => tree.referrerOf.get(referred) === referrer)
          .sort((a, b) => b.at - a.at || (a.key < b.key ? 1 : -1))
          .map((edge) => [edge.referred, edge]),
      );
      const levels = levelsOf(customerId, tree.referrerOf);
      const shown = [...levels.keys(), ...tree.rejected.map(({ edge }) => edge.referred)];
      const revenue = await revenueOf(models, shown, asOf);
      const about = (id: string) => {
        const { direct = 0, all = 0, depth = 0 } = advocacy.get(id) ?? {};
        return { customerId: id, brought: direct, broughtInAll: all, depth, revenue: revenue.get(id) ?? [] };
      };
      const rows = [...levels].map(([id, level]) => ({
        level,
        ...about(id),
        ...referred(counted.get(id)),
        rejected: null,
      }));
      const rejected = tree.rejected.map(({ edge, reason }) => ({
        ...{ level: null, rejected: reason },
        ...about(edge.referred),
        ...referred(edge),
      }));
      return { rows: [...rows, ...rejected], next: null, position: models.position, complete };
    });
  },
});

const referred = (edge: Referral | undefined) => ({
  referrerId: edge?.referrer ?? null,
  referredAt: edge?.at ?? null,
  source: edge?.event.source ?? null,
  eventId: edge?.event.id ?? null,
});

/** The referrer of the customer at -1, the customer at 0, and those below, level by level. */
function levelsOf(customerId: string, referrerOf: ReadonlyMap<string, string>): ReadonlyMap<string, number> {
  const below = new Map<string, string[]>();
  for (const [referee, referrer] of referrerOf) below.set(referrer, [...(below.get(referrer) ?? []), referee]);
  const levels = new Map<string, number>();
  const above = referrerOf.get(customerId);
  if (above !== undefined) levels.set(above, -1);
  let level = [customerId];
  for (let depth = 0; level.length > 0; depth += 1) {
    for (const id of level) levels.set(id, depth);
    level = level.flatMap((id) => below.get(id) ?? []).sort();
  }
  return levels;
}

async function revenueOf(
  models: ReadModels,
  customerIds: readonly string[],
  asOf: Instant,
): Promise<ReadonlyMap<string, readonly Money[]>> {
  const rows = await models.query<{ customer_id: string; currency: string; amount: number }>(
    `SELECT customer_id, currency, sum(amount_minor)::bigint AS amount FROM bookings
      WHERE customer_id = ANY($1::text[]) AND at <= $2::timestamptz AND (voided_at IS NULL OR voided_at > $2::timestamptz)
      GROUP BY customer_id, currency ORDER BY customer_id, currency`,
    [arrayText(customerIds), instantText(asOf)],
  );
  const found = new Map<string, Money[]>();
  for (const { customer_id: id, currency, amount } of rows)
    found.set(id, [...(found.get(id) ?? []), { amountMinor: Number(amount), currency }]);
  return found;
}
