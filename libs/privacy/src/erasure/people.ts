import type { Queryable } from '#database';
import { liveSchema } from '#projections/schema';

/** The subjects of one customer, as far as the log was read. */
export interface Person {
  readonly customerId: string;
  readonly subjectIds: readonly string[];
  /** How much of the log this rests on. */
  readonly position: number;
}

/** Who a subject belongs to, and who else: asked of the read models, which derive it. */
export class People {
  constructor(private readonly database: Pick<Queryable, 'query'>) {}

  /** The customers to whom these subjects belong; a customerId is the id of a subject too. */
  async of(subjectIds: readonly string[]): Promise<{ readonly people: Person[]; readonly position: number }> {
    const schema = await liveSchema(this.database);
    if (schema === null) return { people: [], position: 0 };
    const [checkpoint] = await this.database.query<{ position: number }>(`SELECT position FROM ${schema}.checkpoint`);
    const rows = await this.database.query<{ customer_id: string; subject_id: string }>(
      `SELECT customer_id, subject_id FROM ${schema}.subjects
        WHERE customer_id IN (SELECT customer_id FROM ${schema}.subjects WHERE subject_id = ANY($1::text[]))
        ORDER BY customer_id, subject_id`,
      [subjectIds],
    );
    const position = Number(checkpoint?.position ?? 0);
    const people = new Map<string, string[]>();
    for (const { customer_id: customerId, subject_id: subjectId } of rows) {
      const known = people.get(customerId);
      if (known === undefined) people.set(customerId, [subjectId]);
      else known.push(subjectId);
    }
    return { people: [...people].map(([customerId, ids]) => ({ customerId, subjectIds: ids, position })), position };
  }

  /** Ids of the open quarantined events that were quarantined for this reason, oldest first. */
  async openQuarantined(code: string, limit: number): Promise<string[]> {
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
