import { currenciesWithDigits } from '#contracts';
import type { Key } from '../running/cursor.js';
import type { Where } from './where.js';

const inList = (codes: readonly string[]): string => codes.map((code) => `'${code}'`).join(', ');

/** Amounts of currencies with different minor units, made comparable; nothing is converted. */
const REVENUE = `CASE WHEN currency IN (${inList(currenciesWithDigits(0))}) THEN revenue_minor * 100
        WHEN currency IN (${inList(currenciesWithDigits(3))}) THEN revenue_minor / 10.0
        WHEN currency IN (${inList(currenciesWithDigits(4))}) THEN revenue_minor / 100.0
        ELSE revenue_minor END::numeric`;

interface Sort {
  /** What customers are ordered by, in SQL. */
  readonly sql: string;
  readonly type: 'numeric' | 'timestamptz';
  /** Which end comes first unless it is said otherwise. */
  readonly direction: 'asc' | 'desc';
}

/** What customers can be ordered by. Those without a value come last, and equal ones by their ids. */
export const CUSTOMER_SORTS = {
  revenue: { sql: REVENUE, type: 'numeric', direction: 'desc' },
  orders: { sql: 'orders::numeric', type: 'numeric', direction: 'desc' },
  lastPurchase: { sql: 'last_purchase_at', type: 'timestamptz', direction: 'desc' },
  lastSeen: { sql: 'last_seen_at', type: 'timestamptz', direction: 'desc' },
  firstSeen: { sql: 'first_seen_at', type: 'timestamptz', direction: 'asc' },
  entered: { sql: 'entered_at', type: 'timestamptz', direction: 'desc' },
  satisfaction: { sql: 'satisfaction_permille::numeric', type: 'numeric', direction: 'asc' },
  openCases: { sql: 'open_cases::numeric', type: 'numeric', direction: 'desc' },
  referrals: { sql: 'referrals_converted::numeric', type: 'numeric', direction: 'desc' },
  nextDue: { sql: 'next_due_at', type: 'timestamptz', direction: 'asc' },
} as const satisfies Readonly<Record<string, Sort>>;

export type CustomerSort = keyof typeof CUSTOMER_SORTS;

/** How customers are read in an order, a page at a time. */
export class CustomerOrder {
  private readonly sort: Sort | null;
  private readonly direction: 'asc' | 'desc';

  constructor(name: string | null, direction: string | null) {
    this.sort = name === null ? null : CUSTOMER_SORTS[name as CustomerSort];
    this.direction = direction === 'asc' || direction === 'desc' ? direction : (this.sort?.direction ?? 'asc');
  }

  /** A column with the value that customers are ordered by, as text: a key of a page holds it exactly. */
  get column(): string {
    return `(${this.sort?.sql ?? 'NULL'})::text AS "sortKey"`;
  }

  get orderBy(): string {
    const { sort, direction } = this;
    return sort === null ? `customer_id ${direction}` : `${sort.sql} ${direction} NULLS LAST, customer_id`;
  }

  /** Restricts to what comes after the last row of the page before. */
  after(where: Where, after: Key | null): void {
    if (after === null) return;
    const { sort, direction } = this;
    const [customerId, value] = after;
    const id = `${where.param(customerId)}::text`;
    const beyond = direction === 'asc' ? '>' : '<';
    if (sort === null) where.always(`customer_id ${beyond} ${id}`);
    else if (value === undefined) where.always(`${sort.sql} IS NULL AND customer_id > ${id}`);
    else {
      const last = `${where.param(value)}::${sort.type}`;
      where.always(
        `(${sort.sql} ${beyond} ${last} OR ${sort.sql} IS NULL OR (${sort.sql} = ${last} AND customer_id > ${id}))`,
      );
    }
  }

  /** The key of a row: its customer, and the value that it is ordered by where it has one. */
  static keyOf({ customerId, sortKey }: { readonly customerId: string; readonly sortKey: string | null }): Key {
    return sortKey === null ? [customerId] : [customerId, sortKey];
  }
}
