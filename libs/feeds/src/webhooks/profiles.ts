import { arrayText, type Queryable } from '#database';
import type { PublishedProfile } from '../outbox-message.js';
import { liveSchema } from '#projections/schema';
import { erasedCondition, profileChangeOf, type ProfileChange, type ProfileRow } from '../relay/profiles.js';
import type { PendingMessage } from './fan-out.js';

/** A customer's profile, and the pending message whose place in the order it takes. */
export interface PendingProfile {
  readonly pending: PendingMessage;
  readonly message: PublishedProfile;
}

/**
 * The current profiles of these customers that differ from the profile last delivered by webhook; records them as delivered. However often a
 * customer was marked, one profile is delivered, in the place of the last mark and under the newest revision.
 */
export async function changedProfiles(tx: Queryable, pending: readonly PendingMessage[]): Promise<PendingProfile[]> {
  const newest = new Map(pending.map((each) => [each.customer_id, each]));
  const changed = (await readProfiles(tx, [...newest.values()])).filter(
    ({ hash, publishedHash }) => hash !== publishedHash,
  );
  await tx.query(
    `INSERT INTO perennial_webhooks.profiles_delivered (customer_id, hash)
     SELECT customer_id, nullif(hash, '') FROM unnest($1::text[], $2::text[]) AS r(customer_id, hash)
     ON CONFLICT (customer_id) DO UPDATE SET hash = EXCLUDED.hash`,
    [arrayText(changed.map(({ message }) => message.customerId)), arrayText(changed.map(({ hash }) => hash ?? ''))],
  );
  return inPlaceOf(newest, changed);
}

/** The current profiles of these customers, whether or not they were delivered before; records nothing. */
export async function currentProfiles(tx: Queryable, pending: readonly PendingMessage[]): Promise<PendingProfile[]> {
  return inPlaceOf(new Map(pending.map((each) => [each.customer_id, each])), await readProfiles(tx, pending));
}

async function readProfiles(tx: Queryable, pending: readonly PendingMessage[]): Promise<ProfileChange[]> {
  const live = pending.length === 0 ? null : await liveSchema(tx);
  if (live === null) return [];
  const rows = await tx.query<ProfileRow>(
    `SELECT w.customer_id, greatest(w.number, m.revision, c.revision) AS revision, coalesce(m.changed_at, c.published_at, now()) AS changed_at,
            to_jsonb(k) AS row, ${erasedCondition(live)} AS erased, t.hash AS published_hash
       FROM unnest($1::text[], $2::bigint[]) AS w(customer_id, number)
       LEFT JOIN ${live}.customers k ON k.customer_id = w.customer_id
       LEFT JOIN perennial.customer_changes m ON m.customer_id = w.customer_id
       LEFT JOIN perennial.customers_published c ON c.customer_id = w.customer_id
       LEFT JOIN perennial_webhooks.profiles_delivered t ON t.customer_id = w.customer_id`,
    [arrayText(pending.map((each) => each.customer_id)), arrayText(pending.map((each) => each.number))],
  );
  return rows.map(profileChangeOf);
}

const inPlaceOf = (pending: ReadonlyMap<string, PendingMessage>, changes: readonly ProfileChange[]): PendingProfile[] =>
  changes.flatMap(({ message }) => {
    const each = pending.get(message.customerId);
    return each === undefined ? [] : [{ pending: each, message }];
  });
