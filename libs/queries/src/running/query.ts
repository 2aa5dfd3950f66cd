import type { Clock, OpeningRequest, Openings, Scope } from '#platform';
import type { EventLog } from '#event-log';
import type { Database } from '#database';
import type { StoreBytes } from '../reading/store-bytes.js';
import type { Instant } from '#contracts';
import type { BrandFilter } from '../reading/brands.js';
import type { Key } from './cursor.js';
import type { ParamsClass } from './params.js';
import type { PersonalData } from './personal-data.js';

/** The permission that a query needs. */
export type QueryPermission = 'read' | 'audit' | 'operate' | 'erase';

/** Everything that an answer is made of. */
export interface QueryContext {
  readonly database: Database;
  /** Read for the history of one customer only: populations are answered from the read models. */
  readonly log: EventLog;
  /** What is opened by it is recorded before the answer leaves. */
  readonly personalData: PersonalData;
  readonly clock: Clock;
  /** The size of the stores beside the read models; absent where it is not known. */
  readonly storeBytes?: () => StoreBytes;
  /** Whether a relay is configured (KAFKA_BROKERS): without one, what it would publish is no backlog. */
  readonly hasRelay?: boolean;
  /** Who records openings; without it nothing is opened. */
  readonly openings?: Openings;
  /** Who asks for personal data, and for which purpose; absent or null: sealed values stay closed. */
  readonly opening?: OpeningRequest | null;
  /** Whether the caller may know that a person was erased, and read what is left of their history. */
  readonly mayAudit: boolean;
  /** The brands whose data the caller may see; every brand where it is absent. A query that `narrows` by it shows nothing else. */
  readonly brands?: Scope;
}

/** How a column reads. `instant` is RFC 3339 in UTC, `day` a calendar day of the business's zone, money whole minor units. */
export interface Column {
  readonly name: string;
  readonly type: 'text' | 'integer' | 'number' | 'boolean' | 'instant' | 'day' | 'json';
  readonly description: string;
  readonly nullable?: true;
}

/** Inside a query instants are numbers; `present` turns them into text. */
export type AnswerRow = Readonly<Record<string, unknown>>;

export interface AnswerPage {
  readonly rows: readonly AnswerRow[];
  /** The key after which the next page begins, null at the end. */
  readonly next: Key | null;
  /** The log position that the answer rests on: everything up to it is in, nothing above. */
  readonly position: number;
  /** False while something that the answer rests on is still being counted. */
  readonly complete?: boolean;
}

/** A query's parsed parameters, its own and those of time and paging. */
export interface QueryRequest<P extends object> {
  readonly params: P;
  /** The instant that the query is about. */
  readonly asOf: Instant;
  /** Whether as-of was given: the read models then answer about the past. */
  readonly past: boolean;
  /** What was known then; null: all that is known now. */
  readonly knownAt: Instant | null;
  /**
   * The zone in which days are reckoned. Of a population: the one that was asked for, or else that of the policy in force now. Of one
   * customer: that of the policy in force at `asOf`, among those known at `knownAt`.
   */
  readonly timeZone: string;
  /** Rows after this key; null at the beginning. */
  readonly after: Key | null;
  /** The position that the first page rested on, where this is a later one. */
  readonly position: number | null;
  /** The brands that the answer is about. */
  readonly brands: BrandFilter;
  /** At most this many rows. */
  readonly limit: number;
}

/**
 * A query: one file in `queries/`, one line in its index, one route in the controller. Parameters, documentation and the command
 * line come from this definition.
 */
export interface QueryDefinition<P extends object = object> {
  /** Kebab-case; the same over HTTP and on the command line. */
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  readonly permission: QueryPermission;
  /** Its own parameters; those of time and paging are added by `time` and `paged`. */
  readonly params: ParamsClass<P>;
  /** Which of the two axes of time it takes: `as-of` alone, both, or neither. */
  readonly time: 'as-of' | 'as-of and known-at' | 'none';
  /** True for a query that reckons days although it takes no as-of. */
  readonly days?: true;
  /** Whether the answer comes in pages (`limit`, `cursor`). */
  readonly paged: boolean;
  readonly columns: readonly Column[];
  /**
   * Whether the answer can be limited to brands: it takes `brand`, and holds only what a caller that is limited to brands may see. Such a
   * caller is rejected by any other query.
   */
  readonly narrows?: 'brand';
  /** The columns that may hold personal data in the clear; without any, the query opens nothing. */
  readonly opens?: readonly string[];
  /** Those of `opens` that a request opens, where that depends on its parameters: no other one is on record as opened. */
  opensFor?(params: P): readonly string[];
  answer(context: QueryContext, request: QueryRequest<P>): Promise<AnswerPage>;
}

/** Infers the types of a query's parameters; changes nothing. */
export function query<P extends object>(definition: QueryDefinition<P>): QueryDefinition<P> {
  return definition;
}
