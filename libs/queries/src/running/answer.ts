import { formatInstant, type Instant } from '#contracts';
import type { PersonalDataState } from '#platform';
import type { Provisional } from '../reading/provisional.js';
import type { AnswerRow, Column } from './query.js';

/** An answer as it leaves: rows hold what JSON holds, instants are RFC 3339. */
export interface Answer {
  readonly query: string;
  readonly columns: readonly Column[];
  readonly rows: readonly AnswerRow[];
  /** The cursor of the next page; null at the end. */
  readonly nextCursor: string | null;
  readonly meta: AnswerMeta;
}

/** What the answer rests on: the same query with these values gives the same answer. */
export interface AnswerMeta {
  readonly asOf: string;
  readonly knownAt: string | null;
  readonly position: number;
  /** The zone in which days are reckoned and dates were read. */
  readonly timeZone: string;
  /** The currency of that policy; null where it names none. */
  readonly currency: string | null;
  /** Of a population: the policy in force now. Of one customer: that in force at as-of, as known at known-at. */
  readonly policyVersion: string;
  /** False while something that the answer rests on is still being counted: the same query gives more later. */
  readonly complete: boolean;
  /** Set where a source that closes its books has not closed the last day of the answer: the figures may still change. */
  readonly provisional?: Provisional;
  /** Of a query that can show personal data: whether it does, and why not. */
  readonly personalData?: PersonalDataState;
}

/** Puts a row into the shape that its columns promise, and nothing beside. */
export function present(columns: readonly Column[], row: AnswerRow): AnswerRow {
  const presented: Record<string, unknown> = {};
  for (const { name, type } of columns) {
    const value = row[name] ?? null;
    presented[name] = type === 'instant' && value !== null ? formatInstant(instantOf(value)) : value;
  }
  return presented;
}

/**
 * A fold's own JSON holds instants in milliseconds: `dueAt`, `since`, … Readers get them as text. Never applied to data that a
 * source sent: it is shown as recorded.
 */
export function withInstants(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withInstants);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, part]: [string, unknown]) => [
      key,
      typeof part === 'number' && INSTANT.test(key) ? formatInstant(part) : withInstants(part),
    ]),
  );
}

const INSTANT = /^(?:at|since|until|\w+(?:At|Until))$/;

/** An instant as a store gives it: milliseconds, a Date, or text. */
export function instantOf(value: unknown): Instant {
  if (typeof value === 'number') return value;
  if (value instanceof Date) return value.getTime();
  return new Date(String(value)).getTime();
}
