import type { Readable } from 'node:stream';
import { getSchemaPath } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ENVELOPE_SCHEMA } from '#contracts';
import type { Access, Permission } from '#platform';
import { authorize, Problem, problemResponses, ProblemView, type FastifyRoute } from '#platform/nest';
import { HTTP_BINDING } from '../cloudevents/bindings.js';
import { readNdjson } from '../cloudevents/ndjson.js';
import { NDJSON_TYPES, readDocument, readEvents } from '../cloudevents/read-events.js';
import { readImportRow } from '../importing/import-rows.js';
import type { IngestItem, IngestResult } from '../pipeline/item.js';
import type { InFlight } from './in-flight.js';
import { problemOf } from './store-problems.js';
import { StreamResult } from './stream-result.js';
import { IngestResultView, ItemResultView } from './views.js';

/**
 * The routes that receive events, as a Fastify plugin. They are not a Nest controller for two reasons: their bodies are read as bytes or as a
 * stream, so that one bad event never fails a batch in the server's own parser; and Nest's pipeline costs a request as much as
 * validating thirty events. Guard, problem documents and OpenAPI are those of every other route.
 */
export const TOUCHPOINTS_PATH = '/v1/touchpoints';
export const IMPORT_ROWS_PATH = '/v1/imports/rows';
const PERMISSION: Permission = 'publish';

export interface TouchpointsPluginOptions {
  /** Ingests a batch: the command on the bus. */
  readonly ingest: (items: readonly IngestItem[]) => Promise<IngestResult>;
  readonly access: Access;
  readonly inFlight: InFlight;
  readonly limits: { readonly maxBatchEvents: number; readonly maxBodyBytes: number };
}

/** At most this many results of a stream are listed: its counts are always whole. */
const LISTED_MAX = 10_000;
/** Events and bytes of a stream in one commit. */
const CHUNK_EVENTS = 2_000;
const CHUNK_BYTES = 4 * 1024 * 1024;

export function touchpointsPlugin(options: TouchpointsPluginOptions) {
  const { access, inFlight } = options;
  return (server: FastifyInstance, _: object, done: () => void): void => {
    server.removeAllContentTypeParsers();
    server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => parsed(null, body));
    server.addContentTypeParser(NDJSON_TYPES, (_request, stream, parsed) => parsed(null, stream));
    // The caller is authorized, and overload rejected, before a body is read.
    server.addHook('onRequest', (request, reply, next) => {
      try {
        authorize(access, request.headers.authorization, PERMISSION);
        reply.raw.once('close', inFlight.enter(request.headers['content-length']));
        next();
      } catch (error) {
        next(error as Error);
      }
    });
    server.post(TOUCHPOINTS_PATH, (request, reply) => answer(reply, () => publish(request, options)));
    server.post(IMPORT_ROWS_PATH, (request, reply) => answer(reply, () => importRows(request, options)));
    done();
  };
}

async function answer(reply: FastifyReply, act: () => Promise<IngestResultView>): Promise<FastifyReply> {
  try {
    // Text goes out in one piece with the head.
    return await reply.type('application/json; charset=utf-8').send(JSON.stringify(await act()));
  } catch (error) {
    throw problemOf(error);
  }
}

async function publish(request: FastifyRequest, options: TouchpointsPluginOptions): Promise<IngestResultView> {
  const verbose = isVerbose(request.query);
  const body = request.body as Buffer | Readable | undefined;
  if (body !== undefined && !Buffer.isBuffer(body)) return ingestStream(body, readDocument, verbose, options);
  const read = readEvents(request.headers, body ?? Buffer.alloc(0), HTTP_BINDING);
  if ('code' in read) throw new Problem(read.code === 'malformed' ? 400 : 415, { detail: read.detail });
  const { items } = read;
  const { maxBatchEvents } = options.limits;
  if (items.length > maxBatchEvents)
    throw new Problem(413, {
      type: 'batch-too-large',
      detail: `The batch holds ${items.length} events, and at most ${maxBatchEvents} are accepted: send several batches, or NDJSON.`,
    });
  const { counts, results, exceptions } = await options.ingest(items);
  return { ...counts, results: verbose || items.length === 1 ? results : exceptions };
}

async function importRows(request: FastifyRequest, options: TouchpointsPluginOptions): Promise<IngestResultView> {
  const body = request.body as Buffer | Readable | undefined;
  if (body === undefined || Buffer.isBuffer(body))
    throw new Problem(415, { detail: `Rows of an import are read as NDJSON only: send ${NDJSON_TYPES[0]}.` });
  return ingestStream(body, readImportRow, isVerbose(request.query), options);
}

/** A stream is ingested in chunks while it arrives: the next chunk is read while the last one is stored. */
async function ingestStream(
  stream: Readable,
  readLine: (document: unknown) => IngestItem,
  verbose: boolean,
  { ingest, limits }: TouchpointsPluginOptions,
): Promise<IngestResultView> {
  const result = new StreamResult(verbose, LISTED_MAX);
  const chunkEvents = Math.min(limits.maxBatchEvents, CHUNK_EVENTS);
  let pending: Promise<IngestResult> | null = null;
  for await (const items of readNdjson(stream, readLine, {
    chunkEvents,
    chunkBytes: CHUNK_BYTES,
    lineBytes: limits.maxBodyBytes,
  })) {
    if (pending !== null) result.add(await pending);
    pending = ingest(items);
    // Awaited in its turn; until then its failure must not count as unhandled.
    pending.catch(() => undefined);
  }
  if (pending !== null) result.add(await pending);
  return result.view;
}

/** Whether accepted events are listed too. Any other query parameter is an error of the sender. */
function isVerbose(query: unknown): boolean {
  const { verbose, ...others } = query as Readonly<Record<string, unknown>>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new Problem(400, {
      detail: 'The query has a parameter that this route does not know.',
      errors: [
        {
          pointer: `#/${encodeURIComponent(unknown)}`,
          detail: 'is not a known parameter',
          hint: 'the only one is verbose',
        },
      ],
    });
  return verbose === 'true' || verbose === '1' || verbose === '';
}

const EVENT = {
  ...(ENVELOPE_SCHEMA as Record<string, unknown>),
  description: 'A touchpoint in our JSON form, or a CloudEvent 1.0 in the JSON format',
};
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
    data: {},
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

const COMMON = {
  tags: ['intake'],
  security: [{ bearer: [] }],
  'x-permission': PERMISSION,
  parameters: [
    {
      name: 'verbose',
      in: 'query',
      required: false,
      schema: { type: 'boolean' },
      description: `List the accepted events too. At most ${LISTED_MAX} results of a stream are listed, those that were not accepted first`,
    },
  ],
  responses: {
    200: {
      description: 'The outcome of each event',
      content: { 'application/json': { schema: { $ref: getSchemaPath(IngestResultView) } } },
    },
    ...problemResponses(400, 401, 403, 413, 415, 429, 503, 507),
  },
};
const MODELS = [IngestResultView, ItemResultView, ProblemView];

/** The routes of this plugin in the OpenAPI document. */
export const TOUCHPOINTS_ROUTES: readonly FastifyRoute[] = [
  {
    path: TOUCHPOINTS_PATH,
    method: 'post',
    models: MODELS,
    operation: {
      ...COMMON,
      operationId: 'publishTouchpoints',
      summary: 'Publish touchpoints',
      description:
        'One event, a batch, or a stream of lines. Each event has one outcome: accepted, duplicate, quarantined with its reason, or suppressed. A batch is never rejected for one bad event. Every outcome in the answer is durable. A CloudEvent in binary mode carries its attributes in ce- headers, and our extensions beside them: ce-channel, ce-identifiers (JSON text).',
      requestBody: {
        required: true,
        content: {
          'application/json': { schema: { anyOf: [EVENT, { type: 'array', items: EVENT }] } },
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
    path: IMPORT_ROWS_PATH,
    method: 'post',
    models: MODELS,
    operation: {
      ...COMMON,
      operationId: 'importRows',
      summary: 'Ingest rows that an importer read from a file',
      description:
        'For `perennial import`: each line is `{"touchpoint": …}`, or `{"invalidRow": …}` for a row that cannot become a touchpoint; that one is quarantined with the reason of the importer.',
      requestBody: {
        required: true,
        content: {
          'application/x-ndjson': {
            schema: {
              oneOf: [
                { type: 'object', required: ['touchpoint'], properties: { touchpoint: EVENT } },
                { type: 'object', required: ['invalidRow'], properties: { invalidRow: INVALID_ROW } },
              ],
            },
          },
        },
      },
    },
  },
];
