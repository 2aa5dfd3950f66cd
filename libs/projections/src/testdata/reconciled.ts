import type { Database } from '#database';
import { liveSchema } from '../schema.js';

/** The changes that are held of each customer, sorted; customers without any are left out. */
export type Held = ReadonlyMap<string, readonly string[]>;

/**
 * What a consumer of the stage changes holds in the end: what entered or left and was not retracted. It applies the messages of a customer in the order of their numbers.
 *
 * @throws Error where a retraction names a message that the consumer does not hold
 */
export async function heldByConsumer(database: Database): Promise<Held> {
  const held = new Map<string, Map<number, string>>();
  const rows = await database.query<Record<string, string | number>>(
    'SELECT * FROM perennial.published ORDER BY customer_id, publication',
  );
  for (const row of rows) {
    const id = String(row['customer_id']);
    const messages = held.get(id) ?? new Map<number, string>();
    held.set(id, messages);
    if (row['kind'] !== 'retracted') {
      messages.set(Number(row['publication']), `${row['kind']} ${row['cycle']} ${row['phase']} ${row['at']}`);
      continue;
    }
    if (!messages.delete(Number(row['retracts'])))
      throw new Error(`Message ${row['publication']} of ${id} retracts ${row['retracts']}, which is not held.`);
  }
  return sorted([...held].map(([id, messages]) => [id, [...messages.values()]]));
}

/** What the live read models say of the same customers. */
export async function heldByTables(database: Database): Promise<Held> {
  const held = new Map<string, string[]>();
  const periods = await database.query<Record<string, string | number | null>>(
    `SELECT * FROM ${await liveSchema(database)}.stage_periods ORDER BY customer_id, seq`,
  );
  for (const row of periods) {
    const list = held.get(String(row['customer_id'])) ?? [];
    held.set(String(row['customer_id']), list);
    list.push(`entered ${row['cycle']} ${row['phase']} ${row['entered_at']}`);
    if (row['left_at'] !== null) list.push(`left ${row['cycle']} ${row['phase']} ${row['left_at']}`);
  }
  return sorted([...held]);
}

const sorted = (held: readonly (readonly [string, readonly string[]])[]): Held =>
  new Map(
    held
      .filter(([, list]) => list.length > 0)
      .map(([id, list]) => [id, [...list].sort()] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );
