import type { Instant } from '#contracts';
import { arrayText, instantText, type Transaction, type Writer } from '#database';

const NEXT_REVISION = `revision = nextval('perennial.customer_revisions'), changed_at = EXCLUDED.changed_at`;

/** Marks customers whose profiles may have changed, for the relay to publish. In the order of their ids, so that two writers never deadlock. */
export async function markProfiles(writes: Writer, customerIds: readonly string[], now: Instant): Promise<void> {
  if (customerIds.length === 0) return;
  await writes.query(
    `INSERT INTO perennial.customer_changes (customer_id, changed_at) SELECT id, $2::timestamptz FROM unnest($1::text[]) AS c(id)
     ON CONFLICT (customer_id) DO UPDATE SET ${NEXT_REVISION}`,
    [arrayText([...customerIds].sort()), instantText(now)],
  );
}

/** Marks all customers of the version on the search path, and all with a published profile: an earlier version may have published another one. */
export async function markAllProfiles(tx: Transaction, now: Instant): Promise<void> {
  await tx.query(
    `INSERT INTO perennial.customer_changes (customer_id, changed_at)
     SELECT customer_id, $1::timestamptz FROM (
       SELECT customer_id FROM customers
       UNION SELECT customer_id FROM perennial.customers_published WHERE hash IS NOT NULL) every_customer
      ORDER BY customer_id
     ON CONFLICT (customer_id) DO UPDATE SET ${NEXT_REVISION}`,
    [instantText(now)],
  );
}
