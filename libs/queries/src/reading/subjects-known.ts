import {
  customersDecided,
  decisionsKnownAt,
  RESOLUTION_RULES,
  type CustomerLink,
  type IdentityDecision,
  type KnownSubject,
  type StatedLink,
} from '#lifecycle';
import { instantOf } from '../running/answer.js';
import type { ReadModels } from './read-models.js';

/** A customer as they were known at a position: their id then, and their subjects then. */
export interface KnownSubjects {
  readonly customerId: string;
  /** Empty where nothing was known of the customer yet. */
  readonly subjectIds: readonly string[];
}

/**
 * The customer that a subject belonged to by the links and decisions known at a position of the log; null for a subject that is not
 * known even now. `decisions`: those on record now.
 */
export async function subjectsKnownBy(
  models: ReadModels,
  subjectId: string,
  position: number,
  decisions: readonly IdentityDecision[],
): Promise<KnownSubjects | null> {
  const [named] = await models.query<{ customer_id: string; first_position: number }>(
    'SELECT customer_id, first_position FROM subjects WHERE subject_id = $1::text',
    [subjectId],
  );
  if (named === undefined) return null;
  if (named.first_position > position) return { customerId: subjectId, subjectIds: [] };
  return position >= models.position
    ? { customerId: named.customer_id, subjectIds: await subjectsNow(models, named.customer_id) }
    : subjectsThen(models, subjectId, position, decisions);
}

async function subjectsNow(models: ReadModels, customerId: string): Promise<readonly string[]> {
  const rows = await models.query<{ subject_id: string }>(
    'SELECT subject_id FROM subjects WHERE customer_id = $1::text ORDER BY subject_id',
    [customerId],
  );
  return rows.map((row) => row.subject_id);
}

/** Works out which subjects the links and decisions known then had joined: all links that connected them, in their order. */
async function subjectsThen(
  models: ReadModels,
  subjectId: string,
  position: number,
  decisions: readonly IdentityDecision[],
): Promise<KnownSubjects> {
  const { subjects, links } = await connectedSubjects(models, [subjectId], position);
  const known = decisionsKnownAt(decisions, position);
  const { customerOf, customers } = customersDecided(subjects, links, known, RESOLUTION_RULES);
  const customerId = customerOf.get(subjectId) ?? subjectId;
  const subjectIds = customers.find((customer) => customer.customerId === customerId)?.subjects ?? [subjectId];
  return { customerId, subjectIds };
}

/** Subjects, and the links of touchpoints among them. */
export interface ConnectedSubjects {
  readonly subjects: readonly KnownSubject[];
  readonly links: readonly StatedLink[];
}

/** All subjects that links known at a position lead to, also rejected and revoked ones and those of merges, with the links of touchpoints among them. */
export async function connectedSubjects(
  models: ReadModels,
  subjectIds: readonly string[],
  position: number,
): Promise<ConnectedSubjects> {
  const subjects = await models.query<{ subject_id: string; namespace: string; first_position: number }>(
    `WITH RECURSIVE reached(subject_id) AS (
       SELECT id COLLATE "C" FROM unnest($1::text[]) AS named(id)
        UNION
       SELECT next.subject_id
         FROM reached
        CROSS JOIN LATERAL (
          SELECT b AS subject_id FROM links WHERE a = reached.subject_id AND position <= $2::bigint
           UNION ALL
          SELECT a AS subject_id FROM links WHERE b = reached.subject_id AND position <= $2::bigint
        ) next
     )
     SELECT s.subject_id, s.namespace, s.first_position FROM reached JOIN subjects s USING (subject_id)`,
    [subjectIds, position],
  );
  const links = await models.query<{
    a: string;
    b: string;
    occurred_at: unknown;
    source: string;
    event_id: string;
    origin: CustomerLink['origin'];
    position: number;
  }>(
    `SELECT a, b, occurred_at, source, event_id, origin, position FROM links
      WHERE a = ANY($1::text[]) AND position <= $2::bigint AND origin <> 'operator'`,
    [subjects.map((row) => row.subject_id), position],
  );
  return {
    subjects: subjects.map((row): KnownSubject => ({
      subjectId: row.subject_id,
      namespace: row.namespace,
      firstPosition: row.first_position,
    })),
    links: links.map((row): StatedLink => ({
      a: row.a,
      b: row.b,
      occurredAt: instantOf(row.occurred_at),
      source: row.source,
      id: row.event_id,
      origin: row.origin,
      position: row.position,
    })),
  };
}
