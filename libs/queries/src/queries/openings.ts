import { Describe, Matching, OneOf, OPENING_KINDS, Optional, Text, type Instant } from '#contracts';
import { instantText } from '#database';
import { openingsKeptSince, policyAt } from '#lifecycle';
import { InstantOrDay } from '../running/instant-or-day.js';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';
import { policiesKnown } from '../reading/policies.js';
import { inReadModels, type ReadModels } from '../reading/read-models.js';
import { Where } from '../reading/where.js';
import { customerOf, namedSubject, OneCustomer } from '../reading/who.js';

class OpeningsParams extends OneCustomer {
  @Optional() @InstantOrDay() @Describe('only openings recorded at this instant or later') from!: Instant | null;
  @Optional() @InstantOrDay() @Describe('only openings recorded before this instant') to!: Instant | null;
  @Optional() @Text(512) @Describe('only what this principal opened: key:5f0c3a9b1d2e, local') by!: string | null;
  @Optional() @Text(64) @Describe('only openings for this purpose') 'opening-purpose'!: string | null;
  @Optional() @Text(100) @Describe('only openings for this case') 'opening-ticket'!: string | null;
  @Optional() @OneOf(...OPENING_KINDS) @Describe('only openings of this kind') kind!: string | null;
  @Optional()
  @Matching('^[0-9a-f]{32}$', 32, 'an id')
  @Describe('only openings of the body of this quarantined event')
  'quarantine-id'!: string | null;
}

interface OpeningRow extends Record<string, unknown> {
  readonly position: number;
  readonly openingId: string;
  readonly subjectIds: readonly string[];
  readonly quarantineIds: readonly string[];
  readonly sealedReason: string | null;
}

/** Who opened whose personal data, when, and for what: for auditors, and in the answer to a data subject. */
export const openings = query({
  name: 'openings',
  summary: 'Who opened whose personal data, when, for which purpose, and as what.',
  description:
    'Each opening was recorded in the event log before the clear text left the engine. An opening of more than 500 subjects has several rows, and an answer of several pages too: they share requestId. They are listed for as long as the policy says (a rule of retention for openings, or openings.keepDays); the log keeps them. reason is shown for a purpose that is granted, and that is recorded too.',
  permission: 'audit',
  params: OpeningsParams,
  time: 'none',
  days: true,
  paged: true,
  opens: ['reason'],
  columns: [
    { name: 'position', type: 'integer', description: 'its place in the log' },
    { name: 'recordedAt', type: 'instant', description: 'when it was recorded, before the data left' },
    { name: 'by', type: 'text', description: 'who opened them: key: and the id of a key, person:…, or local' },
    { name: 'purpose', type: 'text', description: 'the purpose that was stated' },
    { name: 'ticket', type: 'text', nullable: true, description: 'the case that was stated' },
    {
      name: 'reason',
      type: 'text',
      nullable: true,
      description: 'why, in words; null without a purpose that is granted, or once a person it concerns was erased',
    },
    { name: 'kind', type: 'text', description: 'view, export, pack or feed' },
    { name: 'query', type: 'text', description: 'what was run' },
    { name: 'parameters', type: 'text', description: 'a keyed hash of its parameters' },
    { name: 'columns', type: 'json', description: 'the columns that held clear text' },
    { name: 'subjects', type: 'integer', description: 'how many subjects and quarantined bodies were opened' },
    { name: 'count', type: 'integer', description: 'how many clear values the answer held' },
    { name: 'subjectIds', type: 'json', description: 'whose personal data were opened' },
    { name: 'quarantineIds', type: 'json', description: 'the quarantined events whose bodies were opened' },
    { name: 'requestId', type: 'text', description: 'the same for all rows of one answer' },
  ],
  async answer(context, { params, after, limit }) {
    const isNamed = params.customer !== null || params.identifier !== null;
    const subjectId = isNamed ? await namedSubject(context, params) : null;
    const now = context.clock.now();
    const kept = openingsKeptSince(policyAt(await policiesKnown(context.log, null), now).policy, now);
    const found = await inReadModels(context.database, async (models) => {
      const ids = subjectId === null ? null : await idsOf(models, await customerOf(models, subjectId, params));
      const where = new Where(limit + 1)
        .and('o.recorded_at >= ?::timestamptz', instantText(Math.max(kept, params.from ?? kept)))
        .and('o.recorded_at < ?::timestamptz', params.to === null ? null : instantText(params.to))
        .and('o.position > ?::bigint', after?.[0] ?? null)
        .and('o.opened_by = ?::text', params.by)
        .and('o.purpose = ?::text', params['opening-purpose'])
        .and('o.ticket = ?::text', params['opening-ticket'])
        .and('o.kind = ?::text', params.kind)
        .and(OF_SUBJECTS, ids)
        .and(OF_SUBJECTS, params['quarantine-id'] === null ? null : [params['quarantine-id']]);
      const rows = await models.query<OpeningRow>(
        `SELECT o.position, o.opening_id AS "openingId", o.recorded_at AS "recordedAt", o.opened_by AS by, o.purpose, o.ticket, o.kind, o.query, o.parameters,
                o.columns, o.subject_ids AS "subjectIds", o.quarantine_ids AS "quarantineIds", o.count, o.request_id AS "requestId",
                o.sealed_reason AS "sealedReason"
           FROM openings o ${where.sql}
          ORDER BY o.position
          LIMIT $1::int`,
        where.params,
      );
      return { ...pageOf(rows, limit, ({ position }) => [position]), position: models.position };
    });
    const reasons = await context.personalData.open(
      found.rows.map(({ openingId, subjectIds, quarantineIds, sealedReason }) => ({
        ...{ subjectId: openingId, sealed: sealedReason },
        about: { subjectIds, quarantineIds },
      })),
    );
    const rows = found.rows.map((row, at) => ({
      ...row,
      reason: reasons[at] ?? null,
      subjects: row.subjectIds.length + row.quarantineIds.length,
    }));
    return { ...found, rows };
  },
});

const OF_SUBJECTS = 'o.position IN (SELECT s.position FROM opened_subjects s WHERE s.subject_id = ANY(?::text[]))';

/** Under what a customer may have been opened: their subjects, and the quarantined events that are known to be theirs. */
async function idsOf(models: ReadModels, customerId: string): Promise<readonly string[]> {
  const rows = await models.query<{ id: string }>(
    `SELECT subject_id AS id FROM subjects WHERE customer_id = $1::text
      UNION SELECT q.quarantine_id FROM quarantine q JOIN subjects s ON s.subject_id = q.subject_id WHERE s.customer_id = $1::text`,
    [customerId],
  );
  return rows.map(({ id }) => id);
}
