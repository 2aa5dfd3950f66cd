import type { Queryable } from '#database';
import { liveSchema } from '#projections/schema';

/** Which open events are meant: those for which all that is given holds. */
export interface QuarantineSelection {
  readonly code?: string;
  readonly source?: string;
  readonly file?: string;
}

/** The list of open quarantined events, from the read models. */
export class OpenQuarantined {
  constructor(
    /** Null in a process without read models. */
    private readonly database: Pick<Queryable, 'query'> | null,
  ) {}

  /** Ids of the open events of a selection after a position, oldest first. Null in a process without read models. */
  async list(
    { code, source, file }: QuarantineSelection,
    after: number,
    limit: number,
  ): Promise<readonly { readonly id: string; readonly position: number }[] | null> {
    if (this.database === null) return null;
    const schema = await liveSchema(this.database);
    if (schema === null) return [];
    return this.database.query<{ id: string; position: number }>(
      `SELECT quarantine_id AS id, position FROM ${schema}.quarantine
        WHERE status = 'open' AND position > $1 AND ($2::text IS NULL OR code = $2) AND ($3::text IS NULL OR source = $3)
          AND ($4::text IS NULL OR file = $4)
        ORDER BY position LIMIT $5`,
      [after, code ?? null, source ?? null, file ?? null, limit],
    );
  }
}
