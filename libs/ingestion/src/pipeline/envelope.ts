import { ENVELOPE_SCHEMA, validateEnvelope, type Actor, type JsonSchema, type Role } from '#contracts';
import { RECEIPT_SOURCE } from '#event-log';
import { compileSimpleReader } from './simple-reader.js';
import { Rejection } from './rejection.js';

/** The sources of what the engine writes itself: no sender may speak in its name. */
export const OWN_SOURCES = {
  receipts: RECEIPT_SOURCE,
  quarantine: 'perennial/quarantine',
  policies: 'perennial/policies',
  types: 'perennial/types',
  privacy: 'perennial/privacy',
} as const;

const RESERVED = new Set<string>(Object.values(OWN_SOURCES));

/** A document that the envelope's contract let through. */
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
export interface Checked {
  readonly envelope: Envelope;
  /** What else it says: kept, and sealed, for nobody can tell what it holds. Null where there is nothing. */
  readonly others: Readonly<Record<string, unknown>> | null;
}

const readSimple = compileSimpleReader(withoutSubject(ENVELOPE_SCHEMA), { opaque: ['data'], personalToo: true });

/** Takes what nearly all senders send: nothing but fields that have a place of their own. Null for any other document, good or bad. */
export function readSimpleEnvelope(document: unknown): Envelope | null {
  return readSimple(document) as Envelope | null;
}

function withoutSubject(schema: JsonSchema): JsonSchema {
  const { subject: _, ...properties } = schema['properties'] as JsonSchema;
  return { ...schema, properties };
}

const SUBJECT = /^([A-Za-z][A-Za-z0-9._-]{0,63}):(.+)$/s;

/**
 * The step: checks the envelope, unless it was found plain already. A CloudEvent's `subject` of the form `namespace:value` names the
 * customer where no identifiers do; an event without data has empty data.
 */
export function checkEnvelope(document: unknown, read?: Envelope): Checked | Rejection {
  const plain = read ?? readSimpleEnvelope(document);
  if (plain !== null) return RESERVED.has(plain.source) ? SOURCE_RESERVED : { envelope: plain, others: null };
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    return Rejection.of('envelope-invalid', '#', 'is no object', 'give each event as a JSON object');
  const completed = complete(document as Readonly<Record<string, unknown>>);
  const validity = validateEnvelope(completed);
  if (!validity.ok) {
    const [first, ...rest] = validity.errors;
    const { identifiers } = completed;
    if (identifiers === undefined || (Array.isArray(identifiers) && identifiers.length === 0))
      return Rejection.of(
        'no-identifier',
        '#/identifiers',
        'names nobody',
        'give an identifier of the customer: userId, email, phone, anonymousId, …',
      );
    return new Rejection('envelope-invalid', [
      first ?? { pointer: '#', detail: 'is not an event', hint: 'see the documentation' },
      ...rest,
    ]);
  }
  const envelope = completed as unknown as Envelope;
  return RESERVED.has(envelope.source) ? SOURCE_RESERVED : { envelope, others: othersOf(envelope) };
}

const SOURCE_RESERVED = Rejection.of(
  'source-reserved',
  '#/source',
  'is a name of the engine itself',
  'give the source its own name',
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

/** Fields of an envelope that have a place of their own in the log. */
const PLACED = new Set([
  ...['id', 'source', 'type', 'channel', 'identifiers', 'data', 'time', 'occurredAt', 'originalTimestamp', 'sentAt'],
  ...['actor', 'correlationId', 'causationId', 'schemaVersion', 'test'],
]);
/** Says how a message was traced on its way, again with each retry: nothing about the touchpoint. */
const TRACING = new Set(['traceparent', 'tracestate']);

function othersOf(envelope: Envelope): Record<string, unknown> | null {
  let others: Record<string, unknown> | null = null;
  for (const name of Object.keys(envelope)) {
    if (PLACED.has(name) || TRACING.has(name)) continue;
    const value = (envelope as unknown as Readonly<Record<string, unknown>>)[name];
    if (value !== undefined) (others ??= {})[name] = value;
  }
  return others;
}
