import { readSimpleEnvelope, type Envelope } from '../pipeline/envelope.js';
import { SIMPLE_FIELDS } from './envelope-form.js';

/** An event in which there is nothing to think about: in our form, and as the reader of plain envelopes took it. */
export interface SimpleEvent {
  readonly document: Readonly<Record<string, unknown>>;
  readonly envelope: Envelope;
}

export const SPECVERSION = '1.0';
const JSON_TYPE = 'application/json';

/**
 * The direct road for a CloudEvent in the JSON format: attributes that intake knows, and data beside them. Null for any other document. The
 * long road decides on that; and it makes the same of what is taken here (a property proves it).
 */
export function simpleStructured(document: unknown): SimpleEvent | null {
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

/** Null where the form is not plain after all: what its fields hold is looked at only now, by the reader of plain envelopes. */
export function simpleEvent(form: Record<string, unknown>, data: unknown): SimpleEvent | null {
  form['data'] = data;
  const envelope = readSimpleEnvelope(form);
  return envelope === null ? null : { document: form, envelope };
}
