import { decodeUnicode } from '#contracts';
import { readSimpleEnvelope, type Envelope } from '../pipeline/envelope.js';
import type { Binding, MessageHeaders } from './read-events.js';
import { SIMPLE_FIELDS } from './envelope-form.js';
import { readJsonBody } from './strict-json.js';

/**
 * The fast path for CloudEvents. A CloudEvent is **simple** where each of its attributes is one that ingestion knows and
 * occurs once, its data are JSON, and its envelope is simple too (see `pipeline/simple-reader.ts`). Such an event is brought into
 * our form in one pass. For every other event, valid or not, the answer is null, and the full path decides: it alone
 * rejects, and it makes the same of a simple event (a property proves it). Only `read-events.ts` calls either path.
 */
export interface SimpleEvent {
  /** The event in our form. */
  readonly document: Readonly<Record<string, unknown>>;
  /** The same, as the reader of simple envelopes returns it. */
  readonly envelope: Envelope;
}

const SPECVERSION = '1.0';
const JSON_TYPE = 'application/json';
const JSON_CONTENT_TYPES = new Set([JSON_TYPE, 'application/json; charset=utf-8']);

/** A CloudEvent in the JSON format, alone or one of a batch. */
export function simpleStructuredEvent(document: unknown): SimpleEvent | null {
  if (typeof document !== 'object' || document === null) return null;
  const event = document as Readonly<Record<string, unknown>>;
  if (event['specversion'] !== SPECVERSION) return null;
  const form: Record<string, unknown> = {};
  for (const name of Object.keys(event)) {
    const value = event[name];
    const field = SIMPLE_FIELDS.get(name);
    if (field !== undefined) form[field.name] = field.read(value);
    else if (name === 'datacontenttype') {
      if (value !== JSON_TYPE) return null;
    } else if (name !== 'data' && name !== 'specversion') return null;
  }
  return simpleEvent(form, event['data']);
}

/** A simple CloudEvent in binary mode, with the headers that do not belong to it. */
export interface SimpleBinaryEvent extends SimpleEvent {
  readonly others: Readonly<Record<string, string>> | null;
}

/** A message that states a specversion in its headers, as a CloudEvent in binary mode: one pass over the headers, and data in JSON in the body. */
export function simpleBinaryEvent(headers: MessageHeaders, body: Buffer, binding: Binding): SimpleBinaryEvent | null {
  const { specversion, simpleFields, keepsOtherHeaders } = binding;
  const form: Record<string, unknown> = {};
  let others: Record<string, string> | null = null;
  for (const name of Object.keys(headers)) {
    const given = headers[name];
    const field = simpleFields.get(name);
    if (field === undefined && !keepsOtherHeaders && isUnrelated(name, binding)) continue;
    if (typeof given !== 'string' && !Buffer.isBuffer(given)) return null;
    const text = typeof given === 'string' ? given : decodeUnicode(given);
    if (text === null) return null;
    if (field !== undefined) {
      const value = binding.decode(text);
      if (value === null) return null;
      form[field.name] = field.read(value);
    } else if (name === specversion) {
      if (text !== SPECVERSION) return null;
    } else if (name === CONTENT_TYPE) {
      if (!JSON_CONTENT_TYPES.has(text)) return null;
    } else {
      if (!isUnrelated(name, binding)) return null;
      (others ??= {})[name] = text;
    }
  }
  const event = simpleEvent(form, jsonOf(body));
  return event === null ? null : { document: event.document, envelope: event.envelope, others };
}

const CONTENT_TYPE = 'content-type';

/** Whether a header is neither an attribute nor the content type, in whatever case they are written. */
const isUnrelated = (name: string, binding: Binding): boolean =>
  !binding.carriesAttribute(name) && name.toLowerCase() !== CONTENT_TYPE;

/** Null where the envelope is not simple: the values of the fields are checked only here. */
function simpleEvent(form: Record<string, unknown>, data: unknown): SimpleEvent | null {
  form['data'] = data;
  const envelope = readSimpleEnvelope(form);
  return envelope === null ? null : { document: form, envelope };
}

/** Undefined where the bytes are not JSON, or where their JSON is flawed. */
function jsonOf(body: Buffer): unknown {
  const json = readJsonBody(body);
  return 'code' in json || json.flaws.length > 0 ? undefined : json.value;
}
