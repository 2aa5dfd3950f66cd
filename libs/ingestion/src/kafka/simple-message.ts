import type { ReceivedMessage } from '#platform';
import { SIMPLE_FIELDS } from '../cloudevents/envelope-form.js';
import { simpleEvent, SPECVERSION, type SimpleEvent } from '../cloudevents/simple-cloudevent.js';

export interface SimpleMessage extends SimpleEvent {
  /** Headers that do not belong to the event itself; null where there are none. */
  readonly others: Readonly<Record<string, string>> | null;
}

const PREFIX = 'ce_';
/** Fields by the names of their headers: so no name is put together or cut again for each message. */
const FIELDS = new Map([...SIMPLE_FIELDS].map(([attribute, field]) => [PREFIX + attribute, field]));
const CONTENT_TYPE = 'content-type';
const JSON_TYPES = new Set(['application/json', 'application/json; charset=utf-8']);

/**
 * The direct road for a CloudEvent in binary mode, in one pass over its headers: attributes that intake knows, each once, and data in JSON.
 * Null for any other message: nothing is decided about it here.
 */
export function readSimpleMessage({ headers, value }: ReceivedMessage): SimpleMessage | null {
  if (value === null || headers['ce_specversion'] === undefined) return null;
  const form: Record<string, unknown> = {};
  let others: Record<string, string> | null = null;
  for (const name of Object.keys(headers)) {
    const given = headers[name];
    if (!Buffer.isBuffer(given)) return null;
    const text = given.toString('utf8');
    const field = FIELDS.get(name);
    if (field !== undefined) form[field.name] = field.read(text);
    else if (name === 'ce_specversion') {
      if (text !== SPECVERSION) return null;
    } else if (name === CONTENT_TYPE) {
      if (!JSON_TYPES.has(text)) return null;
    } else {
      if (name.startsWith(PREFIX) || name.toLowerCase() === CONTENT_TYPE) return null;
      (others ??= {})[name] = text;
    }
  }
  const event = simpleEvent(form, jsonOf(value));
  return event === null ? null : { document: event.document, envelope: event.envelope, others };
}

/** Undefined where it is no JSON. */
function jsonOf(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
