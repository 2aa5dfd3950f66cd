import { Describe, MEDIA, OneOf, Optional, SUPPRESSION_REASONS, Text } from '#contracts';
import { instantText } from '#database';
import { inReadModels } from '../reading/read-models.js';
import { Where } from '../reading/where.js';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';

class SuppressionsParams {
  @Optional() @Text(64) @Describe('only identifiers of this namespace') namespace!: string | null;
  @Optional() @OneOf(...SUPPRESSION_REASONS) @Describe('only those for this reason') 'suppressed-for'!: string | null;
  @Optional() @OneOf(...MEDIA) @Describe('only those that hold for this medium') medium!: string | null;
  @Optional() @OneOf('active', 'expired') @Describe('only those in this state') state!: string | null;
}

interface ListedRow extends Record<string, unknown> {
  readonly subjectId: string;
  readonly suppressionId: string;
  readonly sealed: string | null;
}

/** The suppression list, to be read and exported: identifiers in the clear for a purpose that is granted, hashed otherwise. */
export const suppressions = query({
  name: 'suppressions',
  summary: 'The suppression list: identifiers to whose persons no action is proposed.',
  description:
    'One row for each suppression that was not lifted, by the hash of the identifier. identifier is null without a purpose that is granted, and once the person is erased: the hash stays. `perennial suppression import` reads the CSV again.',
  permission: 'read',
  params: SuppressionsParams,
  time: 'none',
  paged: true,
  opens: ['identifier'],
  columns: [
    { name: 'suppressionId', type: 'text', description: 'lift it by this id' },
    { name: 'subjectId', type: 'text', description: 'the keyed hash of the identifier' },
    { name: 'namespace', type: 'text', description: 'the namespace of the identifier' },
    {
      name: 'identifier',
      type: 'text',
      nullable: true,
      description: 'the value of the identifier, where it may be opened',
    },
    { name: 'reason', type: 'text', description: 'request, complaint, bounce, legal or other' },
    {
      name: 'medium',
      type: 'text',
      nullable: true,
      description: 'the only medium for which it holds; null: every medium',
    },
    { name: 'addedAt', type: 'instant', description: 'when it began' },
    { name: 'expiresAt', type: 'instant', nullable: true, description: 'when it ends; null: when it is lifted' },
    { name: 'state', type: 'text', description: 'active or expired' },
    { name: 'customerId', type: 'text', nullable: true, description: 'the customer, where the person is one' },
  ],
  async answer(context, { params, after, limit, asOf }) {
    const where = new Where(limit + 1, instantText(asOf))
      .and('p.namespace = ?::text', params.namespace)
      .and('p.reason = ?::text', params['suppressed-for'])
      .and('(p.medium IS NULL OR p.medium = ?::text)', params.medium);
    const isActive = 'coalesce(p.expires_at > $2::timestamptz, true)';
    if (params.state !== null) where.always(params.state === 'active' ? isActive : `NOT ${isActive}`);
    if (after !== null)
      where.always(
        `(p.subject_id, p.suppression_id) > (${where.param(String(after[0]))}::text, ${where.param(String(after[1]))}::text)`,
      );
    const { rows, position } = await inReadModels(context.database, async (models) => ({
      rows: await models.query<ListedRow>(
        `SELECT p.suppression_id AS "suppressionId", p.subject_id AS "subjectId", p.namespace, p.sealed, p.reason, p.medium,
                p.added_at AS "addedAt", p.expires_at AS "expiresAt", CASE WHEN ${isActive} THEN 'active' ELSE 'expired' END AS state,
                s.customer_id AS "customerId"
           FROM suppressed_subjects p LEFT JOIN subjects s ON s.subject_id = p.subject_id
          ${where.sql} ORDER BY p.subject_id, p.suppression_id LIMIT $1::int`,
        where.params,
      ),
      position: models.position,
    }));
    const page = pageOf(rows, limit, ({ subjectId, suppressionId }) => [subjectId, suppressionId]);
    const values = await context.personalData.open(page.rows);
    return {
      rows: page.rows.map(({ sealed: _, ...row }, at) => ({ ...row, identifier: values[at] ?? null })),
      next: page.next,
      position,
    };
  },
});
