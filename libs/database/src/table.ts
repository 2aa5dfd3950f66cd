/** The types that our columns have. Instants are `timestamptz(3)`; JSON is written as text and cast. */
export type ColumnType = 'text' | 'int' | 'bigint' | 'boolean' | 'date' | 'timestamptz' | 'jsonb';

/**
 * A table of a read model: its SQL, and what the writers need to know of it. The SQL is the document; the columns
 * repeat its names and types so that rows can be written by UNNEST and COPY without asking the database.
 */
export interface Table {
  readonly name: string;
  /** Numbered: `001`, `002`, … A read model's tables are made again with each version, all numbers in order. */
  readonly migrations: readonly string[];
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly key: readonly string[];
  /**
   * The columns that mean something: what the digest covers. No positions, no ids that depend on arrival;
   * `customer_id` is read as the customer's `digest_id`. Empty: the table is no part of the digest.
   */
  readonly semantic: readonly string[];
  /** Where the digest takes its rows from, when not all rows of the table mean something: a query. */
  readonly semanticRows?: string;
}
