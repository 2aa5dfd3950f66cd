import type { Readable } from 'node:stream';
import type { CommandBus } from '@nestjs/cqrs';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Access, Clock } from '#platform';
import { Problem, type Admission, type Bodies, type RateLimits } from '#platform/nest';
import { readJsonBody, flawsByItem, rejectionOf } from '../../cloudevents/strict-json.js';
import { IngestTouchpoints } from '../../pipeline/ingest-touchpoints.js';
import type { IngestResult } from '../../pipeline/item.js';
import { publisherOf } from '../../pipeline/publisher.js';
import type { Rejection } from '../../pipeline/rejection.js';
import type { Sources } from '../../sources/sources.js';
import { isJsonObject, type CallKind } from '../../tracking/call.js';
import { postHogBatch } from '../../tracking/posthog.js';
import { readBatch, readCall, type CallItem, type ReadingContext } from '../../tracking/read-calls.js';
import type { TypeContracts } from '../../types/type-contracts.js';
import type { InFlight, Lease } from '../in-flight.js';
import { concealsErasure, OUTCOMES_HEADER, outcomesText } from '../ingest-answer.js';
import { librarySettings } from './library-settings.js';
import { assertOrigin, corsHeaders, PREFLIGHT } from './origins.js';
import { POSTHOG_PATHS, SETTINGS_PATH, TRACKING_PATHS } from './paths.js';
import { trackingAnswer } from './tracking-answer.js';
import { trackingError } from './tracking-errors.js';
import { keyInBody, keyInHead, writerOf, type Writer } from './write-key.js';

export interface TrackingPluginOptions {
  readonly commands: CommandBus;
  readonly clock: Clock;
  readonly access: Access;
  readonly rates: RateLimits;
  readonly inFlight: InFlight;
  readonly bodies: Bodies;
  readonly sources: Sources;
  readonly contracts: TypeContracts;
  readonly limits: { readonly maxTrackingEventBytes: number; readonly maxTrackingBatchBytes: number };
}

type Json = Readonly<Record<string, unknown>>;

/** How the body of a route is read. */
type Form = CallKind | 'batch' | 'posthog';

/** What is held for one request. Its writer may become known from its body only. */
interface Tracked {
  writer: Writer | null;
  admission: Admission | null;
  lease: Lease;
  bytes: number;
}

const tracked = new WeakMap<object, Tracked>();

/**
 * The routes that analytics libraries send their calls to, as Segment's and PostHog's servers have them. They are read as JSON whatever their content type
 * says, since the libraries state others. Every call goes through the pipeline of all entrances, with the same outcomes.
 */
export function trackingPlugin(options: TrackingPluginOptions) {
  const { bodies, sources } = options;
  return (server: FastifyInstance, _: object, done: () => void): void => {
    server.removeAllContentTypeParsers();
    server.addContentTypeParser('*', (request: FastifyRequest, payload: Readable) =>
      bodies.read(payload, request.headers, (bytes) => countBytes(request, bytes, options)),
    );
    server.addHook('onRequest', async (request, reply) => {
      for (const [name, value] of Object.entries(corsHeaders(sources, request.headers.origin)))
        reply.header(name, value);
      // A preflight is answered before a body, which it may have, is read.
      if (request.method === 'OPTIONS') return preflight(request, reply);
      if (request.routeOptions.url === SETTINGS_PATH) return;
      if (request.method !== 'POST')
        throw new Problem(400, { type: 'bad-method', detail: 'Invalid HTTP Request Method' });
      // Libraries state whatever type, and the server rejects one that is none before it is read.
      request.raw.headers['content-type'] = 'application/json';
      await enter(request, reply, options);
    });
    server.addHook('onSend', (_request, reply, payload, next) => {
      const { statusCode } = reply;
      const retryAfter = reply.getHeader('retry-after');
      if (retryAfter !== undefined) reply.header('x-ratelimit-reset', retryAfter);
      const error = statusCode < 400 ? null : trackingError(statusCode, reply.getHeader('content-type'), payload);
      if (error === null) return next(null, payload);
      reply.code(error.status).type('application/json').removeHeader('content-length');
      next(null, error.body);
    });
    const answer = (form: Form) => async (request: FastifyRequest, reply: FastifyReply) => {
      const { status, headers, body } = await receive(request, form, options);
      return reply.code(status).headers(headers).type('application/json').send(JSON.stringify(body));
    };
    const route = (url: string, form: Form): void => {
      server.post(url, answer(form));
      server.route({ method: ['GET', 'PUT', 'PATCH', 'DELETE'], url, config: UNREAL, handler: answer(form) });
      server.options(url, { config: UNREAL }, preflight);
    };
    for (const [url, form] of TRACKING_PATHS) route(url, form);
    for (const url of POSTHOG_PATHS) route(url, 'posthog');
    server.get(SETTINGS_PATH, (request, reply) => settings(request, reply, options));
    server.options(SETTINGS_PATH, { config: UNREAL }, preflight);
    done();
  };
}

/** Routes that only say which methods there are. */
const UNREAL = { isUnreal: true };

const preflight = (_request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  reply.code(204).headers(PREFLIGHT).send();

/** Before a body is read: whose request it is, where its head says so, and whether there is room for it. */
async function enter(request: FastifyRequest, reply: FastifyReply, options: TrackingPluginOptions): Promise<void> {
  const { access, inFlight } = options;
  const key = keyInHead(request.headers.authorization);
  const writer = key === null ? null : await writerOf(access, key, request.ip);
  const admission = writer === null ? null : admit(writer, request, options);
  // Until a body has said whose it is, its address holds its place.
  const lease = inFlight.enter(
    writer?.principal.id ?? `address:${request.ip}`,
    Number(request.headers['content-length'] ?? 0),
  );
  const held: Tracked = { writer, admission, lease, bytes: 0 };
  tracked.set(request, held);
  reply.raw.once('close', () => {
    held.lease.end();
    held.admission?.end();
  });
}

/** @throws Problem 403, 404 or 429 */
function admit(
  { principal, source }: Writer,
  request: FastifyRequest,
  { sources, rates }: TrackingPluginOptions,
): Admission {
  const registered = sources.of(source);
  assertOrigin(registered, request.headers.origin);
  // What a paused source sends is quarantined as at every entrance; a retired one is told to stop.
  if (registered?.status === 'retired')
    throw new Problem(404, {
      type: 'source-disabled',
      detail: 'Source is disabled',
      extension: { hint: 'the source was retired for good: register another, and send with its key' },
    });
  return rates.admit(principal, 'events');
}

function heldBy(request: FastifyRequest): Tracked {
  const held = tracked.get(request);
  if (held === undefined) throw new Error('A body is read of a request that was not let in.');
  return held;
}

const isSingle = (url: string | undefined): boolean => {
  const form = TRACKING_PATHS.get(url ?? '');
  return form !== undefined && form !== 'batch';
};

function countBytes(request: FastifyRequest, bytes: number, { limits }: TrackingPluginOptions): void {
  const held = heldBy(request);
  held.bytes += bytes;
  const single = isSingle(request.routeOptions.url);
  const max = single ? limits.maxTrackingEventBytes : limits.maxTrackingBatchBytes;
  if (held.bytes > max)
    throw new Problem(400, {
      type: single ? 'event-too-large' : 'batch-too-large',
      detail: 'Request size exceeds max limit',
      headers: { connection: 'close' },
      extension: {
        hint: single
          ? `send at most ${max} bytes in one call, or set MAX_TRACKING_EVENT_BYTES`
          : `send at most ${max} bytes in one batch, or set MAX_TRACKING_BATCH_BYTES`,
      },
    });
  held.admission?.read(bytes);
  held.lease.add(bytes);
}

interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** Reads the body of a request, and ingests its calls. */
async function receive(request: FastifyRequest, form: Form, options: TrackingPluginOptions): Promise<Received> {
  const held = heldBy(request);
  const bytes = request.body as Buffer | undefined;
  if (bytes === undefined || bytes.length === 0)
    throw new Problem(400, { type: 'body-empty', detail: 'Request body is nil' });
  const json = readJsonBody(bytes, 'mapped');
  if ('code' in json || !isJsonObject(json.value)) {
    held.admission?.reject(1);
    const notUtf8 = 'code' in json && json.code === 'not-utf-8';
    throw new Problem(400, {
      type: notUtf8 ? json.code : 'invalid-json',
      detail: notUtf8 ? json.detail : 'Invalid JSON',
    });
  }
  const body = form === 'posthog' ? postHogBatch(json.value) : json.value;
  const isBatch = form === 'batch' || form === 'posthog';
  const { writer, admission } = await writing(request, json.value, options);
  const context = contextOf(writer, options);
  const calls = isBatch
    ? batchOf(body, context, json.flaws)
    : [withRejection(readCall(form, body, context), rejectionOf(json.flaws))];
  const result = await ingest(calls, { writer, admission }, context, options);
  const { counts } = result;
  const view = trackingAnswer(result, calls);
  return {
    status: 200,
    headers: { ...admission.headers, [OUTCOMES_HEADER]: outcomesText(counts) },
    body: form === 'posthog' ? { status: 'Ok', ...view } : view,
  };
}

/** The writer of a request: by its head, or else by its body, which is authorized and counted as it would have been before. */
async function writing(
  request: FastifyRequest,
  body: Json,
  options: TrackingPluginOptions,
): Promise<{ readonly writer: Writer; readonly admission: Admission }> {
  const held = heldBy(request);
  if (held.writer !== null && held.admission !== null) return { writer: held.writer, admission: held.admission };
  const first = Array.isArray(body['batch']) ? (body['batch'] as readonly unknown[])[0] : null;
  const key = keyInBody(body) ?? (isJsonObject(first) ? keyInBody(first) : null);
  const writer = await writerOf(options.access, key, request.ip);
  const admission = admit(writer, request, options);
  admission.read(held.bytes);
  Object.assign(held, { writer, admission });
  return { writer, admission };
}

function contextOf({ source }: Writer, { sources, contracts, clock, limits }: TrackingPluginOptions): ReadingContext {
  return {
    ...{ source, settings: sources.of(source)?.settings ?? null, types: contracts.types },
    ...{ receivedAt: clock.now(), maxEventBytes: limits.maxTrackingEventBytes },
  };
}

function batchOf(body: Json, context: ReadingContext, flaws: Parameters<typeof rejectionOf>[0]): readonly CallItem[] {
  const { batch } = body;
  if (!Array.isArray(batch))
    throw new Problem(400, {
      type: 'invalid-json',
      detail: 'The body holds no batch',
      extension: { hint: 'send {"batch": [ … ]}' },
    });
  if (batch.length === 0) throw new Problem(400, { type: 'batch-empty', detail: 'Empty batch payload' });
  const inCalls = flaws.filter(({ keys }) => keys[0] === 'batch' && keys.length > 1);
  // What is flawed around the list is said of each of its calls, since each of them is read with it.
  const around = rejectionOf(flaws.filter((flaw) => !inCalls.includes(flaw)));
  const rejections = new Map<number, Rejection>();
  for (const [at, its] of flawsByItem(inCalls.map(({ code, keys }) => ({ code, keys: keys.slice(1) })))) {
    const rejection = rejectionOf(its);
    if (rejection !== null) rejections.set(at, rejection);
  }
  if (around !== null) batch.forEach((_, at) => rejections.set(at, around));
  return readBatch(body, context, rejections);
}

const withRejection = (item: CallItem, rejection: Rejection | null): CallItem =>
  rejection === null ? item : { ...item, rejection };

async function ingest(
  calls: readonly CallItem[],
  { writer: { principal }, admission }: { readonly writer: Writer; readonly admission: Admission },
  { receivedAt }: ReadingContext,
  { commands }: TrackingPluginOptions,
): Promise<Omit<IngestResult, 'concealed'>> {
  admission.count(calls.length);
  const conceals = concealsErasure(principal);
  const result = await commands.execute<IngestTouchpoints, IngestResult>(
    new IngestTouchpoints(calls, receivedAt, 'live', conceals, publisherOf(principal), false),
  );
  admission.reject(result.counts.quarantined);
  return conceals ? result.concealed : result;
}

/** What the browser library reads before it sends. The key in the URL is that of a page, which everyone can read. */
async function settings(
  request: FastifyRequest,
  reply: FastifyReply,
  options: TrackingPluginOptions,
): Promise<FastifyReply> {
  const { writeKey } = request.params as { readonly writeKey: string };
  const writer = await writerOf(options.access, writeKey, request.ip).catch((error: unknown) => {
    const isUnknown = error instanceof Problem && (error.getStatus() === 401 || error.getStatus() === 403);
    throw isUnknown ? unknownProject() : error;
  });
  assertOrigin(options.sources.of(writer.source), request.headers.origin);
  const forwarded = request.headers['x-forwarded-proto'];
  const protocol = forwarded === 'https' ? 'https' : request.protocol;
  const view = librarySettings(writeKey, { host: request.headers.host ?? '', protocol });
  return reply.type('application/json').send(JSON.stringify(view));
}

const unknownProject = (): Problem =>
  new Problem(404, {
    type: 'project-unknown',
    detail: 'No source has this write key',
    extension: { hint: 'load the library with the key that `perennial sources create NAME --kind segment` printed' },
  });
