import { getSchemaPath } from '@nestjs/swagger';
import { RECORDED_FACTS } from '#contracts';
import {
  openApiSchema,
  PROBLEM_JSON,
  problemResponses,
  ProblemView,
  ValidationIssueView,
  ruleDocumentation,
  type FastifyRoute,
  type RouteRule,
} from '#platform/nest';
import { FACT_DOCUMENT } from '../facts/business-fact.js';
import { ANY_DATA, TOUCHPOINT, TOUCHPOINT_SCHEMAS } from './touchpoint-schemas.js';
import { OUTCOMES_HEADER } from './ingest-answer.js';
import { BatchWarningView, IngestResultView, ItemResultView, WarningView } from './views.js';

/** The routes that receive events, and what OpenAPI says of them. */
export const TOUCHPOINTS_PATH = '/v1/touchpoints';
export const IMPORT_ROWS_PATH = '/v1/imports/rows';
export const FACTS_PATH = '/v1/facts';
export const PUBLISH: RouteRule = { permissions: ['publish'], scopes: ['sources', 'types'] };
/** At most this many results of a stream are listed: its counts are always whole. */
export const LISTED_MAX = 10_000;

const CLOUD_EVENT = {
  type: 'object',
  required: ['specversion', 'id', 'source', 'type'],
  properties: {
    specversion: { type: 'string', enum: ['1.0'] },
    id: { type: 'string', minLength: 1 },
    source: { type: 'string', minLength: 1 },
    type: { type: 'string', minLength: 1 },
    subject: { type: 'string', description: 'namespace:value names the customer where identifiers do not' },
    time: { type: 'string', format: 'date-time' },
    channel: { type: 'string' },
    identifiers: { type: 'array', items: { type: 'object' } },
    data: ANY_DATA,
  },
};
const INVALID_ROW = {
  type: 'object',
  description: 'A row of a file that cannot become a touchpoint: it is quarantined with this reason',
  required: ['id', 'source', 'file', 'line', 'code', 'pointer', 'detail', 'hint'],
  properties: {
    id: { type: 'string' },
    source: { type: 'string' },
    file: { type: 'string', example: 'orders.csv' },
    line: { type: 'integer', minimum: 0 },
    row: { description: 'The row as it was read' },
    identifiers: { type: 'array', items: { type: 'object' } },
    code: { type: 'string', example: 'money-inexact' },
    pointer: { type: 'string', description: 'The column' },
    detail: { type: 'string' },
    hint: { type: 'string' },
  },
};

const ORIGIN = {
  type: 'object',
  description: 'Where it was read, recorded should it be quarantined',
  required: ['file', 'line', 'row'],
  properties: {
    file: { type: 'string', example: 'orders.csv' },
    line: { type: 'integer', minimum: 0 },
    row: { type: 'string', maxLength: 100, description: 'The row by its content' },
  },
};

const COMMON = {
  tags: ['intake'],
  security: [{ bearer: [] }],
  ...ruleDocumentation(PUBLISH),
  parameters: [
    {
      name: 'verbose',
      in: 'query',
      required: false,
      schema: { type: 'boolean' },
      description: `List the accepted events too. At most ${LISTED_MAX} results of a stream are listed, those that were not accepted first`,
    },
  ],
};
const OUTCOMES = {
  [OUTCOMES_HEADER]: {
    description: 'The counts of the body. A key that may only publish sees suppressed events as accepted ones',
    schema: { type: 'string', example: 'accepted=997, duplicate=2, quarantined=1, suppressed=0' },
  },
};
const RESULT = { schema: { $ref: getSchemaPath(IngestResultView) } };
const LINES = {
  schema: {
    type: 'string',
    description: 'A result on each line, and the counts on the last; where Accept asks for lines',
  },
};
const resultIn = (description: string) => ({ description, headers: OUTCOMES, content: { 'application/json': RESULT } });
const STREAM_RESULT = {
  description: 'The outcomes of a stream, whatever they are',
  headers: OUTCOMES,
  content: { 'application/json': RESULT, 'application/x-ndjson': LINES },
};
const PROBLEMS = problemResponses(400, 401, 403, 413, 415, 429, 503, 507);
const MODELS = [IngestResultView, ItemResultView, WarningView, BatchWarningView, ValidationIssueView, ProblemView];

/** Bodies to try out: `Try it out` of /docs begins with the first. */
const ORDER = {
  id: 'order-1042',
  source: 'shop',
  type: 'order-placed',
  channel: 'web',
  identifiers: [
    { namespace: 'userId', value: 'u-1001' },
    { namespace: 'email', value: 'jane.doe@example.com' },
  ],
  data: {
    orderId: '1042',
    currency: 'EUR',
    lines: [{ sku: 'TEA-1', category: 'tea', quantity: 2, unitPriceMinor: 1250 }],
  },
};
const LOGIN = {
  id: 'login-77',
  source: 'shop',
  type: 'profile-updated',
  channel: 'web',
  identifiers: [
    { namespace: 'anonymousId', value: 'v-77c1' },
    { namespace: 'userId', value: 'u-1001' },
  ],
  data: { attributes: { firstName: 'Jane' } },
};
const EXAMPLES = {
  order: { summary: 'An order', value: ORDER },
  login: { summary: 'A login: two identifiers, which are one customer from then on', value: LOGIN },
  batch: { summary: 'A batch', value: [ORDER, LOGIN] },
};

const FACT = {
  id: 'spend-2026-01-social',
  source: 'marketing',
  type: 'spend-recorded',
  data: { from: '2026-01-01', until: '2026-02-01', amountMinor: 1250000, currency: 'EUR', purpose: 'acquisition' },
};
const FACT_SCHEMA = openApiSchema(FACT_DOCUMENT.schema);

/** The routes in the OpenAPI document. */
export const TOUCHPOINTS_ROUTES: readonly FastifyRoute[] = [
  {
    path: TOUCHPOINTS_PATH,
    method: 'post',
    models: MODELS,
    schemas: TOUCHPOINT_SCHEMAS,
    operation: {
      ...COMMON,
      operationId: 'publishTouchpoints',
      summary: 'Publish touchpoints',
      responses: {
        200: {
          ...STREAM_RESULT,
          description:
            'Each event was accepted or suppressed, or repeats one that was; or a stream of lines, whatever its outcomes',
        },
        202: resultIn(
          'Some CloudEvents are in quarantine (in a content mode of CloudEvents: delivered, not to be sent again)',
        ),
        207: resultIn('In our JSON form: some events are in quarantine, repetitions of quarantined ones included'),
        422: {
          description:
            'In our JSON form: all events are in quarantine. A problem document with the members of a result',
          headers: OUTCOMES,
          content: {
            [PROBLEM_JSON]: {
              schema: { allOf: [{ $ref: getSchemaPath(ProblemView) }, { $ref: getSchemaPath(IngestResultView) }] },
            },
          },
        },
        ...PROBLEMS,
      },
      description:
        'One event, a batch, or a stream of lines. Each event has one outcome: accepted, duplicate, quarantined with its reason, or suppressed. A batch is never rejected for one bad event, and its status sums up the outcomes. `warnings` names what was accepted and is likely meant otherwise. Every outcome in the answer is durable. A CloudEvent in binary mode carries its attributes in ce- headers, and our extensions beside them: ce-channel, ce-identifiers (JSON text).',
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: { anyOf: [TOUCHPOINT, { type: 'array', items: TOUCHPOINT }] },
            examples: EXAMPLES,
          },
          'application/cloudevents+json': { schema: CLOUD_EVENT },
          'application/cloudevents-batch+json': { schema: { type: 'array', items: CLOUD_EVENT } },
          'application/x-ndjson': {
            schema: {
              type: 'string',
              description: 'One touchpoint, or one CloudEvent in the JSON format, on each line',
            },
          },
        },
      },
    },
  },
  {
    path: FACTS_PATH,
    models: MODELS,
    method: 'post',
    operation: {
      ...COMMON,
      operationId: 'publishFacts',
      summary: 'Publish facts of the business: spend, rates, products, targets, results, and closings of sources',
      responses: {
        200: resultIn('Each fact was accepted, or repeats one that was'),
        202: resultIn('Some CloudEvents are in quarantine'),
        207: resultIn('In our JSON form: some facts are in quarantine'),
        422: {
          description: 'In our JSON form: all facts are in quarantine. A problem document with the members of a result',
          headers: OUTCOMES,
          content: {
            [PROBLEM_JSON]: {
              schema: { allOf: [{ $ref: getSchemaPath(ProblemView) }, { $ref: getSchemaPath(IngestResultView) }] },
            },
          },
        },
        ...PROBLEMS,
      },
      description: `Facts that concern no customer: ${RECORDED_FACTS.join(', ')}. Each has one outcome, as touchpoints have; what the engine records itself is quarantined as fact-internal.`,
      requestBody: {
        required: true,
        content: {
          'application/json': {
            schema: { anyOf: [FACT_SCHEMA, { type: 'array', items: FACT_SCHEMA }] },
            examples: { spend: { summary: 'Money spent on new customers', value: FACT } },
          },
          'application/cloudevents+json': { schema: CLOUD_EVENT },
          'application/cloudevents-batch+json': { schema: { type: 'array', items: CLOUD_EVENT } },
          'application/x-ndjson': {
            schema: { type: 'string', description: 'A fact on each line' },
          },
        },
      },
    },
  },
  {
    path: IMPORT_ROWS_PATH,
    method: 'post',
    models: MODELS,
    operation: {
      ...COMMON,
      parameters: [
        ...COMMON.parameters,
        {
          name: 'dryRun',
          in: 'query',
          required: false,
          schema: { type: 'boolean' },
          description:
            'Say what would become of the rows, and write nothing. A touchpoint whose id is on record counts as a duplicate',
        },
      ],
      operationId: 'importRows',
      summary: 'Ingest rows that an importer read from a file',
      responses: { 200: STREAM_RESULT, ...PROBLEMS },
      description:
        'For `perennial import`: each line is `{"touchpoint": …}`, or `{"invalidRow": …}` for a row that cannot become a touchpoint; that one is quarantined with the reason of the importer.',
      requestBody: {
        required: true,
        content: {
          'application/x-ndjson': {
            schema: {
              oneOf: [
                { type: 'object', required: ['touchpoint'], properties: { touchpoint: TOUCHPOINT, origin: ORIGIN } },
                { type: 'object', required: ['invalidRow'], properties: { invalidRow: INVALID_ROW } },
              ],
            },
          },
        },
      },
    },
  },
];
