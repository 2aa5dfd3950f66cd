import { Describe, MEDIA, OneOf, Optional, Text } from '#contracts';
import { policyAt } from '#lifecycle';
import { erasedCondition } from '../reading/erased.js';
import { HELD_BY_RESTRAINT, HELD_REASONS, heldByConsent, type HeldAction } from '../reading/held-actions.js';
import { IDENTIFIER_COLUMN, strongestIdentifiers, withIdentifiers } from '../reading/identifiers.js';
import { policiesKnown } from '../reading/policies.js';
import { inReadModels } from '../reading/read-models.js';
import { onlyMembers, OF_SEGMENT, SegmentParam } from '../reading/segments.js';
import { Where } from '../reading/where.js';
import { customerOf, namedSubject, OneCustomer } from '../reading/who.js';
import { PLACE_COLUMNS } from '../reading/columns.js';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';

class HeldParams extends OneCustomer {
  @Optional() @OneOf(...HELD_REASONS) @Describe('only what is held back for this reason') 'held-reason'!: string | null;
  @Optional() @OneOf(...MEDIA) @Describe('only actions by this medium') medium!: string | null;
  @Optional() @Text(200) @Describe('only this treatment') treatment!: string | null;
  @Optional() @Text(64) @Describe(OF_SEGMENT) segment!: string | null;
}

const REASONS_EXPLAINED =
  'no-consent, consent-withdrawn, consent-expired, consent-unconfirmed (given, and the policy asks for a confirmation): what the customer allows. restricted: the processing of their data is restricted. suppressed: an identifier of theirs is on the suppression list. holdback-day, quiet-hours, frequency-cap: the policy’s rules of contact.';

/** Each action that the phase of a customer calls for and that is not proposed, with the reason. */
export const heldActions = query({
  name: 'held-actions',
  summary: 'Actions that are called for and held back, each with its reason, of all customers or of one.',
  description: `One row for each action. ${REASONS_EXPLAINED} What restraint holds back is proposed once when nothing holds it back any more and it still applies. Erased customers are left out.`,
  permission: 'read',
  params: HeldParams,
  time: 'none',
  paged: true,
  opens: ['identifier'],
  columns: [
    { name: 'customerId', type: 'text', description: 'the customer' },
    IDENTIFIER_COLUMN,
    { name: 'treatment', type: 'text', description: 'what would be done' },
    { name: 'purpose', type: 'text', description: 'for which purpose' },
    { name: 'medium', type: 'text', description: 'by which medium' },
    ...PLACE_COLUMNS,
    { name: 'reason', type: 'text', description: 'why it is held back' },
    {
      name: 'rule',
      type: 'text',
      nullable: true,
      description: 'the rule of the policy, or the suppression; null where a consent is the reason',
    },
    { name: 'since', type: 'instant', description: 'since when it is called for' },
    { name: 'heldSince', type: 'instant', description: 'since when it is held back' },
    {
      name: 'until',
      type: 'instant',
      nullable: true,
      description: 'when nothing that is known now holds it back any more; null: that has no date',
    },
    { name: 'validUntil', type: 'instant', nullable: true, description: 'when it is over all the same; null: no date' },
  ],
  async answer(context, { params, after, limit, asOf }) {
    const { policy } = policyAt(await policiesKnown(context.log, null), asOf);
    const named = params.customer !== null || params.identifier !== null;
    const subjectId = named ? await namedSubject(context, params) : null;
    const { rows, identifiers, position } = await inReadModels(context.database, async (models) => {
      const customerId = subjectId === null ? null : await customerOf(models, subjectId, params);
      const where = new Where(limit + 1)
        .and('h.customer_id = ?::text', customerId)
        .and('h.reason = ?::text', params['held-reason'])
        .and('h.medium = ?::text', params.medium)
        .and('h.treatment = ?::text', params.treatment);
      // A customer that is named is meant, erased or not.
      const erased = customerId === null ? erasedCondition('without', 'h.customer_id') : null;
      if (erased !== null) where.always(erased);
      await onlyMembers(models, where, params.segment, 'h.customer_id');
      if (after !== null)
        where.always(
          `(h.customer_id, h.treatment, h.purpose, h.medium) > (${after.map((each) => `${where.param(String(each))}::text`).join(', ')})`,
        );
      const order = 'ORDER BY customer_id, treatment, purpose, medium LIMIT $1::int';
      const byConsent = heldByConsent(where, policy, asOf);
      const rows = await models.query<HeldAction>(
        `SELECT customer_id AS "customerId", treatment, purpose, medium, cycle, stage, phase, reason, rule, since,
                held_since AS "heldSince", until, valid_until AS "validUntil"
           FROM ((${HELD_BY_RESTRAINT} ${where.sql} ${order}) UNION ALL (${byConsent} ${where.sql} ${order})) held ${order}`,
        where.params,
      );
      const ids = [...new Set(rows.map((row) => row.customerId))];
      return { rows, identifiers: await strongestIdentifiers(models, ids), position: models.position };
    });
    const page = pageOf(rows, limit, ({ customerId, treatment, purpose, medium }) => [
      customerId,
      treatment,
      purpose,
      medium,
    ]);
    return { ...page, rows: await withIdentifiers(context, page.rows, identifiers), position };
  },
});

class CountParams extends SegmentParam {
  @Optional() @OneOf(...MEDIA) @Describe('only actions by this medium') medium!: string | null;
  @Optional() @Text(200) @Describe('only this treatment') treatment!: string | null;
}

/** How many actions are held back, by reason. */
export const heldActionCounts = query({
  name: 'held-action-counts',
  summary: 'How many actions are called for and held back, by reason, treatment and medium.',
  description: `The rows of \`held-actions\`, counted. ${REASONS_EXPLAINED} All customers are looked at, which takes a while where there are millions.`,
  permission: 'read',
  params: CountParams,
  time: 'none',
  paged: false,
  columns: [
    { name: 'reason', type: 'text', description: 'why they are held back' },
    { name: 'treatment', type: 'text', description: 'what would be done' },
    { name: 'medium', type: 'text', description: 'by which medium' },
    { name: 'actions', type: 'integer', description: 'how many actions' },
    { name: 'customers', type: 'integer', description: 'to how many customers' },
    {
      name: 'firstUntil',
      type: 'instant',
      nullable: true,
      description: 'when the first of them is no longer held back by anything that is known; null: that has no date',
    },
  ],
  async answer(context, { params, asOf }) {
    const { policy } = policyAt(await policiesKnown(context.log, null), asOf);
    const where = new Where()
      .and('h.medium = ?::text', params.medium)
      .and('h.treatment = ?::text', params.treatment)
      .always(erasedCondition('without', 'h.customer_id') ?? 'true');
    return inReadModels(context.database, async (models) => {
      await onlyMembers(models, where, params.segment, 'h.customer_id');
      const byConsent = heldByConsent(where, policy, asOf);
      const rows = await models.query(
        `SELECT reason, treatment, medium, count(*)::int AS actions, count(DISTINCT customer_id)::int AS customers, min(until) AS "firstUntil"
           FROM (${HELD_BY_RESTRAINT} ${where.sql} UNION ALL ${byConsent} ${where.sql}) held
          GROUP BY reason, treatment, medium ORDER BY reason, treatment, medium`,
        where.params,
      );
      return { rows, next: null, position: models.position };
    });
  },
});
