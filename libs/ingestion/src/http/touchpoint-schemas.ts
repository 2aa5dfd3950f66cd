import { documentedSchema, ENVELOPE_SCHEMA, TOUCHPOINT_TYPES, type JsonSchema } from '#contracts';
import { openApiSchema } from '#platform/nest';

/**
 * The schemas of touchpoints in the OpenAPI document: one for each type, told apart by `type`, and one for types of the business's own. The fields
 * of the envelope stand once, and each type refers to them.
 */
const refTo = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

const envelope = openApiSchema(ENVELOPE_SCHEMA);
const FIELDS = Object.entries(envelope['properties'] as Readonly<Record<string, JsonSchema>>).filter(
  ([name]) => name !== 'type' && name !== 'data',
);
const fieldName = (name: string): string => `Touchpoint.${name}`;
const dataName = (type: string): string => `data.${type}`;

/** What each field of the envelope means. */
const MEANINGS: Readonly<Record<string, string>> = {
  id: 'With the source it names the event for ever: the same id sent again is the same event',
  source: 'Who sends it: a name or a URI reference',
  time: 'When it happened, with the offset of its zone; by default when it is received',
  occurredAt: 'The same as `time`',
  subject: 'The customer’s only identifier as namespace:value, where there are no identifiers',
  channel: 'Through which channel it came: shop, app, store-12, call-centre',
  identifiers: 'By what the customer is known. Several in the role `self` link one customer',
  actor: 'Who on the business side took part',
  correlationId: 'The id that related events share',
  causationId: 'The id of the event that caused this one',
  sentAt: 'When the sender’s own clock sent it: by it, a clock that is wrong by five minutes or more is corrected',
  originalTimestamp: 'When it happened by the clock that also wrote `sentAt`',
  test: 'Test or internal traffic: kept, and left out of every figure',
  schemaVersion: 'The version of `data`; the newest by default',
};

function touchpoint(type: JsonSchema, data: JsonSchema, description: string): JsonSchema {
  return {
    type: 'object',
    description,
    required: envelope['required'],
    properties: {
      type,
      ...Object.fromEntries(FIELDS.map(([name]) => [name, refTo(fieldName(name))])),
      data,
    },
  };
}

const NAMES = TOUCHPOINT_TYPES.map(({ name }) => name);
const CUSTOM = 'touchpoint.custom';
const nameOf = (type: string): string => `touchpoint.${type}`;

/** A touchpoint of any type. */
export const TOUCHPOINT = refTo('Touchpoint');
/** The data of a touchpoint of any type, in a CloudEvent. */
export const ANY_DATA: JsonSchema = {
  type: 'object',
  description: 'As the schema data.TYPE has it for the type: data.order-placed, …',
};

export const TOUCHPOINT_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Touchpoint: {
    description: 'A touchpoint in our JSON form: its type decides what `data` holds',
    oneOf: [...NAMES.map((name) => refTo(nameOf(name))), refTo(CUSTOM)],
    discriminator: {
      propertyName: 'type',
      mapping: Object.fromEntries(NAMES.map((name) => [name, refTo(nameOf(name))['$ref']])),
    },
  },
  ...Object.fromEntries(
    FIELDS.map(([name, schema]) => [
      fieldName(name),
      { ...schema, ...(MEANINGS[name] === undefined ? {} : { description: MEANINGS[name] }) },
    ]),
  ),
  ...Object.fromEntries(
    NAMES.map((name) => {
      const { summary = '' } = { summary: documentedSchema(name)?.['description'] as string };
      return [nameOf(name), touchpoint({ type: 'string', enum: [name] }, refTo(dataName(name)), summary)];
    }),
  ),
  [CUSTOM]: touchpoint(
    { type: 'string', minLength: 1, maxLength: 128, not: { enum: NAMES } },
    { type: 'object', description: 'As the registered JSON Schema of the type has it' },
    'A touchpoint of a type of the business’s own: POST /v1/types registers it',
  ),
  ...Object.fromEntries(NAMES.map((name) => [dataName(name), openApiSchema(documentedSchema(name) ?? {})])),
};
