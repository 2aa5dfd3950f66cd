import type { ReadModels } from './read-models.js';

/** A customer as she was known at a position: her id then, and her subjects then. */
export interface KnownSubjects {
  readonly customerId: string;
  /** Empty where nothing was known of her yet. */
  readonly subjectIds: readonly string[];
}

/**
 * The customer to whom a subject belonged by the links known at a position of the log; null for a subject that is not
 * known even now.
 */
export async function subjectsKnownBy(
  models: ReadModels,
  subjectId: string,
  position: number,
): Promise<KnownSubjects | null> {
  const [named] = await models.query<{ customer_id: string; first_position: number }>(
    'SELECT customer_id, first_position FROM subjects WHERE subject_id = $1::text',
    [subjectId],
  );
  if (named === undefined) return null;
  if (position >= models.position) {
    const rows = await models.query<{ subject_id: string }>(
      'SELECT subject_id FROM subjects WHERE customer_id = $1::text ORDER BY subject_id',
      [named.customer_id],
    );
    return { customerId: named.customer_id, subjectIds: rows.map((row) => row.subject_id) };
  }
  throw new Error('TODO');
}
