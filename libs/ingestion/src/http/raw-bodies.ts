import type { Readable } from 'node:stream';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { principalOf, type Access } from '#platform';
import { unauthenticated } from '#platform/nest';
import { NDJSON_TYPES } from '../cloudevents/http-message.js';
import type { InFlight } from './in-flight.js';

/** The route whose bodies intake reads itself. */
export const TOUCHPOINTS_PATH = '/v1/touchpoints';

const isOurs = (url: string): boolean => url === TOUCHPOINTS_PATH || url.startsWith(`${TOUCHPOINTS_PATH}?`);

type Done = (error: Error | null, body?: unknown) => void;

/** What is needed of Fastify. */
interface Instance {
  addHook(
    name: 'onRequest',
    hook: (
      request: { readonly method: string; readonly url: string; readonly headers: Record<string, string | undefined> },
      reply: { readonly raw: { once(event: 'close', listener: () => void): unknown } },
      done: (error?: Error) => void,
    ) => void,
  ): unknown;
  addHook(name: 'preClose', hook: (done: () => void) => void): unknown;
  addContentTypeParser(
    type: string | string[],
    options: { readonly parseAs: 'buffer' },
    parser: (request: { readonly url: string }, body: Buffer, done: Done) => void,
  ): unknown;
  addContentTypeParser(
    type: string | string[],
    parser: (request: { readonly url: string }, payload: Readable, done: Done) => void,
  ): unknown;
  removeAllContentTypeParsers(): unknown;
  getDefaultJsonParser(
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
  ): (request: { readonly url: string }, body: string, done: Done) => void;
}

/**
 * Teaches the HTTP server how the bodies of touchpoints arrive: as bytes, whatever their content type says (so that one
 * bad event never fails a batch in the server's own parser), and NDJSON as a stream. All other routes keep JSON.
 * Who sends them is asked, and overload rejected, before a body is read. `onClosing` is called when the server is asked to close.
 */
export function receiveRawBodies(
  adapter: FastifyAdapter,
  inFlight: InFlight,
  access: Access,
  onClosing: () => void,
): void {
  const server = adapter.getInstance() as unknown as Instance;
  server.addHook('preClose', (done) => {
    onClosing();
    done();
  });
  server.addHook('onRequest', (request, reply, done) => {
    if (request.method !== 'POST' || !isOurs(request.url)) return done();
    try {
      if (principalOf(access, request.headers['authorization']) === null) throw unauthenticated();
      reply.raw.once('close', inFlight.enter(request.headers['content-length']));
      done();
    } catch (error) {
      done(error as Error);
    }
  });
  const json = server.getDefaultJsonParser('error', 'error');
  // Forms and plain text too, which the framework would read: no route of ours takes them.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (isOurs(request.url)) done(null, body);
    else json(request, body.toString('utf8'), done);
  });
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    if (isOurs(request.url)) done(null, body);
    else done(Object.assign(new Error('unsupported'), { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 }));
  });
  server.addContentTypeParser(NDJSON_TYPES, (request, payload, done) => {
    if (isOurs(request.url)) done(null, payload);
    else done(Object.assign(new Error('unsupported'), { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE', statusCode: 415 }));
  });
}
