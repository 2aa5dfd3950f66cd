import type { Queryable } from '#database';
import { erased, markedOf, type ProfileRow, type Marked } from '../relay/customers.js';
import { liveSchema } from '../relay/live-schema.js';
import { list } from '../relay/stage-changes.js';
import type { SaidCustomer } from '../published.js';
import type { Word } from './fan-out.js';

interface PublishedProfile {
  readonly word: Word;
  readonly said: SaidCustomer;
}

/**
 * The profiles, as they are now, of customers who were marked, and which differ from what was last told by webhook. However often they were marked,
 * a customer is told once, where they were marked last; and under the newest revision that there is, since that is what is told.
 */
export async function changedProfiles(tx: Queryable, words: readonly Word[]): Promise<PublishedProfile[]> {
  const newest = new Map(words.map((word) => [word.customer_id, word]));
  const changed = (await profilesOf(tx, [...newest.values()])).filter(({ hash, toldHash }) => hash !== toldHash);
  await tx.query(
    `INSERT INTO perennial_webhooks.dossiers_told (customer_id, hash)
     SELECT customer_id, nullif(hash, '') FROM unnest($1::text[], $2::text[]) AS r(customer_id, hash)
     ON CONFLICT (customer_id) DO UPDATE SET hash = EXCLUDED.hash`,
    [list(changed.map(({ said }) => said.customerId)), list(changed.map(({ hash }) => hash ?? ''))],
  );
  return told(changed, newest);
}

/** The profiles of these customers as they are now, whatever was told of them: nothing is noted. */
export async function unchangedProfiles(tx: Queryable, words: readonly Word[]): Promise<PublishedProfile[]> {
  return told(await profilesOf(tx, words), new Map(words.map((word) => [word.customer_id, word])));
}

async function profilesOf(tx: Queryable, words: readonly Word[]): Promise<Marked[]> {
  const live = words.length === 0 ? null : await liveSchema(tx);
  if (live === null) return [];
  const rows = await tx.query<ProfileRow>(
    `SELECT w.customer_id, greatest(w.number, m.revision, c.revision) AS revision, coalesce(m.changed_at, c.published_at, now()) AS changed_at,
            to_jsonb(k) AS row, ${erased(live)} AS erased, t.hash AS told_hash
       FROM unnest($1::text[], $2::bigint[]) AS w(customer_id, number)
       LEFT JOIN ${live}.customers k ON k.customer_id = w.customer_id
       LEFT JOIN perennial.customer_changes m ON m.customer_id = w.customer_id
       LEFT JOIN perennial.customers_published c ON c.customer_id = w.customer_id
       LEFT JOIN perennial_webhooks.dossiers_told t ON t.customer_id = w.customer_id`,
    [list(words.map((word) => word.customer_id)), list(words.map((word) => String(word.number)))],
  );
  return rows.map(markedOf);
}

const told = (marked: readonly Marked[], words: ReadonlyMap<string, Word>): PublishedProfile[] =>
  marked.flatMap(({ said }) => {
    const word = words.get(said.customerId);
    return word === undefined ? [] : [{ word, said }];
  });
