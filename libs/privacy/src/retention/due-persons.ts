import { formatInstant, STREAMS, type Instant } from '#contracts';
import { instantText, type Queryable } from '#database';
import type { EventLog } from '#event-log';
import { addPeriod, isContact, periodOf, type PolicyEra, type RetentionDue } from '#lifecycle';
import { isRebuilding, liveColumns } from '#projections/schema';
import type { Hold } from '../holds/hold-register.js';

/** A customer whose grace is over, as the read models have it. */
export interface DuePerson {
  readonly customerId: string;
  readonly retention: RetentionDue;
}

/** Why a customer whose grace is over is not erased now. */
export type Waiting =
  /** They came back, or the rule no longer holds. */
  | 'not-due'
  /** A legal hold keeps them, or kept them until less than the grace ago. */
  | 'hold'
  /** Their newest contact was recorded less than the grace ago, as by an import of old data. */
  | 'recorded-lately'
  /** The read models do not know of everything yet. */
  | 'behind';

/** Finds in the read models who is to be erased, and checks each once more before it is done. */
export class DuePersons {
  constructor(
    private readonly database: Pick<Queryable, 'query'>,
    private readonly log: Pick<EventLog, 'readStreams' | 'head'>,
  ) {}

  /** The schema of the read models where they can be relied on: live, made by this release, and with no other version under construction. */
  async schema(): Promise<string | null> {
    const live = await liveColumns(this.database, 'customers');
    if (live === null || !live.columns.includes('retention_due_at')) return null;
    return (await isRebuilding(this.database)) ? null : live.schema;
  }

  /** Customers whose grace is over, the earliest due first, after the one given. */
  async page(schema: string, now: Instant, after: DuePerson | null, limit: number): Promise<readonly DuePerson[]> {
    return this.database.query<{ customerId: string; retention: RetentionDue }>(
      `SELECT c.customer_id AS "customerId", c.retention FROM ${schema}.customers c
        WHERE c.retention_due_at <= $1::timestamptz AND (c.retention ->> 'graceEndsAt')::bigint <= $2::bigint
          AND (c.retention_due_at, c.customer_id) > ($3::timestamptz, $4::text) AND NOT ${erased(schema)}
        ORDER BY c.retention_due_at, c.customer_id LIMIT $5::int`,
      [
        ...[instantText(now), now, after === null ? '-infinity' : instantText(after.retention.dueAt)],
        ...[after?.customerId ?? '', limit],
      ],
    );
  }

  /** Why the customer is not to be erased now, all things considered; null where they are. */
  async reasonToWait(
    schema: string,
    { customerId }: DuePerson,
    subjectIds: readonly string[],
    { now, era, holds }: { readonly now: Instant; readonly era: PolicyEra; readonly holds: readonly Hold[] },
  ): Promise<Waiting | null> {
    const { position: head } = await this.log.head();
    const [row] = await this.database.query<{ settled: boolean; retention: RetentionDue | null }>(
      `SELECT c.retention, p.position >= $2::bigint
              AND NOT EXISTS (SELECT FROM ${schema}.dirty d WHERE d.customer_id = c.customer_id)
              AND NOT EXISTS (SELECT FROM ${schema}.parked k WHERE k.customer_id = c.customer_id) AS settled
         FROM ${schema}.customers c CROSS JOIN ${schema}.checkpoint p
        WHERE c.customer_id = $1::text AND NOT ${erased(schema)}`,
      [customerId, head],
    );
    if (row === undefined) return 'not-due';
    if (!row.settled) return 'behind';
    const { retention } = row;
    if (retention === null || retention.graceEndsAt > now) return 'not-due';
    // Another policy came into force, and the customer was not folded under it yet.
    if (retention.policyVersion !== era.version) return 'behind';
    const graceAfter = (at: Instant): Instant => addPeriod(at, periodOf(retention.grace), era.policy.timeZone);
    const own = new Set(subjectIds);
    for (const { lifted, subjectIds: held } of holds) {
      if (!held.some((id) => own.has(id))) continue;
      if (lifted === null || (retention.unlessHold && graceAfter(lifted.at) > now)) return 'hold';
    }
    const contacts = (await this.log.readStreams(subjectIds.map(STREAMS.subject), { upTo: head })).filter(({ type }) =>
      isContact(type),
    );
    const newest = Math.max(-Infinity, ...contacts.map(({ recordedAt }) => recordedAt));
    return Number.isFinite(newest) && graceAfter(newest) > now ? 'recorded-lately' : null;
  }
}

const erased = (schema: string): string =>
  `EXISTS (SELECT FROM ${schema}.subjects e WHERE e.customer_id = c.customer_id AND e.erased_at IS NOT NULL)`;

/** Who the record of an erasure by a rule names. */
export const byRule = ({ policyVersion }: RetentionDue): string => `retention ${policyVersion}`;

/** For the log of the process. */
export const dueText = ({ since, startedAt, after, dueAt, graceEndsAt }: RetentionDue): Record<string, string> => ({
  ...{ since, after, startedAt: formatInstant(startedAt), dueAt: formatInstant(dueAt) },
  graceEndsAt: formatInstant(graceEndsAt),
});
