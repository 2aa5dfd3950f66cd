import { createHash } from 'node:crypto';
import { formatInstant } from '#contracts';
import { arrayText, instantText, type Queryable, type Row } from '#database';
import { liveSchema } from '#projections/schema';
import type { Feed } from '../feed.js';
import type { OutboxSource } from '../outbox-source.js';
import { anyPending, drainOutbox, replayOutbox, type OutboxTable } from '../relay/outbox.js';
import type { StageChange } from '../stage-change.js';
import { EPOCH } from './epoch.js';
import { KEPT_FOR_A_MONTH } from './topic-plans.js';

/**
 * Reads rows of `published`; `o` names the rows to read. The rows before and after one are read only where they can show that the customer was
 * gone, or is back, because of a merge: for very few customers.
 */
const SELECT_STAGE_CHANGES = /* sql */ `
  SELECT p.customer_id, p.publication, p.kind, p.cycle, p.stage, p.phase, p.entered_at, p.at, p.position, p.reason, p.retracts, p.historical,
         p.cause, p.policy_version, p.into_id, p.resync,
         (SELECT epoch FROM perennial.log_identity) AS epoch, before.position AS before_position, before.kind AS before_kind,
         before.reason AS before_reason, after.position AS after_position,
         CASE WHEN p.reason = 'merge' OR before.reason = 'merge' THEN EXISTS (
           SELECT 1 FROM perennial.published q
            WHERE q.customer_id = p.customer_id AND q.publication < p.publication AND q.kind <> 'retracted'
              AND NOT EXISTS (SELECT 1 FROM perennial.published r WHERE r.customer_id = q.customer_id
                                 AND r.retracts = q.publication AND r.publication <= p.publication))
         END AS others_hold
    FROM o JOIN perennial.published p USING (customer_id, publication)
    LEFT JOIN LATERAL (SELECT position, kind, reason FROM perennial.published s WHERE p.kind = 'entered' AND p.publication > 1
                          AND s.customer_id = p.customer_id AND s.publication = p.publication - 1 OFFSET 0) before ON true
    LEFT JOIN LATERAL (SELECT position FROM perennial.published s WHERE p.reason = 'merge'
                          AND s.customer_id = p.customer_id AND s.publication = p.publication + 1 OFFSET 0) after ON true
   ORDER BY p.customer_id, p.publication`;

interface PublishedRow extends Row {
  readonly customer_id: string;
  readonly publication: number;
  readonly kind: StageChange['kind'];
  readonly cycle: number;
  readonly stage: string;
  readonly phase: string;
  readonly entered_at: number;
  readonly at: number;
  readonly position: number;
  readonly reason: string | null;
  readonly retracts: number | null;
  readonly historical: boolean;
  readonly cause: unknown;
  readonly policy_version: string | null;
  readonly into_id: string | null;
  readonly resync: boolean;
  /** Null in a database whose projector has not recorded its log yet. */
  readonly epoch: number | null;
  readonly before_position: number | null;
  readonly before_kind: string | null;
  readonly before_reason: string | null;
  readonly after_position: number | null;
  readonly others_hold: boolean | null;
}

/**
 * Loads stage changes, each customer's in order: `which` selects customer_id and publication. Two things are read from the live version of the
 * read models: the customer that has the identifiers of one who is gone; and the cause, where a change was published before causes
 * were stored.
 */
export async function loadStageChanges(
  database: Queryable,
  which: string,
  params: readonly unknown[],
): Promise<StageChange[]> {
  const rows = await database.query<PublishedRow>(`WITH o AS (${which}) ${SELECT_STAGE_CHANGES}`, params);
  if (rows.length === 0) return [];
  const withoutCause = rows.filter(({ kind, cause }) => kind !== 'retracted' && cause === null);
  const identityChanges = new Map(rows.map((row) => [row, identityChangeOf(row)]));
  const gone = rows.filter((row) => identityChanges.get(row) === 'gone').map((row) => row.customer_id);
  const causes = new Map<string, { cause: unknown; policyVersion: string }>();
  const owners = new Map<string, string>();
  const live = withoutCause.length + gone.length === 0 ? null : await liveSchema(database);
  if (live !== null && withoutCause.length > 0) {
    const found = await database.query<{
      customer_id: string;
      entered_at: number;
      cause: unknown;
      policy_version: string;
    }>(
      `SELECT v.customer_id, v.entered_at, v.cause, v.policy_version
         FROM unnest($1::text[], $2::timestamptz[]) AS m(customer_id, at)
         JOIN ${live}.stage_periods v ON v.customer_id = m.customer_id AND v.entered_at = m.at`,
      [arrayText(withoutCause.map((row) => row.customer_id)), arrayText(withoutCause.map(({ at }) => instantText(at)))],
    );
    for (const { customer_id, entered_at, cause, policy_version } of found)
      causes.set(`${customer_id} ${entered_at}`, { cause, policyVersion: policy_version });
  }
  if (live !== null && gone.length > 0) {
    const owned = await database.query<{ subject_id: string; customer_id: string }>(
      `SELECT subject_id, customer_id FROM ${live}.subjects WHERE subject_id = ANY($1::text[])`,
      [arrayText([...new Set(gone)])],
    );
    for (const { subject_id, customer_id } of owned) owners.set(subject_id, customer_id);
  }
  return rows.map((row) => {
    const cause = row.kind === 'retracted' ? undefined : causes.get(`${row.customer_id} ${row.at}`);
    return {
      messageId: messageId(row),
      customerId: row.customer_id,
      publication: row.publication,
      kind: row.kind,
      cycle: row.cycle,
      stage: row.stage,
      phase: row.phase,
      enteredAt: row.entered_at,
      at: row.at,
      position: row.position,
      reason: row.reason,
      retracts: row.retracts,
      historical: row.historical,
      epoch: row.epoch ?? 0,
      resync: row.resync,
      into: row.into_id,
      cause: row.cause ?? cause?.cause ?? null,
      policyVersion: row.policy_version ?? cause?.policyVersion ?? null,
      identityChange: identityChanges.get(row) ?? null,
      belongsTo: owners.get(row.customer_id) ?? row.customer_id,
    };
  });
}

/** Depends only on what was published, which never changes: a replay gives the same answer. */
function identityChangeOf(row: PublishedRow): StageChange['identityChange'] {
  if (row.others_hold !== false) return null;
  if (row.kind === 'retracted' && row.reason === 'merge' && row.after_position !== row.position) return 'gone';
  const wasTakenAway = row.before_kind === 'retracted' && row.before_reason === 'merge';
  return row.kind === 'entered' && wasTakenAway && row.before_position !== row.position ? 'back' : null;
}

/**
 * A hash of the stage period, the kind, the customer's publication number and the epoch in which these count: the same however often the message is
 * sent.
 */
function messageId(row: PublishedRow): string {
  const period = [row.customer_id, row.cycle, row.stage, row.phase, row.entered_at, row.at];
  const inEpoch = (row.epoch ?? 0) === 0 ? [] : [row.epoch];
  const name = JSON.stringify([...period, row.kind, row.publication, ...inEpoch]);
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

export const STAGE_CHANGES_OUTBOX: OutboxTable<StageChange> = {
  table: 'perennial.outbox',
  owner: 'customer_id',
  ownerOf: ({ customerId }) => customerId,
  keepsPublished: false,
  sequence: 'publication',
  sequenceOf: ({ publication }) => publication,
  read: loadStageChanges,
};

/** Stage changes: `outbox` holds the numbers of the pending ones, `published` holds every change. */
export const STAGE_CHANGES_SOURCE: OutboxSource = {
  pending: anyPending(STAGE_CHANGES_OUTBOX),
  drain: (database, publish, now, cursor) => drainOutbox(database, STAGE_CHANGES_OUTBOX, publish, now, cursor),
  replay: (database, fromPosition) => replayOutbox(database, STAGE_CHANGES_OUTBOX, 'perennial.published', fromPosition),
};

const MOMENT = { type: 'string', format: 'date-time' };

/** The stages of customers: each stage period that began, ended, or was retracted. */
export const STAGE_CHANGES: Feed = {
  name: 'perennial.stage-changes',
  type: 'perennial.stage-changed',
  meaning:
    'A customer entered a phase, left it, or an earlier change was retracted. A consumer that applies every entered and left, and removes what was retracted, has the engine’s own state.',
  plan: KEPT_FOR_A_MONTH,
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['customerId', 'publication', 'kind', 'cycle', 'stage', 'phase', 'enteredAt', 'at', 'historical'],
    properties: {
      customerId: { type: 'string', pattern: '^[0-9a-f]{32}$' },
      publication: {
        type: 'integer',
        minimum: 1,
        description: 'Counts the stage changes of this customer in this epoch, from 1.',
      },
      epoch: EPOCH,
      resync: {
        type: 'boolean',
        description:
          'True: what was published before is lost to the engine, and this is the customer’s current state, published once more. Replace what you hold of the customer by it, and do not act on it.',
      },
      kind: { enum: ['entered', 'left', 'retracted'] },
      cycle: {
        type: 'integer',
        description: 'The customer’s lifecycle cycle, from 1: a win-back begins the next one.',
      },
      stage: { type: 'string' },
      phase: { type: 'string' },
      enteredAt: { ...MOMENT, description: 'When the stage period began.' },
      at: { ...MOMENT, description: 'The instant of the change: the stage period’s beginning or its end.' },
      historical: {
        type: 'boolean',
        description:
          'The change lay more than 24 hours in the past when it became known, or follows from a policy that restates the past: record it, and do not act on it.',
      },
      retracts: { type: 'integer', minimum: 1, description: 'The publication that no longer holds.' },
      reason: {
        enum: ['late-event', 'reversal', 'merge', 'unmerge', 'policy-changed', 'policy-restated', 'rebuild'],
        description: 'Why it no longer holds.',
      },
      into: {
        type: 'string',
        pattern: '^[0-9a-f]{32}$',
        description: 'For a retraction because of a merge: the customer into which this one was merged.',
      },
      cause: {
        type: 'object',
        description:
          'Why the customer moved at that instant: the rule, the events or the deadline, the values compared.',
      },
      policyVersion: { type: 'string', description: 'The policy version whose rule it was.' },
    },
  },
  source: STAGE_CHANGES_SOURCE,
  messageFor: (record) => ('publication' in record ? messageFor(record) : null),
};

function messageFor(change: StageChange): ReturnType<Feed['messageFor']> {
  return {
    id: change.messageId,
    key: change.customerId,
    at: change.at,
    data: {
      customerId: change.customerId,
      publication: change.publication,
      ...(change.epoch === 0 ? {} : { epoch: change.epoch }),
      ...(change.resync ? { resync: true } : {}),
      kind: change.kind,
      cycle: change.cycle,
      stage: change.stage,
      phase: change.phase,
      enteredAt: formatInstant(change.enteredAt),
      at: formatInstant(change.at),
      historical: change.historical,
      ...(change.retracts === null ? {} : { retracts: change.retracts, reason: change.reason }),
      ...(change.into === null ? {} : { into: change.into }),
      ...(change.cause === null ? {} : { cause: change.cause, policyVersion: change.policyVersion }),
    },
  };
}
