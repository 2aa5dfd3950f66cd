import {
  type Actor,
  ENVELOPE_SCHEMA,
  type JsonSchema,
  keysOf,
  likelyField,
  plainPointerStep,
  pointerTo,
  ROOT,
  type Role,
  validateEnvelope,
  type ValidationIssue,
} from '#contracts';
import { RECEIPT_SOURCE } from '#event-log';
import type { Sources } from '../sources/sources.js';
import { isRejectedLine } from './publisher.js';
import { compileSimpleReader } from './simple-reader.js';
import { completed, type CompletedDocument } from './source-defaults.js';
import { Rejection } from './rejection.js';

/** The sources of the events that the engine writes itself: no sender may use them. */
export const OWN_SOURCES = {
  receipts: RECEIPT_SOURCE,
  quarantine: 'perennial/quarantine',
  policies: 'perennial/policies',
  types: 'perennial/types',
  attributes: 'perennial/attributes',
  segments: 'perennial/segments',
  privacy: 'perennial/privacy',
  sources: 'perennial/sources',
  dataSubjects: 'perennial/data-subjects',
  identity: 'perennial/identity',
} as const;

const RESERVED = new Set<string>(Object.values(OWN_SOURCES));

/** Whether the engine itself uses a source by this name: no sender may. */
export const isReservedSource = (name: string): boolean => RESERVED.has(name) || isRejectedLine(name);

/** A document that satisfies the contract of the envelope. */
export interface Envelope {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly channel: string;
  readonly identifiers: readonly { readonly namespace: string; readonly value: string; readonly role?: Role }[];
  readonly data: unknown;
  readonly time?: unknown;
  readonly occurredAt?: unknown;
  readonly originalTimestamp?: unknown;
  readonly sentAt?: unknown;
  readonly actor?: Actor;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly schemaVersion?: number;
  readonly test?: boolean;
}

/** An envelope that was checked. */
export interface CheckedEnvelope {
  readonly envelope: Envelope;
  /** Fields beyond the contract: they are kept and sealed, since they may hold personal data. Null where there are none. */
  readonly others: Readonly<Record<string, unknown>> | null;
  /** Fields of identifiers and actor beyond the contract, by plain JSON pointer: nothing is kept of them. Null where there are none. */
  readonly unknown: readonly string[] | null;
  /** What the source's settings said of the envelope; null where they said nothing. */
  readonly completion: CompletedDocument | null;
}

const readSimple = compileSimpleReader(withoutSubject(ENVELOPE_SCHEMA), { opaque: ['data'], personalToo: true });

/** Reads what nearly all senders send: only fields of the contract, and no `subject`. Null for any other document, valid or not. */
export function readSimpleEnvelope(document: unknown): Envelope | null {
  return readSimple(document) as Envelope | null;
}

function withoutSubject(schema: JsonSchema): JsonSchema {
  const { subject: _, ...properties } = schema['properties'] as JsonSchema;
  return { ...schema, properties };
}

const SUBJECT = /^([A-Za-z][A-Za-z0-9._-]{0,63}):(.+)$/s;

/**
 * The step: checks the envelope. A simple one takes one pass (none, where `simple` is the result of an earlier one); every other is decided by the
 * validator. A CloudEvent's `subject` of the form `namespace:value` names the customer where no identifiers do; an event without data has empty data.
 * A registered source completes what its events do not state.
 */
export function checkEnvelope(
  document: unknown,
  simple = readSimpleEnvelope(document),
  sources: Pick<Sources, 'of'> | null = null,
): CheckedEnvelope | Rejection {
  if (simple !== null)
    return isReservedSource(simple.source)
      ? SOURCE_RESERVED
      : { envelope: simple, others: null, unknown: null, completion: null };
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    return Rejection.of('envelope-invalid', '#', 'must be a JSON object', 'send each event as a JSON object');
  const given = document as Readonly<Record<string, unknown>>;
  const source = sources === null || typeof given['source'] !== 'string' ? null : sources.of(given['source']);
  const completion = source === null ? null : completed(given, source);
  if (completion !== null) {
    const again = readSimpleEnvelope(completion.document);
    if (again !== null) return { envelope: again, others: null, unknown: null, completion };
  }
  const whole = complete(completion?.document ?? given);
  const validity = validateEnvelope(whole);
  if (!validity.ok) return invalidEnvelope(whole, validity.errors);
  const envelope = whole as unknown as Envelope;
  return isReservedSource(envelope.source)
    ? SOURCE_RESERVED
    : { envelope, others: othersOf(envelope), unknown: unknownWithin(envelope), completion };
}

/** What names the event comes first: without it nothing else can be said of the event. */
const FIRST_FIELDS = ['id', 'source', 'type', 'channel', 'identifiers'];

function invalidEnvelope(document: Readonly<Record<string, unknown>>, errors: readonly ValidationIssue[]): Rejection {
  const wrapped = wrapperOf(document);
  const place = ({ pointer }: ValidationIssue): number => {
    const at = FIRST_FIELDS.indexOf(keysOf(pointer)[0] ?? '');
    return at === -1 ? FIRST_FIELDS.length : at;
  };
  const named = errors.map((issue) =>
    hasNoIdentifier(document, issue) ? NO_IDENTIFIER : likelyMeant(document, issue),
  );
  const ordered = [...(wrapped === null ? [] : [wrapped]), ...named.sort((a, b) => place(a) - place(b))];
  return Rejection.ofIssues(ordered[0] === NO_IDENTIFIER ? 'no-identifier' : 'envelope-invalid', ordered);
}

/** A list of events within an object, or a call in the form of another product: then every field is missing, and one sentence says why. */
function wrapperOf(document: Readonly<Record<string, unknown>>): ValidationIssue | null {
  if (document['id'] !== undefined || document['source'] !== undefined) return null;
  const list = ['events', 'batch', 'touchpoints', 'records', 'messages', 'items'].find((name) =>
    Array.isArray(document[name]),
  );
  if (list !== undefined)
    return {
      pointer: pointerTo(list),
      detail: 'is a list within an object, and no touchpoint',
      hint: 'send the list itself: the body is a JSON array of touchpoints',
    };
  const isCall =
    typeof document['type'] === 'string' &&
    /^(?:track|identify|page|screen|alias|group)$/.test(document['type']) &&
    (document['messageId'] !== undefined || document['userId'] !== undefined || document['anonymousId'] !== undefined);
  return isCall
    ? {
        pointer: ROOT,
        detail: 'is a call of an analytics library, and no touchpoint',
        hint: 'send it to /v1/track (or identify, page, batch, …) with the key of its source, as docs/tracking.md shows',
      }
    : null;
}

function hasNoIdentifier({ identifiers }: Readonly<Record<string, unknown>>, { pointer }: ValidationIssue): boolean {
  return (
    pointer === '#/identifiers' &&
    (identifiers === undefined || (Array.isArray(identifiers) && identifiers.length === 0))
  );
}

/** A field that is missing while one of a like name is there. */
function likelyMeant(document: Readonly<Record<string, unknown>>, issue: ValidationIssue): ValidationIssue {
  const [name, ...more] = keysOf(issue.pointer);
  if (name === undefined || more.length > 0 || document[name] !== undefined) return issue;
  const given = Object.keys(document).find((each) => !STORED_FIELDS.has(each) && likelyField(each, [name]) === name);
  return given === undefined
    ? issue
    : { ...issue, hint: `rename the field that was likely meant by it to \`${name}\`` };
}

const IDENTIFIER_FIELDS = new Set(['namespace', 'value', 'role']);
const ACTOR_FIELDS = new Set(['kind', 'id']);

/** Fields of identifiers and actor that the contract does not know: they are dropped, so the sender is told. */
function unknownWithin({ identifiers, actor }: Envelope): readonly string[] | null {
  let unknown: string[] | null = null;
  identifiers.forEach((identifier, at) => {
    for (const name of Object.keys(identifier))
      if (!IDENTIFIER_FIELDS.has(name)) (unknown ??= []).push(`/identifiers/${at}${plainPointerStep(name)}`);
  });
  for (const name of Object.keys(actor ?? {}))
    if (!ACTOR_FIELDS.has(name)) (unknown ??= []).push(`/actor${plainPointerStep(name)}`);
  return unknown;
}

const SOURCE_RESERVED = Rejection.of(
  'source-reserved',
  '#/source',
  'must not be a name that the engine uses itself',
  'give the source a name of its own',
);
const NO_IDENTIFIER: ValidationIssue = {
  pointer: '#/identifiers',
  detail: 'must hold at least one identifier',
  hint: 'add an identifier of the customer: userId, email, phone, anonymousId, …',
};

function complete(document: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { identifiers, subject, data } = document;
  const named = identifiers === undefined && typeof subject === 'string' ? SUBJECT.exec(subject) : null;
  if (named === null && data !== undefined) return document;
  return {
    ...document,
    ...(named === null ? {} : { subject: undefined, identifiers: [{ namespace: named[1], value: named[2] }] }),
    ...(data === undefined ? { data: {} } : {}),
  };
}

/** Fields of an envelope that the log stores each in its place. */
const STORED_FIELDS = new Set([
  ...['id', 'source', 'type', 'channel', 'identifiers', 'data', 'time', 'occurredAt', 'originalTimestamp', 'sentAt'],
  ...['actor', 'correlationId', 'causationId', 'schemaVersion', 'test'],
]);
/** Trace context of the message, new with each retry: not part of the touchpoint. */
const TRACE_FIELDS = new Set(['traceparent', 'tracestate']);

function othersOf(envelope: Envelope): Record<string, unknown> | null {
  let others: Record<string, unknown> | null = null;
  for (const name of Object.keys(envelope)) {
    if (STORED_FIELDS.has(name) || TRACE_FIELDS.has(name)) continue;
    const value = (envelope as unknown as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined) (others ??= {})[name] = value;
  }
  return others;
}
