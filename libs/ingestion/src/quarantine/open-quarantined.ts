import type { Queryable } from '#database';
import { liveSchema } from '#projections/schema';

/** The list of open quarantined events, from the read models. */
export class OpenQuarantined {
  constructor(
    /** Null in a process without read models. */
    private readonly database: Pick<Queryable, 'query'> | null,
  ) {}

  /** Ids of the open events that were quarantined for this reason, oldest first. Null in a process without read models. */
  async ids(code: string, limit: number): Promise<readonly string[] | null> {
    if (this.database === null) return null;
    const schema = await liveSchema(this.database);
    if (schema === null) return [];
    const rows = await this.database.query<{ quarantine_id: string }>(
      `SELECT quarantine_id FROM ${schema}.quarantine
        WHERE status = 'open' AND code = $1 ORDER BY position LIMIT $2`,
      [code, limit],
    );
    return rows.map(({ quarantine_id: id }) => id);
  }
}
