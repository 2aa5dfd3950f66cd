import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import type { CommandBus } from '@nestjs/cqrs';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Access, Clock, Principal, RequestHead } from '#platform';
import {
  type Admission,
  authorizeRequest,
  type Bodies,
  Problem,
  PROBLEM_JSON,
  problemDocument,
  type ProblemOptions,
  type RateLimits,
} from '#platform/nest';
import { readNdjson } from '../cloudevents/ndjson.js';
import {
  HTTP_BINDING,
  NDJSON_TYPES,
  readDocument,
  readEventsInTurns,
  type MessageHeaders,
  type UnreadableMessage,
} from '../cloudevents/read-events.js';
import { readImportRow } from '../importing/import-rows.js';
import { CheckTouchpoints } from '../pipeline/check-touchpoints.js';
import { IngestTouchpoints } from '../pipeline/ingest-touchpoints.js';
import type { Arrival } from '../pipeline/moment.js';
import { LOCAL_PUBLISHER, publisherOf } from '../pipeline/publisher.js';
import type { IngestItem, IngestResult } from '../pipeline/item.js';
import type { InFlight, Lease } from './in-flight.js';
import { answerOf, concealsErasure, OUTCOMES_HEADER, outcomesText, type IngestAnswer } from './ingest-answer.js';
import { StreamResult } from './stream-result.js';
import { FACTS_PATH, IMPORT_ROWS_PATH, LISTED_MAX, PUBLISH, TOUCHPOINTS_PATH } from './touchpoints.openapi.js';
import type { IngestResultView } from './views.js';

export interface TouchpointsPluginOptions {
  readonly commands: CommandBus;
  readonly clock: Clock;
  readonly access: Access;
  readonly rates: RateLimits;
  readonly inFlight: InFlight;
  readonly bodies: Bodies;
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
  const { access, rates, bodies, inFlight } = options;
  return (server: FastifyInstance, _: object, done: () => void): void => {
    server.decorateRequest('principal', null);
    server.decorateRequest('lease', null);
    server.decorateRequest('admission', null);
    server.removeAllContentTypeParsers();
    server.addContentTypeParser('*', (request: FastifyRequest, payload: Readable) =>
      bodies.read(payload, request.headers, wholeBytes(request)),
    );
    server.addContentTypeParser(NDJSON_TYPES, (request: FastifyRequest, payload: Readable, parsed) =>
      parsed(null, bodies.stream(payload, request.headers, streamBytes(leaseOf(request)))),
    );
    // The caller is authorized, and one that has used up its rate and overload are rejected, before a body is read.
    server.addHook('onRequest', (request, reply, next) => {
      const admit = (principal: Principal): void => {
        const admission = rates.admit(principal, 'events');
        const lease = inFlight.enter(principal.id, Number(request.headers['content-length'] ?? 0));
        Object.assign(request as unknown as Authorized, { principal, lease, admission });
        reply.raw.once('close', () => {
          lease.end();
          admission.end();
        });
      };
      try {
        const principal = authorizeRequest(access, headOf(request), PUBLISH);
        if (principal instanceof Promise) {
          principal.then(admit).then(
            () => next(),
            (error: unknown) => next(error as Error),
          );
          return;
        }
        admit(principal);
        next();
      } catch (error) {
        next(error as Error);
      }
    });
    server.post(TOUCHPOINTS_PATH, (request, reply) => answer(request, reply, () => publish(request, options)));
    server.post(FACTS_PATH, (request, reply) => answer(request, reply, () => publish(request, options, asFact)));
    server.post(IMPORT_ROWS_PATH, (request, reply) => answer(request, reply, () => importRows(request, options)));
    done();
  };
}

/** A request whose sender is known, with its place among those in flight. */
interface Authorized {
  principal: Principal | null;
  lease: Lease | null;
  admission: Admission | null;
}

const headOf = ({ method, headers, ip }: FastifyRequest): RequestHead => ({ method, headers, address: ip });

function leaseOf(request: FastifyRequest): Lease {
  const { lease } = request as unknown as Authorized;
  if (lease === null) throw new Error('A body is read of a request that was not admitted.');
  return lease;
}

function admissionOf(request: FastifyRequest): Admission {
  const { admission } = request as unknown as Authorized;
  if (admission === null) throw new Error('Events are counted of a request that was not admitted.');
  return admission;
}

/** Counts the bytes of a body that is read as a whole. */
function wholeBytes(request: FastifyRequest): (bytes: number) => void {
  const lease = leaseOf(request);
  const admission = admissionOf(request);
  return (bytes) => {
    admission.read(bytes);
    lease.add(bytes);
  };
}

/** Of a stream, which may be of any length, so much is in memory at a time. */
const STREAM_BYTES = 4 * 1024 * 1024;

function streamBytes(lease: Lease): (bytes: number) => void {
  let counted = 0;
  return (bytes) => {
    const more = Math.min(bytes, STREAM_BYTES - counted);
    counted += more;
    if (more > 0) lease.add(more);
  };
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  act: () => Promise<IngestAnswer>,
): Promise<FastifyReply> {
  const { status, view } = await act();
  const { headers } = admissionOf(request);
  reply.code(status).headers(headers).header(OUTCOMES_HEADER, outcomesText(view));
  if (status === 422 || status === 403) {
    const problem = status === 403 ? nothingPermitted(view) : allQuarantined(view);
    return reply
      .type(PROBLEM_JSON)
      .send(Buffer.from(JSON.stringify({ ...problemDocument(status, problem, TOUCHPOINTS_PATH), ...view })));
  }
  if (status === 200 && request.headers.accept?.startsWith('application/x-ndjson') === true)
    return reply.type('application/x-ndjson').send(linesOf(view));
  // Text goes out in one piece with the head.
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(view));
}

/** The problem that an answer states beside its results, as every answer with an error status does. */
function allQuarantined({ received, results }: IngestResultView): ProblemOptions {
  const [first] = results;
  const detail =
    received === 1
      ? 'The event is in quarantine: fix it and send it again, or release it.'
      : `Each of the ${received} events is in quarantine: fix them and send them again, or release them.`;
  return {
    type: 'all-quarantined',
    detail,
    ...(received === 1 && first?.errors !== undefined ? { errors: first.errors } : {}),
  };
}

/** The problem of a request that speaks for foreign sources only. Its events are kept under the key. */
function nothingPermitted({ received }: IngestResultView): ProblemOptions {
  return {
    type: 'source-not-permitted',
    detail:
      `${received === 1 ? 'The event names a source' : `Each of the ${received} events names a source`} that this key may not publish for. ` +
      'They are in quarantine under the key: publish with the key of that source.',
  };
}

/** A result on each line, and the counts on the last. */
function linesOf({ results, ...counts }: IngestResultView): string {
  return [...results, counts].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** Facts of the business are read as touchpoints are, in every form. */
const asFact = ({ envelope: _, ...item }: IngestItem): IngestItem => ({ ...item, isFact: true });

async function publish(
  request: FastifyRequest,
  options: TouchpointsPluginOptions,
  as: ((item: IngestItem) => IngestItem) | null = null,
): Promise<IngestAnswer> {
  const verbose = isVerbose(request.query);
  const ingest = ingester(request, verbose, options);
  const body = request.body as Buffer | Readable | undefined;
  if (body !== undefined && !Buffer.isBuffer(body)) {
    const readLine = as === null ? readDocument : (line: unknown) => as(readDocument(line));
    return ingestStream(request, readLine, verbose, ingest, options);
  }
  const read = await readEventsInTurns(headersOf(request), body ?? Buffer.alloc(0), HTTP_BINDING);
  if ('code' in read) {
    // As one rejected event: else a flood of them would be read at the rate of events.
    admissionOf(request).reject(1);
    throw unreadableBody(read);
  }
  const { items, isCloudEvents } = read;
  const { maxBatchEvents } = options.limits;
  if (items.length > maxBatchEvents) {
    admissionOf(request).count(items.length);
    throw new Problem(413, {
      type: 'batch-too-large',
      detail: `The batch holds ${items.length} events, and at most ${maxBatchEvents} are accepted: send several batches, or NDJSON.`,
    });
  }
  return answerOf(
    await ingest(as === null ? items : items.map(as), 'live'),
    isCloudEvents ? 'cloudevents' : 'touchpoints',
    verbose,
  );
}

/** Node joins a header that is repeated; an attribute of a CloudEvent that stands twice is one that readers would read differently. */
function headersOf({ headers, raw }: FastifyRequest): MessageHeaders {
  if (headers[HTTP_BINDING.specversion] === undefined) return headers;
  // A request that did not come through a socket, as a spec injects one, has no list of its headers.
  const { headersDistinct: distinct = {} } = raw as Partial<Pick<typeof raw, 'headersDistinct'>>;
  const doubled = Object.keys(headers).filter(
    (name) => HTTP_BINDING.carriesAttribute(name) && (distinct[name]?.length ?? 0) > 1,
  );
  return doubled.length === 0
    ? headers
    : { ...headers, ...Object.fromEntries(doubled.map((name) => [name, distinct[name]])) };
}

function unreadableBody({ code, detail }: UnreadableMessage): Problem {
  if (code === 'unsupported-media-type') return new Problem(415, { detail });
  return new Problem(400, code === 'not-utf-8' ? { type: code, detail: `${detail} Send UTF-8.` } : { detail });
}

type Ingest = (items: readonly IngestItem[], arrival: Arrival) => Promise<Omit<IngestResult, 'concealed'>>;

/** The command on the bus, with what its sender may learn of the result. */
function ingester(request: FastifyRequest, verbose: boolean, { commands, clock }: TouchpointsPluginOptions): Ingest {
  const { principal } = request as unknown as Authorized;
  const conceals = principal === null || concealsErasure(principal);
  const publisher = principal === null ? LOCAL_PUBLISHER : publisherOf(principal);
  const admission = admissionOf(request);
  return async (items, arrival) => {
    admission.count(items.length);
    const result = await commands.execute<IngestTouchpoints, IngestResult>(
      // The answer to a single event lists it, as that to a verbose request lists all.
      new IngestTouchpoints(items, clock.now(), arrival, conceals, publisher, verbose || items.length === 1),
    );
    admission.reject(result.counts.quarantined);
    return conceals ? result.concealed : result;
  };
}

/** Says what would become of the events, and writes nothing. */
function checker(request: FastifyRequest, { commands, clock }: TouchpointsPluginOptions): Ingest {
  const { principal } = request as unknown as Authorized;
  const publisher = principal === null ? LOCAL_PUBLISHER : publisherOf(principal);
  const admission = admissionOf(request);
  return async (items) => {
    admission.count(items.length);
    return commands.execute(new CheckTouchpoints(items, clock.now(), publisher));
  };
}

async function importRows(request: FastifyRequest, options: TouchpointsPluginOptions): Promise<IngestAnswer> {
  const body = request.body as Buffer | Readable | undefined;
  if (body === undefined || Buffer.isBuffer(body))
    throw new Problem(415, { detail: `Rows of an import are read as NDJSON only: send ${NDJSON_TYPES[0]}.` });
  const isImporter = (request as unknown as Authorized).principal?.id === 'local';
  const { dryRun, ...query } = request.query as Readonly<Record<string, unknown>>;
  const verbose = isVerbose(query);
  const ingest = isOn(dryRun) ? checker(request, options) : ingester(request, verbose, options);
  return ingestStream(request, (line) => readImportRow(line, isImporter), verbose, ingest, options);
}

/** For so long a stream is held back until its sender has paid what it owes; then it ends early. */
const HELD_BACK_MAX_MS = 10_000;

/**
 * Resolves when the sender of a stream owes nothing: no more of the stream is read in the meantime, so its sender is held back.
 * @throws Problem 429 where that would take too long
 */
async function paid(admission: Admission): Promise<void> {
  for (let waitMs = admission.waitMs; waitMs > 0; waitMs = admission.waitMs) {
    if (waitMs > HELD_BACK_MAX_MS) throw admission.refusal();
    await setTimeout(Math.ceil(waitMs));
  }
}

/** A stream is ingested in chunks while it arrives: the next chunk is read while the last one is stored. */
async function ingestStream(
  request: FastifyRequest,
  readLine: (document: unknown) => IngestItem,
  verbose: boolean,
  ingest: Ingest,
  { limits }: TouchpointsPluginOptions,
): Promise<IngestAnswer> {
  const stream = request.body as Readable;
  const admission = admissionOf(request);
  const result = new StreamResult(verbose, LISTED_MAX);
  const chunkEvents = Math.min(limits.maxBatchEvents, CHUNK_EVENTS);
  let isUnderWay = false;
  let pending: ReturnType<Ingest> | null = null;
  const settle = async (): Promise<void> => {
    const last = pending;
    pending = null;
    if (last !== null) result.add(await last);
  };
  try {
    for await (const items of readNdjson(stream, readLine, {
      chunkEvents,
      chunkBytes: CHUNK_BYTES,
      lineBytes: limits.maxBodyBytes,
    })) {
      await settle();
      if (isUnderWay) await paid(admission);
      isUnderWay = true;
      // A stream is the form of files and archives: their sentAt is of another day, and corrects nothing.
      pending = ingest(items, 'kept');
      // Awaited in its turn; until then its failure must not count as unhandled.
      pending.catch(() => undefined);
    }
  } catch (error) {
    await settle();
    throw error instanceof Problem ? endedEarly(error, result.view) : error;
  }
  await settle();
  return { status: result.isForeign ? 403 : 200, view: result.view };
}

/** The problem of a stream that ended early, with what was ingested before. */
function endedEarly(error: Problem, { results: _, ...counts }: IngestResultView): Problem {
  if (counts.received === 0) return error;
  const { detail, ...problem } = error.problem;
  const [first = detail] = detail.split(' Nothing of this request');
  return new Problem(error.getStatus(), {
    ...problem,
    detail: `${first} The first ${counts.received} events were ingested; sent again, they are duplicates.`,
    extension: { ...problem.extension, ...counts },
  });
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
  return isOn(verbose);
}

const isOn = (flag: unknown): boolean => flag === 'true' || flag === '1' || flag === '';
