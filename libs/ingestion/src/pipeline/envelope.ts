import { type Actor, ENVELOPE_SCHEMA, type JsonSchema, type Role, validateEnvelope } from '#contracts';
import { RECEIPT_SOURCE } from '#event-log';
import { compileSimpleReader } from './simple-reader.js';
import { Rejection } from './rejection.js';

/** The sources of the events that the engine writes itself: no sender may use them. */
export const OWN_SOURCES = {
  receipts: RECEIPT_SOURCE,
  quarantine: 'perennial/quarantine',
  policies: 'perennial/policies',
  types: 'perennial/types',
  privacy: 'perennial/privacy',
} as const;

const RESERVED = new Set<string>(Object.values(OWN_SOURCES));

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
 */
export function checkEnvelope(document: unknown, simple = readSimpleEnvelope(document)): CheckedEnvelope | Rejection {
  if (simple !== null) return RESERVED.has(simple.source) ? SOURCE_RESERVED : { envelope: simple, others: null };
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    return Rejection.of('envelope-invalid', '#', 'must be a JSON object', 'send each event as a JSON object');
  const completed = complete(document as Readonly<Record<string, unknown>>);
  const validity = validateEnvelope(completed);
  if (!validity.ok) {
    const { identifiers } = completed;
    if (identifiers === undefined || (Array.isArray(identifiers) && identifiers.length === 0)) return NO_IDENTIFIER;
    return Rejection.ofIssues('envelope-invalid', validity.errors);
  }
  const envelope = completed as unknown as Envelope;
  return RESERVED.has(envelope.source) ? SOURCE_RESERVED : { envelope, others: othersOf(envelope) };
}

const SOURCE_RESERVED = Rejection.of(
  'source-reserved',
  '#/source',
  'must not be a name that the engine uses itself',
  'give the source a name of its own',
);
const NO_IDENTIFIER = Rejection.of(
  'no-identifier',
  '#/identifiers',
  'must hold at least one identifier',
  'add an identifier of the customer: userId, email, phone, anonymousId, …',
);

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
