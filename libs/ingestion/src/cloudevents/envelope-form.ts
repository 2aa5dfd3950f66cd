import { readJson } from '#contracts';
import type { CloudEvent } from './cloudevent.js';

/**
 * A CloudEvent in our JSON form. Its own attributes keep their names; ours are extensions, in lower case as CloudEvents
 * requires: `channel`, `identifiers` (a list in JSON, JSON text in a header), `actor` (`kind:id`, or an object in JSON),
 * `correlationid`, `causationid`, `sentat`, `originaltimestamp`, `schemaversion`, `test`. Other attributes stand beside them.
 */
export function formOf({ attributes, data }: CloudEvent): Record<string, unknown> {
  const form: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (TRANSPORT_ATTRIBUTES.has(name)) continue;
    const field = OURS.get(name);
    if (field === undefined) form[name] = value;
    else form[field.name] = field.read(value);
  }
  if (data !== undefined) form['data'] = data instanceof Uint8Array ? Buffer.from(data).toString('base64') : data;
  return form;
}

/** A field of our form that an attribute becomes. */
export interface FormField {
  readonly name: string;
  readonly read: (value: unknown) => unknown;
}

/** Attributes that describe the message and not the touchpoint: the same event over another transport is the same event. */
const TRANSPORT_ATTRIBUTES = new Set(['specversion', 'datacontenttype', 'partitionkey']);

const asIs = (value: unknown): unknown => value;
const WHOLE = /^\d{1,4}$/;

/** Our extensions, by the name of their attribute. */
const OURS: ReadonlyMap<string, FormField> = new Map([
  ['correlationid', { name: 'correlationId', read: asIs }],
  ['causationid', { name: 'causationId', read: asIs }],
  ['sentat', { name: 'sentAt', read: asIs }],
  ['originaltimestamp', { name: 'originalTimestamp', read: asIs }],
  ['schemaversion', { name: 'schemaVersion', read: (value) => (WHOLE.test(String(value)) ? Number(value) : value) }],
  ['test', { name: 'test', read: (value) => (value === 'true' ? true : value === 'false' ? false : value) }],
  ['identifiers', { name: 'identifiers', read: fromText }],
  ['actor', { name: 'actor', read: actor }],
]);

/** Attributes that a simple event may have, by their names. */
export const SIMPLE_FIELDS: ReadonlyMap<string, FormField> = new Map([
  ...['id', 'source', 'type', 'time', 'channel'].map((name) => [name, { name, read: asIs }] as const),
  ...OURS,
]);

/** A value that a header holds as JSON text. */
function fromText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const reading = readJson(value);
  // What is flawed stays text, which is no list of identifiers.
  return reading === null || reading.flaws.length > 0 ? value : reading.value;
}

function actor(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (value.startsWith('{')) return fromText(value);
  const colon = value.indexOf(':');
  return colon === -1 ? value : { kind: value.slice(0, colon), id: value.slice(colon + 1) };
}
