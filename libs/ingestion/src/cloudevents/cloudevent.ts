import { parseInstant, unicodeDocument } from '#contracts';
import { Rejection } from '../pipeline/rejection.js';
import { notUtf8Rejection, readJsonBody, rejectionOf } from './strict-json.js';

/** A CloudEvent 1.0: its attributes and extensions by name, and its data. */
export interface CloudEvent {
  readonly attributes: Readonly<Record<string, unknown>>;
  /** JSON value, text, or bytes. */
  readonly data?: unknown;
}

const NAME = /^[a-z0-9]+$/;
const RFC2045 = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;.*)?$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Extensions that hold more than CloudEvents' simple types where the event is JSON: ours. */
const STRUCTURED_EXTENSIONS = new Set(['identifiers', 'actor']);

const reject = (pointer: string, detail: string, hint: string): Rejection =>
  Rejection.of('not-a-cloudevent', pointer, detail, hint);

/** The CloudEvent of a JSON document (structured mode, or one of a batch), or the reason why it is not valid. */
export function structuredEvent(document: unknown): CloudEvent | Rejection {
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    return reject('#', 'must be a JSON object', 'send a CloudEvent in the JSON format');
  const { data, data_base64: base64, ...given } = document as Record<string, unknown>;
  // It would become the prototype of the object that it is copied to.
  if (Object.hasOwn(given, '__proto__'))
    return reject('#', 'must not have an attribute with the name __proto__', 'leave it out');
  const attributes: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    // In the JSON format null means that the attribute is absent.
    if (value !== null) attributes[name] = value;
  }
  const rejection = checkAttributes(attributes);
  if (rejection !== null) return rejection;
  if (base64 === undefined || base64 === null) return data === undefined ? { attributes } : { attributes, data };
  if (data !== undefined) return reject('#/data_base64', 'must not stand beside data', 'send one of the two');
  if (typeof base64 !== 'string' || !BASE64.test(base64))
    return reject('#/data_base64', 'must be base64', 'encode the bytes as in RFC 4648');
  return { attributes, data: Buffer.from(base64, 'base64') };
}

/** A message in binary mode: attributes from its headers, data in its body. */
export function binaryEvent(
  headers: Readonly<Record<string, string>>,
  contentType: string | undefined,
  body: Buffer,
): CloudEvent | Rejection {
  const attributes: Record<string, unknown> = { ...headers };
  if (contentType !== undefined) attributes['datacontenttype'] = contentType;
  const rejection = checkAttributes(attributes);
  if (rejection !== null) return rejection;
  return body.length === 0 ? { attributes } : binaryData(attributes, contentType, body);
}

function binaryData(
  attributes: Record<string, unknown>,
  contentType: string | undefined,
  body: Buffer,
): CloudEvent | Rejection {
  const media = mediaType(contentType);
  const isJson = media === 'application/json' || media?.endsWith('+json') === true;
  if (media === 'application/octet-stream') return { attributes, data: body };
  if (isJson || media === undefined) {
    const json = readJsonBody(body);
    if (!('code' in json)) return rejectionOf(json.flaws, '#/data') ?? { attributes, data: json.value };
    // Without a content type, JSON was only a guess.
    if (isJson && json.code === 'malformed')
      return Rejection.of('unreadable', '#/data', 'must be valid JSON', 'send JSON, or state another content type');
  }
  const text = unicodeDocument(body)?.text;
  if (text === undefined) return notUtf8Rejection('#/data', body);
  return { attributes, data: text };
}

/** The media type in lower case, without parameters. */
export function mediaType(contentType: string | undefined): string | undefined {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase();
}

function checkAttributes(attributes: Readonly<Record<string, unknown>>): Rejection | null {
  if (attributes['specversion'] !== '1.0')
    return reject('#/specversion', 'must be 1.0', 'send CloudEvents of version 1.0');
  for (const name of ['id', 'source', 'type'])
    if (!isText(attributes[name]))
      return reject(`#/${name}`, 'must be text of at least one character', `add the attribute ${name}`);
  for (const name of ['subject', 'dataschema', 'datacontenttype', 'time'])
    if (attributes[name] !== undefined && !isText(attributes[name]))
      return reject(`#/${name}`, 'must be text of at least one character', 'give it a value, or leave it out');
  const { time, datacontenttype } = attributes;
  if (time !== undefined && parseInstant(time as string) === null)
    return reject('#/time', 'must be an RFC 3339 date-time', 'write it as 2026-01-31T12:00:00Z');
  if (datacontenttype !== undefined && !RFC2045.test(datacontenttype as string))
    return reject('#/datacontenttype', 'must be a media type', 'write it as application/json');
  for (const [name, value] of Object.entries(attributes)) {
    if (!NAME.test(name))
      return reject(
        '#',
        'must not have an attribute whose name holds anything but small letters and digits',
        'rename the attribute',
      );
    const simple = typeof value === 'string' || typeof value === 'boolean' || Number.isInteger(value);
    if (!simple && !STRUCTURED_EXTENSIONS.has(name))
      return reject(`#/${name}`, 'must be text, a boolean or a whole number', 'move structured values into data');
  }
  return null;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
