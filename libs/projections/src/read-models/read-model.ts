import type { Booking, CustomerView, EventRef, StagePeriod } from '#lifecycle';
import type { Row } from '#database';
import type { Table } from '#database';

/** A customer as just folded: what a read model makes its rows of. */
export interface FoldedView {
  readonly customerId: string;
  /** The smallest of their subject ids: their name in digests. */
  readonly digestId: string;
  readonly subjectIds: readonly string[];
  readonly view: CustomerView;
  /** From the stage period on that was open where the fold began; all of them when it began at the beginning. */
  readonly stagePeriods: readonly StagePeriod[];
  /** Booked by the events that were folded. */
  readonly bookings: readonly Booking[];
  /** True when the fold began at the beginning: nothing that was written of them before stands. */
  readonly whole: boolean;
  /** The events that were folded: what they booked before is booked again. */
  readonly refolded: readonly EventRef[];
  /** The instant of them first event that still lies in the future. */
  readonly waitingUntil: number | null;
  /** All of the log up to this position is in it. */
  readonly position: number;
}

/**
 * A read model of customers: a table and a pure function from what was folded to its rows. The shape says which rows
 * a new fold replaces; reading, writing, comparing, rebuilding and digesting are the same for all.
 */
export type CustomerReadModel =
  /** One row a customer. */
  | { readonly shape: 'row'; readonly table: Table; readonly row: (folded: FoldedView) => Row }
  /**
   * Numbered rows (`seq`) that follow their stage periods: `rows` gives one for each of `folded.stage_periods`, or fewer; the rows below
   * the first of these stage periods stand as they are.
   */
  | { readonly shape: 'sequence'; readonly table: Table; readonly rows: (folded: FoldedView) => Row[] }
  /** Rows that belong to single events: columns `source` and `event_id` say to which. */
  | { readonly shape: 'by-event'; readonly table: Table; readonly rows: (folded: FoldedView) => Row[] }
  /** Sums over everybody's stage periods: what each stage period adds, and takes away again when it proves wrong. */
  | {
      readonly shape: 'sum';
      readonly table: Table;
      readonly sums: readonly string[];
      readonly of: (period: Row, dayOf: DayOf) => Row[];
    };

/** The day (`YYYY-MM-DD`) of an instant in the zone of a policy, by the policy's version. */
export type DayOf = (at: number, policyVersion: string) => string;
