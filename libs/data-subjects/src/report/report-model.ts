import { parseInstant, type Instant } from '#contracts';
import type { PurposeRule, RetentionRule } from '#lifecycle';
import type { SubjectRequest } from '#privacy';
import type { AnswerRow } from '#queries';
import type { OwnIdentifier } from '../package/own-person.js';
import type { PersonEvent } from '../package/person-events.js';
import type { OpeningOfPerson, Recipient } from '../package/surroundings.js';

/** How many events of a source there are, from when to when. */
export interface SourceOfPerson {
  readonly source: string;
  events: number;
  first: string;
  last: string;
}

/** The newest rows of a file, at most `ROWS_SHOWN`, and how many there are in all. */
export interface Noted<T> {
  readonly rows: T[];
  total: number;
}

/** What the report shows: filled while the files are written. */
export interface ReportModel {
  readonly request: SubjectRequest;
  readonly made: Instant;
  identifiers: readonly OwnIdentifier[];
  /** All events, in every role. */
  events: number;
  /** Values of other people that were left sealed, or taken out. */
  withheld: number;
  firstAt: Instant | null;
  readonly byRole: Map<string, number>;
  readonly sources: SourceOfPerson[];
  /** The newest events, at most `EVENTS_SHOWN`. */
  readonly newest: PersonEvent[];
  figures: AnswerRow;
  readonly stages: Noted<AnswerRow>;
  readonly orders: Noted<AnswerRow>;
  readonly consents: Noted<AnswerRow>;
  readonly actions: Noted<AnswerRow>;
  readonly openings: Noted<OpeningOfPerson>;
  recipients: readonly Recipient[];
  purposes: readonly PurposeRule[];
  keepOpenings: string;
  retention: readonly RetentionRule[];
}

export const EVENTS_SHOWN = 300;
export const ROWS_SHOWN = 500;

export const noted = <T>(): Noted<T> => ({ rows: [], total: 0 });

export function note<T>(noted: Noted<T>, row: T): void {
  noted.total += 1;
  noted.rows.push(row);
  if (noted.rows.length > ROWS_SHOWN) noted.rows.shift();
}

export const emptyReport = (request: SubjectRequest, made: Instant): ReportModel => ({
  ...{ request, made, identifiers: [], events: 0, withheld: 0, firstAt: null, byRole: new Map(), sources: [] },
  ...{ newest: [], figures: {}, recipients: [] },
  ...{ stages: noted(), orders: noted(), consents: noted(), actions: noted(), openings: noted() },
  ...{ purposes: [], keepOpenings: '', retention: [] },
});

export function noteEvent(report: ReportModel, event: PersonEvent): void {
  report.events += 1;
  report.withheld += event.withheld;
  report.byRole.set(event.role, (report.byRole.get(event.role) ?? 0) + 1);
  const at = parseInstant(event.occurredAt);
  if (at !== null) report.firstAt = Math.min(report.firstAt ?? at, at);
  const source = sourceOf(event);
  const known = report.sources.find((each) => each.source === source);
  if (known === undefined) report.sources.push({ source, events: 1, first: event.occurredAt, last: event.occurredAt });
  else {
    known.events += 1;
    if (event.occurredAt < known.first) known.first = event.occurredAt;
    if (event.occurredAt > known.last) known.last = event.occurredAt;
  }
  report.newest.push(event);
  if (report.newest.length > EVENTS_SHOWN) report.newest.shift();
}

/** A quarantined event is recorded by the engine; the source that sent it stands in its data. */
function sourceOf({ role, source, data }: PersonEvent): string {
  const named = (data as { readonly source?: unknown } | null)?.source;
  return role === 'quarantined' && typeof named === 'string' ? named : source;
}
