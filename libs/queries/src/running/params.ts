import {
  documentReader,
  parseInstant,
  pointerTo,
  type DocumentReader,
  type Instant,
  type JsonSchema,
  type ValidationIssue,
} from '#contracts';
import type { QueryDefinition } from './query.js';
import { QueryRejected } from './query-rejected.js';
import { declareStandardParams, STANDARD_PARAMS } from './standard-params.js';

/** A class whose decorated fields are the parameters of a query: kebab-case, in the query string and on the command line alike. */
export type ParamsClass<P extends object> = new () => P;

/** The parameters of a query that has none of its own. */
export class NoParams {}

/** Parameters as they arrive: text from a query string or the command line, an array where one is repeated. */
export type RawParams = Readonly<Record<string, unknown>>;

/** How a date without a time becomes an instant: by the time zone of the business. */
export type StartOfDay = (day: string) => Instant;

type Query = Pick<QueryDefinition, 'params' | 'time' | 'paged' | 'days' | 'narrows'>;

const READERS = new WeakMap<Query, DocumentReader<Readonly<Record<string, unknown>>>>();

/** Reads all parameters of a query: its own, then those of brand, time and paging. Compiled once for each query. */
function readerOf(query: Query): DocumentReader<Readonly<Record<string, unknown>>> {
  const known = READERS.get(query);
  if (known !== undefined) return known;
  class AllParams extends (query.params as ParamsClass<Record<string, unknown>>) {}
  declareStandardParams(AllParams.prototype, query);
  const reader = documentReader(AllParams, { texts: {} });
  READERS.set(query, reader);
  return reader;
}

/**
 * The JSON Schema of each parameter of a query, by its name: for OpenAPI and for the options of the command line. The query's own
 * parameters come first.
 */
export function paramSchemas(query: Query): Readonly<Record<string, JsonSchema>> {
  const properties = (readerOf(query).schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
  const isStandard = (name: string): number => Number(STANDARD_PARAMS.includes(name));
  return Object.fromEntries(Object.entries(properties).sort(([a], [b]) => isStandard(a) - isStandard(b)));
}

/** Whether a parameter is an instant. */
export const isInstantParam = (schema: JsonSchema): boolean => Array.isArray(schema['anyOf']);

const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** Whether the text of an instant is a date alone. */
export const isDay = (text: string): boolean => DAY.test(text);

/** The bounds keep arithmetic on instants away from the ends of what stores and calendar hold. */
const EARLIEST = Date.UTC(1800, 0, 1);
const LATEST = Date.UTC(9000, 0, 1);

/**
 * Checks the given parameters against those of the query. All issues are reported at once, each with a hint. A parameter that was
 * not given and has no default is null.
 * @throws QueryRejected `invalid-query`
 */
export function parseParams(query: Query, raw: RawParams, startOfDay: StartOfDay): Readonly<Record<string, unknown>> {
  const reading = readerOf(query).read(raw);
  if (!reading.ok) throw new QueryRejected('invalid-query', reading.errors);
  const issues: ValidationIssue[] = [];
  const values: Record<string, unknown> = { ...reading.value };
  for (const [name, schema] of Object.entries(paramSchemas(query))) {
    const text = values[name];
    if (typeof text !== 'string' || !(isInstantParam(schema) || schema['format'] === 'date')) continue;
    const utc = parseInstant(DAY.test(text) ? `${text}T00:00:00Z` : text) ?? NaN;
    if (!(utc >= EARLIEST && utc < LATEST))
      issues.push({
        pointer: pointerTo(name),
        detail: 'must lie in the years 1800 to 8999',
        hint: 'give a year from 1800 to 8999',
      });
    else if (isInstantParam(schema)) values[name] = DAY.test(text) ? startOfDay(text) : utc;
  }
  if (issues.length > 0) throw new QueryRejected('invalid-query', issues);
  return values;
}

/** A client's text as an answer may repeat it: short, and free of control characters. */
export function printable(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text;

  return JSON.stringify(cut.toWellFormed().replace(/[\u0000-\u001f\u007f]/g, '�'));
}
