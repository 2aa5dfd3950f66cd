import { TOUCHPOINT_TYPES, touchpointSchema, type JsonSchema } from '#contracts';
import type { Feed } from '../feed.js';
import { OUTPUTS } from '../outputs.js';

type Json = Readonly<Record<string, unknown>>;

const ref = (pointer: string): Json => ({ $ref: `#/${pointer}` });
const text = (description: string): Json => ({ type: 'string', description });

/** The attributes of a CloudEvent in binary mode, as headers in Kafka have them. */
const CLOUD_EVENT: Readonly<Record<string, Json>> = {
  ce_specversion: { const: '1.0' },
  ce_id: text('With ce_source it names the event for ever: sent again, it is the same event.'),
  ce_source: text('Who sends it: a URI reference or a name.'),
  ce_type: text('The type, of which the message’s value is the data.'),
  ce_time: { type: 'string', format: 'date-time', description: 'When it happened.' },
  'content-type': { const: 'application/json' },
};

const TOUCHPOINT_HEADERS: Json = {
  type: 'object',
  required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_channel'],
  properties: {
    ...CLOUD_EVENT,
    ce_channel: text('Through which channel it came: shop, app, store-12, call-centre.'),
    ce_identifiers: text(
      'Who the customer is, as JSON text: [{"namespace":"email","value":"ann@example.com"}]. Or ce_subject.',
    ),
    ce_subject: text('Who the customer is where there is one identifier: namespace:value.'),
    ce_actor: text('Who on the business side took part: kind:id.'),
    ce_sentat: {
      type: 'string',
      format: 'date-time',
      description: 'The sender’s own clock: with it, a wrong one is corrected.',
    },
    ce_correlationid: text('What this belongs together with.'),
    ce_causationid: text('What this follows from.'),
    ce_schemaversion: text('The version of the data; the newest where it is absent.'),
    ce_test: { enum: ['true', 'false'], description: 'Test traffic is kept, and left out of every figure.' },
  },
};

const REASONS = ['code', 'path', 'detail', 'hint', 'quarantine-id', 'topic', 'partition', 'offset'];

/** The AsyncAPI 3 document of all topics, from the contracts and the list of outputs. */
export function asyncApiDocument(version: string): Json {
  const touchpoints = TOUCHPOINT_TYPES.map(({ name }) => name);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Perennial: channels in, feeds out',
      version,
      description:
        'Touchpoints that channels publish, and what follows from them. Messages are CloudEvents in binary mode; touchpoints may also come in structured mode, in batches, in our JSON form, or in a form of the topic’s own by a mapping.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: {
      touchpoints: {
        address: 'touchpoints.{channel}',
        description:
          'What a channel publishes: one topic for each, keyed by customer so that their touchpoints stay in order.',
        parameters: { channel: { description: 'A name of the channel’s own: web, app, stores.' } },
        messages: Object.fromEntries(touchpoints.map((name) => [name, ref(`components/messages/${name}`)])),
      },
      deadLetters: {
        address: 'touchpoints.{channel}.dlq',
        description: 'Messages of a channel that could not be taken, as they came, with the reason in headers.',
        parameters: { channel: { description: 'The channel’s name.' } },
        messages: { deadLetter: ref('components/messages/deadLetter') },
      },
      ...Object.fromEntries(
        OUTPUTS.map((feed) => [
          nameOf(feed),
          {
            address: feed.name,
            description: feed.meaning,
            messages: { change: ref(`components/messages/${nameOf(feed)}`) },
          },
        ]),
      ),
    },
    operations: {
      takeTouchpoints: { action: 'receive', channel: ref('channels/touchpoints') },
      setAside: { action: 'send', channel: ref('channels/deadLetters') },
      ...Object.fromEntries(
        OUTPUTS.map((feed) => [`tell-${nameOf(feed)}`, { action: 'send', channel: ref(`channels/${nameOf(feed)}`) }]),
      ),
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
        ...Object.fromEntries(OUTPUTS.map((feed) => [nameOf(feed), messageOf(feed)])),
      },
      schemas: {
        touchpointHeaders: TOUCHPOINT_HEADERS,
        ...Object.fromEntries(touchpoints.map((name) => [name, touchpointSchema(name) as JsonSchema])),
        ...Object.fromEntries(OUTPUTS.map((feed) => [nameOf(feed), feed.schema])),
      },
    },
  };
}

const nameOf = ({ name }: Feed): string => name.replace(/^perennial\./, '');

function messageOf(feed: Feed): Json {
  return {
    name: feed.type,
    headers: {
      type: 'object',
      required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time', 'ce_subject'],
      properties: {
        ...CLOUD_EVENT,
        ce_source: { const: 'perennial' },
        ce_type: { const: feed.type },
        ce_subject: text('The customer: the message’s key too.'),
      },
    },
    payload: ref(`components/schemas/${nameOf(feed)}`),
  };
}
