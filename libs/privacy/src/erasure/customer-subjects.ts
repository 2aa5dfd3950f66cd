import type { Queryable } from '#database';
import { liveSchema } from '#projections/schema';

/** One subject of a customer. */
export interface KnownSubject {
  readonly subjectId: string;
  readonly namespace: string;
  /** The value of the identifier, sealed under the subject's key; null once erased. */
  readonly sealed: string | null;
}

/** The subjects of one customer. */
export interface CustomerSubjects {
  readonly customerId: string;
  readonly subjects: readonly KnownSubject[];
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
    const rows = await this.database.query<{
      customer_id: string;
      subject_id: string;
      namespace: string;
      sealed: string | null;
    }>(
      `SELECT customer_id, subject_id, namespace, sealed FROM ${schema}.subjects
        WHERE customer_id IN (SELECT customer_id FROM ${schema}.subjects WHERE subject_id = ANY($1::text[]))
        ORDER BY customer_id, subject_id`,
      [subjectIds],
    );
    const customers = new Map<string, KnownSubject[]>();
    for (const { customer_id: customerId, subject_id: subjectId, namespace, sealed } of rows) {
      const known = customers.get(customerId);
      const subject = { subjectId, namespace, sealed };
      if (known === undefined) customers.set(customerId, [subject]);
      else known.push(subject);
    }
    return {
      customers: [...customers].map(([customerId, subjects]) => ({ customerId, subjects })),
      position: Number(checkpoint?.position ?? 0),
    };
  }
}
