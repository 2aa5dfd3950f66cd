import type { Instant } from '#contracts';
import type { Transaction } from '#database';
import { instantText } from '#database';
import { arrayText } from '#database';
import type { Writer } from '#database';

/** Marks customers whose profiles may have changed, to be told. In the order of their ids, so that two writers never cross. */
export async function markCustomers(writes: Writer, customerIds: readonly string[], now: Instant): Promise<void> {
  if (customerIds.length === 0) return;
  await writes.query(
    `INSERT INTO perennial.customer_changes (customer_id, changed_at) SELECT id, $2::timestamptz FROM unnest($1::text[]) AS c(id)
     ON CONFLICT (customer_id) DO UPDATE SET revision = nextval('perennial.customer_revisions'), changed_at = EXCLUDED.changed_at`,
    [arrayText([...customerIds].sort()), instantText(now)],
  );
}

/** Marks everybody of the version on the search path, and everybody of whom something was told: another version may know otherwise. */
export async function markAllCustomers(tx: Transaction, now: Instant): Promise<void> {
  await tx.query(
    `INSERT INTO perennial.customer_changes (customer_id, changed_at)
     SELECT customer_id, $1::timestamptz FROM (
       SELECT customer_id FROM customers UNION SELECT customer_id FROM perennial.customers_published WHERE hash IS NOT NULL) everybody
      ORDER BY customer_id
     ON CONFLICT (customer_id) DO UPDATE SET revision = nextval('perennial.customer_revisions'), changed_at = EXCLUDED.changed_at`,
    [instantText(now)],
  );
}
