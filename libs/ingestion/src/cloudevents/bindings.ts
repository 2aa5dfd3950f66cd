import { SIMPLE_FIELDS, type FormField } from './envelope-form.js';

export type HeaderValue = string | Buffer | null;

/** The headers of a message as its transport gives them. */
export type MessageHeaders = Readonly<Record<string, HeaderValue | readonly HeaderValue[] | undefined>>;

/** How a transport writes a CloudEvent in binary mode into headers: a protocol binding of CloudEvents. */
export interface Binding {
  /** What the name of a header begins with that carries an attribute. */
  readonly prefix: string;
  /** The header by which a message says that it is a CloudEvent. */
  readonly specversion: string;
  /** The attributes of a simple event, by the names of their headers: no name is joined or cut again for each message. */
  readonly simpleFields: ReadonlyMap<string, FormField>;
  /** Whether a header carries an attribute, known or unknown. */
  carriesAttribute(name: string): boolean;
  /** The value of an attribute from the text of its header. */
  decode(text: string): string;
  /** The media type of a body that states none; undefined where such a body is rejected. */
  readonly defaultMediaType: string | undefined;
  /** Whether headers that do not belong to the event are kept beside it. */
  readonly keepsOtherHeaders: boolean;
}

const simpleFields = (prefix: string): ReadonlyMap<string, FormField> =>
  new Map([...SIMPLE_FIELDS].map(([attribute, field]) => [prefix + attribute, field]));

/** HTTP: header names in any case, values percent-encoded. */
export const HTTP_BINDING: Binding = {
  prefix: 'ce-',
  specversion: 'ce-specversion',
  simpleFields: simpleFields('ce-'),
  carriesAttribute: (name) => /^ce-/i.test(name),
  decode: percentDecoded,
  defaultMediaType: undefined,
  keepsOtherHeaders: false,
};

/** Kafka: header names as they are, values in UTF-8 without escapes. A message without a content type may be JSON. */
export const KAFKA_BINDING: Binding = {
  prefix: 'ce_',
  specversion: 'ce_specversion',
  simpleFields: simpleFields('ce_'),
  carriesAttribute: (name) => name.startsWith('ce_'),
  decode: (text) => text,
  defaultMediaType: 'application/json',
  keepsOtherHeaders: true,
};

/** Headers by what they mean: the same for every transport. */
export interface SortedHeaders {
  readonly contentType: string | undefined;
  /** The attributes of a CloudEvent, by name; null where no header carries one. */
  readonly attributes: Readonly<Record<string, string>> | null;
  /** Headers that do not belong to the event; null where there are none, or the binding drops them. */
  readonly others: Readonly<Record<string, string>> | null;
}

/** Sorts headers in one pass. Of a header that is repeated the last value counts; one without a value says nothing. */
export function sortHeaders(headers: MessageHeaders, binding: Binding): SortedHeaders {
  const { prefix, keepsOtherHeaders } = binding;
  let contentType: string | undefined;
  let attributes: Record<string, string> | null = null;
  let others: Record<string, string> | null = null;
  for (const name of Object.keys(headers)) {
    const given = headers[name];
    const value = isList(given) ? given.at(-1) : given;
    if (value === undefined || value === null) continue;
    const text = value.toString();
    // The prefix is cut and the rest kept as written: an attribute in capitals is one that CloudEvents does not allow.
    if (binding.carriesAttribute(name)) (attributes ??= {})[name.slice(prefix.length)] = binding.decode(text);
    else if (name === 'content-type' || CONTENT_TYPE.test(name)) contentType = text;
    else if (keepsOtherHeaders) (others ??= {})[name] = text;
  }
  return { contentType, attributes, others };
}

const CONTENT_TYPE = /^content-type$/i;
const isList = (given: MessageHeaders[string]): given is readonly HeaderValue[] => Array.isArray(given);

/** Unquoted and percent-decoded, as the HTTP binding has it; as it stands where that fails. */
function percentDecoded(value: string): string {
  const bare = value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
  if (!bare.includes('%')) return bare;
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
}
