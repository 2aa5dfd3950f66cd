/** The calls of analytics libraries, as Segment's specification names them. */
export const CALL_KINDS = ['identify', 'track', 'page', 'screen', 'group', 'alias'] as const;
export type CallKind = (typeof CALL_KINDS)[number];

type Json = Readonly<Record<string, unknown>>;

/** A JSON object, and neither null nor a list. */
export const isJsonObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One call as it was received, with the names of its fields as Segment writes them. */
export interface Call {
  /** Null where the call states none that is known. */
  readonly kind: CallKind | null;
  readonly fields: Json;
  /** What the call says of the event: of `track`, `page` and `screen` the properties, of `identify` and `group` the traits. */
  readonly properties: Json;
  readonly traits: Json;
  /** That of the batch, with that of the call over it. */
  readonly context: Json;
}

/** Names that libraries in other languages, and Segment's own examples, write otherwise. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  user_id: 'userId',
  anonymous_id: 'anonymousId',
  previous_id: 'previousId',
  group_id: 'groupId',
  message_id: 'messageId',
  sent_at: 'sentAt',
  original_timestamp: 'originalTimestamp',
  write_key: 'writeKey',
};

/** The fields that a batch gives to each of its calls. A call of its own counts first; objects are merged. */
const SHARED = ['context', 'integrations'] as const;

/**
 * Reads a call. `kind` is that of its route; null in a batch, where each call names its own. `batch`: the fields around the list of a batch.
 */
export function callOf(given: Json, kind: CallKind | null, batch: Json | null = null): Call {
  const fields: Record<string, unknown> = {};
  for (const name of Object.keys(given)) {
    const known = Object.hasOwn(OTHER_NAMES, name) ? (OTHER_NAMES[name] as string) : name;
    if (known === name || !Object.hasOwn(given, known)) fields[known] = given[name];
  }
  for (const name of SHARED) {
    const [shared, own] = [batch?.[name], fields[name]];
    if (isJsonObject(shared)) fields[name] = isJsonObject(own) ? merged(shared, own) : (own ?? shared);
  }
  const { properties, traits, context } = fields;
  return {
    kind: kind ?? kindOf(fields['type']) ?? kindOf(fields['action']),
    fields,
    properties: isJsonObject(properties) ? properties : {},
    traits: isJsonObject(traits) ? traits : {},
    context: isJsonObject(context) ? context : {},
  };
}

const kindOf = (type: unknown): CallKind | null => CALL_KINDS.find((kind) => kind === type) ?? null;

/** An object over another, deep: what the upper one does not say is the lower one's. */
function merged(lower: Json, upper: Json): Json {
  const result: Record<string, unknown> = { ...lower };
  for (const [name, value] of Object.entries(upper)) {
    const below = Object.hasOwn(lower, name) ? lower[name] : undefined;
    result[name] = isJsonObject(below) && isJsonObject(value) ? merged(below, value) : value;
  }
  return result;
}

/** What carries a call from its sender to the engine, and is no part of what it says. */
export const TRANSPORT: ReadonlySet<string> = new Set(['writeKey', 'sentAt', 'receivedAt', 'api_key']);
