import { NAMESPACES } from '#contracts';
import type { QueryContext } from '../running/query.js';
import type { ReadModels } from './read-models.js';

/** An identifier of a customer, still sealed. */
export interface KnownIdentifier {
  readonly customerId: string;
  readonly subjectId: string;
  readonly namespace: string;
  /** Null once erased. */
  readonly sealed: string | null;
}

/** The strongest identifier of each customer, of all or of one namespace: by namespace, then the one seen first in the log. */
export async function strongestIdentifiers(
  models: ReadModels,
  customerIds: readonly string[],
  namespace: string | null = null,
): Promise<readonly KnownIdentifier[]> {
  if (customerIds.length === 0) return [];
  return models.query<KnownIdentifier & Record<string, unknown>>(
    `SELECT DISTINCT ON (customer_id)
            customer_id AS "customerId", subject_id AS "subjectId", namespace, sealed
       FROM subjects
      WHERE customer_id = ANY($1::text[]) AND ($3::text IS NULL OR namespace = $3::text)
      ORDER BY customer_id, COALESCE(array_position($2::text[], namespace), 1000), namespace COLLATE "C", first_position`,
    [customerIds, NAMESPACES, namespace],
  );
}

/**
 * The rows of a page with each customer's strongest identifier; all null for a caller who may not see them. Only identifiers of customers that the page
 * shows are opened. The query names the column `identifier` among those that it opens.
 */
export async function withIdentifiers<R extends { readonly customerId: string }>(
  context: QueryContext,
  rows: readonly R[],
  identifiers: readonly KnownIdentifier[],
): Promise<readonly (R & { readonly identifier: string | null })[]> {
  const shown = new Set(rows.map(({ customerId }) => customerId));
  const wanted = identifiers.filter(({ customerId }) => shown.has(customerId));
  const values = await context.personalData.open(wanted);
  const byCustomer = new Map(wanted.map(({ customerId }, index) => [customerId, values[index] ?? null]));
  return rows.map((row) => ({ ...row, identifier: byCustomer.get(row.customerId) ?? null }));
}

/** The `identifier` column: the same words in every answer that has it. */
export const IDENTIFIER_COLUMN = {
  name: 'identifier',
  type: 'text',
  nullable: true,
  description: "value of the customer's strongest identifier; null without a purpose that is granted, or once erased",
} as const;
