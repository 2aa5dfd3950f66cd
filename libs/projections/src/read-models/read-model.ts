import type { Instant } from '#contracts';
import type { Row, Table } from '#database';
import type { Happened } from './segments/known-segments.js';
import type { Booking, CustomerView, Discrepancy, EventRef, StagePeriod } from '#lifecycle';

/** The result of folding one customer: what a read model derives its rows from. */
export interface FoldedView {
  readonly customerId: string;
  /** The smallest of the customer's subject ids: it stands for the customer in digests. */
  readonly digestId: string;
  readonly subjectIds: readonly string[];
  readonly view: CustomerView;
  /** From the stage period that was open where the fold began; all of them when it began at the first event. */
  readonly stagePeriods: readonly StagePeriod[];
  /** Booked by the events that were folded, and by those in `rebooked`. */
  readonly bookings: readonly Booking[];
  /** What does not add up about these events. */
  readonly discrepancies: readonly Discrepancy[];
  /** True when the fold began at the first event: it replaces every row of the customer. */
  readonly whole: boolean;
  /** The events that were folded: their earlier rows are replaced. */
  readonly refolded: readonly FoldedEvent[];
  /** Events before the fold began whose rows are replaced: their order came to be known. */
  readonly rebooked: readonly EventRef[];
  /** The instant of the customer's first event that still lies in the future; null without one. */
  readonly waitingUntil: number | null;
  /** The fold covers the log up to this position. */
  readonly position: number;
  /** What the events that were folded mean to conditions of segments. */
  readonly happened: readonly Happened[];
  /** The segments that they belong to; absent where no segment is defined, or none was judged yet. */
  readonly segments?: JudgedSegments;
}

/** An event that was folded: when it happened, and where it stands in the log. */
export interface FoldedEvent extends EventRef {
  readonly position: number;
  readonly occurredAt: Instant;
}

/** The segments that a customer belongs to after a fold. */
export interface JudgedSegments {
  readonly members: readonly string[];
  /** Those of them that the tables do not have yet, and those that the tables still have. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** The next instant at which time alone can change one of them; null for never. */
  readonly nextAt: Instant | null;
  /** Who entered and who left, in order: also those that ended as they began. */
  readonly changes: readonly SegmentChange[];
}

/** A customer entered a segment or left it. */
export interface SegmentChange {
  readonly segmentId: string;
  readonly kind: 'entered' | 'left';
  readonly at: Instant;
  readonly cause: SegmentCause;
}

/**
 * Why a customer entered a segment or left it: an event, the mere passing of time, a definition or removal of the segment, a policy, a merge
 * or unmerge of customers, an erasure or a restriction of processing, or read models that were built again.
 */
export interface SegmentCause {
  readonly kind: 'event' | 'time' | 'definition' | 'removal' | 'policy' | 'merge' | 'unmerge' | 'privacy' | 'rebuild';
  /** The events that were new, the last ones of many; empty for any other kind. */
  readonly events: readonly EventRef[];
}

/**
 * A read model of customers: a table, and a pure function from a fold to its rows. The shape says which rows a new fold
 * replaces; reading, writing, comparing, rebuilding and digesting are the same for all.
 */
export type CustomerReadModel =
  /** One row per customer. */
  | { readonly shape: 'row'; readonly table: Table; readonly row: (folded: FoldedView) => Row }
  /**
   * Numbered rows (`seq`) that follow the stage periods: `rows` gives at most one for each of `folded.stagePeriods`. Rows with a
   * lower `seq` than the first of these stage periods stay as they are.
   */
  | { readonly shape: 'sequence'; readonly table: Table; readonly rows: (folded: FoldedView) => Row[] }
  /** Rows that belong to single events: the columns `source` and `event_id` name the event. */
  | {
      readonly shape: 'by-event';
      readonly table: Table;
      readonly rows: (folded: FoldedView) => Row[];
      /** Rows of events that are booked again stay as they are. */
      readonly keepsRebooked?: true;
    }
  /** Rows that a customer has or has not: `added` and `removed` are those that a fold changes. */
  | {
      readonly shape: 'set';
      readonly table: Table;
      readonly rows: (folded: FoldedView) => Row[];
      readonly added: (folded: FoldedView) => Row[];
      readonly removed: (folded: FoldedView) => Row[];
    }
  /** Sums over the stage periods of all customers, by day: what one stage period adds in a time zone. It is subtracted when the period changes. */
  | {
      readonly shape: 'sum';
      readonly table: Table;
      readonly sums: readonly string[];
      readonly of: (period: Row, timeZone: string) => Row[];
    };

/** A time zone whose days are counted. */
export interface DayZone {
  readonly timeZone: string;
  /** The customers up to this id are counted; null once all are. */
  readonly countedTo: string | null;
}
