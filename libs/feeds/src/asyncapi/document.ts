import { TOUCHPOINT_TYPES, touchpointSchema, type JsonSchema } from '#contracts';
import type { Feed } from '../feed.js';
import { FEEDS } from '../registry.js';
import { KEY_EXPIRES, KEY_EXPIRES_SCHEMA, NOTICES } from '../webhooks/notices.js';

type Json = Readonly<Record<string, unknown>>;

const ref = (pointer: string): Json => ({ $ref: `#/${pointer}` });
const text = (description: string): Json => ({ type: 'string', description });

/** The attributes of a CloudEvent in binary mode, as headers in Kafka have them. */
const CLOUD_EVENT: Readonly<Record<string, Json>> = {
  ce_specversion: { const: '1.0' },
  ce_id: text('Identifies the event, together with ce_source: a repeated message has the same id.'),
  ce_source: text('The sender: a URI reference or a name.'),
  ce_type: text('The event type. The message’s value is its data.'),
  ce_time: { type: 'string', format: 'date-time', description: 'When the event occurred.' },
  'content-type': { const: 'application/json' },
};

const TOUCHPOINT_HEADERS: Json = {
  type: 'object',
  required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_channel'],
  properties: {
    ...CLOUD_EVENT,
    ce_time: {
      type: 'string',
      format: 'date-time',
      description: 'When the event occurred; the timestamp of the record by default.',
    },
    ce_channel: text('The channel through which it came: shop, app, store-12, call-centre.'),
    ce_identifiers: text(
      'The customer’s identifiers, as JSON text: [{"namespace":"email","value":"ann@example.com"}]. Or give ce_subject.',
    ),
    ce_subject: text('The customer’s only identifier: namespace:value.'),
    ce_actor: text('The actor on the business side: kind:id.'),
    ce_sentat: {
      type: 'string',
      format: 'date-time',
      description:
        'The sender’s clock when it sent the event. Where it differs by five minutes or more from the timestamp of the record, the clock was wrong, and the time of the event is corrected by the difference.',
    },
    ce_originaltimestamp: {
      type: 'string',
      format: 'date-time',
      description: 'When the event occurred by the clock that also wrote ce_sentat, where ce_time is of another clock.',
    },
    ce_correlationid: text('The id that related events share.'),
    ce_causationid: text('The id of the event that caused this one.'),
    ce_schemaversion: text('The schema version of the data; the newest by default.'),
    ce_test: { enum: ['true', 'false'], description: 'Marks test traffic: stored, and left out of every figure.' },
  },
};

const REASONS = ['code', 'pointer', 'detail', 'hint', 'quarantine-id', 'topic', 'partition', 'offset'];

/** The AsyncAPI 3.0 document of all topics, generated from the contracts and the registry of feeds. */
export function asyncApiDocument(version: string): Json {
  const touchpoints = TOUCHPOINT_TYPES.map(({ name }) => name);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Perennial: channels in, feeds out',
      version,
      description:
        'Touchpoints that channels publish, and the feeds that the engine publishes. Messages are CloudEvents in binary mode. Touchpoints are accepted in structured mode, in batches, in Perennial’s own JSON format, and in any format that a mapping describes, too.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: {
      touchpoints: {
        address: 'touchpoints.{channel}',
        description:
          'Touchpoints of one channel: one topic for each channel, keyed by customer so that each customer’s touchpoints stay in order.',
        parameters: { channel: { description: 'A name that the channel chooses: web, app, stores.' } },
        messages: Object.fromEntries(touchpoints.map((name) => [name, ref(`components/messages/${name}`)])),
      },
      deadLetters: {
        address: 'touchpoints.{channel}.dlq',
        description: 'Messages of a channel that were quarantined, unchanged, with the reason in headers.',
        parameters: { channel: { description: 'The channel’s name.' } },
        messages: { deadLetter: ref('components/messages/deadLetter') },
      },
      ...Object.fromEntries(
        FEEDS.map((feed) => [
          nameOf(feed),
          {
            address: feed.name,
            description: feed.meaning,
            messages: { change: ref(`components/messages/${nameOf(feed)}`) },
          },
        ]),
      ),
      operations: {
        // It has no topic: these messages are sent by webhook alone.
        address: null,
        title: NOTICES,
        description:
          'Messages for operators, which concern no customer. Only by webhook, to the endpoints that name perennial.operations among their feeds.',
        messages: { 'key-expires': ref('components/messages/key-expires') },
      },
    },
    operations: {
      ingestTouchpoints: { action: 'receive', channel: ref('channels/touchpoints') },
      quarantine: { action: 'send', channel: ref('channels/deadLetters') },
      ...Object.fromEntries(
        FEEDS.map((feed) => [`publish-${nameOf(feed)}`, { action: 'send', channel: ref(`channels/${nameOf(feed)}`) }]),
      ),
      'publish-operations': { action: 'send', channel: ref('channels/operations') },
    },
    components: {
      messages: {
        ...Object.fromEntries(
          touchpoints.map((name) => [
            name,
            {
              name,
              headers: ref('components/schemas/touchpointHeaders'),
              payload: ref(`components/schemas/${name}`),
            },
          ]),
        ),
        deadLetter: {
          name: 'deadLetter',
          headers: {
            type: 'object',
            properties: Object.fromEntries(REASONS.map((reason) => [`perennial-${reason}`, { type: 'string' }])),
          },
          payload: {},
        },
        ...Object.fromEntries(FEEDS.map((feed) => [nameOf(feed), messageOf(feed)])),
        'key-expires': messageWith(KEY_EXPIRES, 'key-expires', 'The principal: key: and the id of the API key.'),
      },
      schemas: {
        touchpointHeaders: TOUCHPOINT_HEADERS,
        ...Object.fromEntries(touchpoints.map((name) => [name, touchpointSchema(name) as JsonSchema])),
        ...Object.fromEntries(FEEDS.map((feed) => [nameOf(feed), feed.schema])),
        'key-expires': KEY_EXPIRES_SCHEMA,
      },
    },
  };
}

const nameOf = ({ name }: Feed): string => name.replace(/^perennial\./, '');

const messageOf = (feed: Feed): Json => messageWith(feed.type, nameOf(feed), 'The customer; also the message’s key.');

function messageWith(type: string, schema: string, subject: string): Json {
  return {
    name: type,
    headers: {
      type: 'object',
      required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time', 'ce_subject'],
      properties: {
        ...CLOUD_EVENT,
        ce_source: { const: 'perennial' },
        ce_type: { const: type },
        ce_subject: text(subject),
      },
    },
    payload: ref(`components/schemas/${schema}`),
  };
}
