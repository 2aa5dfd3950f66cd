import type { Queryable } from '#database';
import { liveSchema } from '#projections/schema';

/** The subjects of one customer. */
export interface CustomerSubjects {
  readonly customerId: string;
  readonly subjectIds: readonly string[];
}

/** Customers, and the position of the log up to which the read models know them. */
export interface FoundCustomers {
  readonly customers: readonly CustomerSubjects[];
  readonly position: number;
}

/** Finds the customers that subjects belong to, in the read models. */
export class CustomersBySubject {
  constructor(private readonly database: Pick<Queryable, 'query'>) {}

  /** The customers that these subjects belong to, each with all its subjects. A customerId is the id of a subject too. */
  async find(subjectIds: readonly string[]): Promise<FoundCustomers> {
    const schema = await liveSchema(this.database);
    if (schema === null) return { customers: [], position: 0 };
    const [checkpoint] = await this.database.query<{ position: number }>(`SELECT position FROM ${schema}.checkpoint`);
    const rows = await this.database.query<{ customer_id: string; subject_id: string }>(
      `SELECT customer_id, subject_id FROM ${schema}.subjects
        WHERE customer_id IN (SELECT customer_id FROM ${schema}.subjects WHERE subject_id = ANY($1::text[]))
        ORDER BY customer_id, subject_id`,
      [subjectIds],
    );
    const customers = new Map<string, string[]>();
    for (const { customer_id: customerId, subject_id: subjectId } of rows) {
      const known = customers.get(customerId);
      if (known === undefined) customers.set(customerId, [subjectId]);
      else known.push(subjectId);
    }
    return {
      customers: [...customers].map(([customerId, ids]) => ({ customerId, subjectIds: ids })),
      position: Number(checkpoint?.position ?? 0),
    };
  }
}
