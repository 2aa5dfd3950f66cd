import type { Readable } from 'node:stream';
import type { CommandBus } from '@nestjs/cqrs';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Access, Clock } from '#platform';
import { authorize, Problem } from '#platform/nest';
import { readNdjson } from '../cloudevents/ndjson.js';
import { HTTP_BINDING, NDJSON_TYPES, readDocument, readEvents } from '../cloudevents/read-events.js';
import { readImportRow } from '../importing/import-rows.js';
import { IngestTouchpoints } from '../pipeline/ingest-touchpoints.js';
import type { Arrival } from '../pipeline/moment.js';
import type { IngestItem, IngestResult } from '../pipeline/item.js';
import { StreamResult } from './stream-result.js';
import { IMPORT_ROWS_PATH, LISTED_MAX, PERMISSION, TOUCHPOINTS_PATH } from './touchpoints.openapi.js';
import type { IngestResultView } from './views.js';

export interface TouchpointsPluginOptions {
  readonly commands: CommandBus;
  readonly clock: Clock;
  readonly access: Access;
  readonly inFlight: InFlight;
  readonly limits: { readonly maxBatchEvents: number; readonly maxBodyBytes: number };
}

/** Events and bytes of a stream in one commit. */
const CHUNK_EVENTS = 2_000;
const CHUNK_BYTES = 4 * 1024 * 1024;

/**
 * The routes that receive events, as a Fastify plugin. They are not a Nest controller for two reasons: their bodies are read as bytes or as a
 * stream, so that one bad event never fails a batch in the server's own parser; and Nest's pipeline costs a request as much as
 * validating thirty events. Guard, problem documents and OpenAPI are those of every other route.
 */
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
  // Text goes out in one piece with the head.
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(await act()));
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
  const { counts, results, exceptions } = await ingest(items, 'live', options);
  return { ...counts, results: verbose || items.length === 1 ? results : exceptions };
}

/** The command on the bus. */
function ingest(
  items: readonly IngestItem[],
  arrival: Arrival,
  { commands, clock }: TouchpointsPluginOptions,
): Promise<IngestResult> {
  return commands.execute(new IngestTouchpoints(items, clock.now(), arrival));
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
  options: TouchpointsPluginOptions,
): Promise<IngestResultView> {
  const { limits } = options;
  const result = new StreamResult(verbose, LISTED_MAX);
  const chunkEvents = Math.min(limits.maxBatchEvents, CHUNK_EVENTS);
  let pending: Promise<IngestResult> | null = null;
  for await (const items of readNdjson(stream, readLine, {
    chunkEvents,
    chunkBytes: CHUNK_BYTES,
    lineBytes: limits.maxBodyBytes,
  })) {
    if (pending !== null) result.add(await pending);
    // A stream is the form of files and archives: their sentAt is of another day, and corrects nothing.
    pending = ingest(items, 'kept', options);
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

export interface InFlightLimits {
  readonly maxInFlightBytes: number;
  readonly maxInFlightRequests: number;
}

/** What a request of unknown length counts as: one chunk of a stream is in memory at a time. */
const STREAM_BYTES = 4 * 1024 * 1024;
/** Whole seconds after which a rejected sender may try again: a batch takes far less. */
const RETRY_AFTER_S = 1;

/** Counts the requests being ingested, and rejects more than the process can hold, before a body is read. */
export class InFlight {
  private bytesInFlight = 0;
  private requestsInFlight = 0;

  constructor(private readonly limits: InFlightLimits) {}

  get bytes(): number {
    return this.bytesInFlight;
  }

  /**
   * Admits a request, and returns what to call when it has ended (a second call does nothing). Throws `Problem` 429 or 503
   * with an integer Retry-After.
   */
  enter(contentLength: string | undefined): () => void {
    const length = Number(contentLength ?? STREAM_BYTES);
    const bytes = Number.isFinite(length) ? Math.min(length, this.limits.maxInFlightBytes) : STREAM_BYTES;
    if (this.requestsInFlight >= this.limits.maxInFlightRequests)
      throw overload(429, `${this.requestsInFlight} requests are being ingested already.`);
    if (this.bytesInFlight > 0 && this.bytesInFlight + bytes > this.limits.maxInFlightBytes)
      throw overload(503, `${this.bytesInFlight} bytes are being ingested already.`);
    this.requestsInFlight += 1;
    this.bytesInFlight += bytes;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.requestsInFlight -= 1;
      this.bytesInFlight -= bytes;
    };
  }
}

function overload(status: 429 | 503, what: string): Problem {
  return new Problem(status, {
    type: 'overloaded',
    detail: `${what} Nothing of this request was ingested: send it again later.`,
    headers: { 'retry-after': String(RETRY_AFTER_S) },
  });
}
