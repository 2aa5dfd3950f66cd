import type { Queryable } from '#database';

/** Where the version of the read models that is live has its tables; null where there is none yet. */
export async function liveSchema(on: Queryable): Promise<string | null> {
  const [live] = await on.query<{ schema_name: string }>(
    `SELECT schema_name FROM perennial.versions WHERE status = 'live'`,
  );
  return live?.schema_name ?? null;
}
