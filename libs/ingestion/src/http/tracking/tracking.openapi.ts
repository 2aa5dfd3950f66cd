import { STATUS_CODES } from 'node:http';
import { ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { ruleDocumentation, type FastifyRoute } from '#platform/nest';
import { CALL_KINDS, type CallKind } from '../../tracking/call.js';
import { OUTCOMES_HEADER } from '../ingest-answer.js';
import { PUBLISH } from '../touchpoints.openapi.js';
import { POSTHOG_PATHS, SETTINGS_PATH, TRACKING_PATHS } from './paths.js';
import type { RejectedCall, TrackingAnswer } from './tracking-answer.js';
import type { TrackingError } from './tracking-errors.js';

export class RejectedCallView implements RejectedCall {
  @ApiProperty({ description: 'Its place in the batch, from 0' })
  readonly index!: number;
  @ApiProperty({ description: 'The id that it states, or the one that was made of it' })
  readonly messageId!: string;
  @ApiProperty({ example: 'no_user_anon_id' })
  readonly error!: string;
  @ApiProperty({ example: '#/userId' })
  readonly pointer!: string;
  @ApiProperty({ description: 'What is wrong' })
  readonly message!: string;
  @ApiProperty({ description: 'How to fix it' })
  readonly hint!: string;
  @ApiProperty({ required: false, description: 'By this id it can be released or discarded: see /v1/quarantine' })
  readonly quarantineId?: string;
}

/** The answer to calls: received = accepted + duplicate + quarantined + suppressed. */
export class TrackingAnswerView implements TrackingAnswer {
  @ApiProperty({ description: 'True where no call was rejected' })
  readonly success!: boolean;
  @ApiProperty()
  readonly received!: number;
  @ApiProperty()
  readonly accepted!: number;
  @ApiProperty()
  readonly duplicate!: number;
  @ApiProperty()
  readonly quarantined!: number;
  @ApiProperty()
  readonly suppressed!: number;
  @ApiProperty({ type: [RejectedCallView] })
  readonly rejected!: readonly RejectedCallView[];
}

/** An error of a request as a whole. */
export class TrackingErrorView implements TrackingError {
  @ApiProperty({ example: 'write-key-unknown' })
  readonly code!: string;
  @ApiProperty({ example: 'Invalid Write Key' })
  readonly message!: string;
  @ApiProperty({ required: false, description: 'How to fix it' })
  readonly hint?: string;
}

const ERRORS = Object.fromEntries(
  [400, 401, 403, 404, 408, 429, 503, 507].map((status) => [
    status,
    {
      description: STATUS_CODES[status] ?? 'Error',
      content: { 'application/json': { schema: { $ref: getSchemaPath(TrackingErrorView) } } },
    },
  ]),
);

const ANSWER = {
  description: 'Each call has its outcome; what was rejected is listed, and kept in quarantine',
  headers: {
    [OUTCOMES_HEADER]: {
      description: 'The counts of the body',
      schema: { type: 'string', example: 'accepted=2, duplicate=0, quarantined=0, suppressed=0' },
    },
  },
  content: { 'application/json': { schema: { $ref: getSchemaPath(TrackingAnswerView) } } },
};

const TIME = { type: 'string', description: 'ISO 8601' };
const OBJECT = { type: 'object' };
const CALL = {
  type: 'object',
  properties: {
    type: { type: 'string', enum: CALL_KINDS },
    userId: { type: 'string' },
    anonymousId: { type: 'string' },
    previousId: { type: 'string', description: 'Of alias' },
    groupId: { type: 'string', description: 'Of group' },
    event: { type: 'string', description: 'Of track', example: 'Order Completed' },
    name: { type: 'string', description: 'Of page and screen' },
    messageId: { type: 'string', maxLength: 99, description: 'The same again is a duplicate' },
    timestamp: TIME,
    originalTimestamp: TIME,
    sentAt: TIME,
    properties: OBJECT,
    traits: OBJECT,
    context: OBJECT,
    writeKey: { type: 'string', description: 'Where no Authorization header shows the key' },
  },
};
const BATCH = {
  type: 'object',
  required: ['batch'],
  properties: {
    batch: { type: 'array', minItems: 1, items: CALL },
    context: OBJECT,
    sentAt: TIME,
    writeKey: { type: 'string' },
  },
};
const POSTHOG_EVENT = {
  type: 'object',
  properties: {
    event: { type: 'string' },
    distinct_id: { type: 'string' },
    properties: OBJECT,
    timestamp: TIME,
    uuid: { type: 'string' },
    api_key: { type: 'string' },
  },
};

const common = (operationId: string, summary: string, schema: object) => ({
  tags: ['tracking'],
  security: [{ basic: [] }, { bearer: [] }],
  ...ruleDocumentation(PUBLISH),
  ...{ operationId, summary },
  description:
    'Read as JSON whatever the content type says, packed or not. The write key is an API key of one source: the user of Basic authentication with an empty password, or in the body. See docs/tracking.md.',
  requestBody: { required: true, content: { 'application/json': { schema } } },
  responses: { 200: ANSWER, ...ERRORS },
});

const MODELS = [TrackingAnswerView, RejectedCallView, TrackingErrorView];

const SUMMARIES: { readonly [Kind in CallKind | 'batch']: string } = {
  identify: 'Who a user is, and what is known of them',
  track: 'What a user did',
  page: 'A page that a user saw',
  screen: 'A screen of an app that a user saw',
  group: 'Which account a user belongs to',
  alias: 'Two ids of one user',
  batch: 'Calls of any kind',
};

/** The routes of analytics libraries in the OpenAPI document. */
export const TRACKING_ROUTES: readonly FastifyRoute[] = [
  ...[...TRACKING_PATHS].map(([path, kind]): FastifyRoute => {
    const operationId = `track${path.slice('/v1/'.length).replace(/^./, (letter) => letter.toUpperCase())}`;
    return {
      ...{ path, method: 'post', models: MODELS },
      operation: common(operationId, SUMMARIES[kind], kind === 'batch' ? BATCH : CALL),
    };
  }),
  ...POSTHOG_PATHS.map((path): FastifyRoute => {
    const operationId = `postHog${path.replace(/[/]$/, 'Slash').replace(/^[/](.)/, (_, letter: string) => letter.toUpperCase())}`;
    const events = {
      type: 'object',
      properties: { batch: { type: 'array', items: POSTHOG_EVENT }, api_key: { type: 'string' } },
    };
    return {
      ...{ path, method: 'post', models: MODELS },
      operation: common(operationId, 'Events of a PostHog library', { anyOf: [POSTHOG_EVENT, events] }),
    };
  }),
  {
    path: SETTINGS_PATH.replace(':writeKey', '{writeKey}'),
    method: 'get',
    models: [TrackingErrorView],
    operation: {
      tags: ['tracking'],
      'x-permission': 'public',
      ...{ operationId: 'trackingSettings', summary: 'What the browser library reads before it sends' },
      description: 'The key is that of a page, which everyone can read; an unknown one is answered with 404.',
      parameters: [{ name: 'writeKey', in: 'path', required: true, schema: { type: 'string' } }],
      responses: {
        200: { description: 'Where the calls go', content: { 'application/json': { schema: OBJECT } } },
        ...ERRORS,
      },
    },
  },
];
