import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyHttpOptions, FastifyInstance } from 'fastify';
import { Bodies } from './bodies/bodies.js';
import { acceptOnlyJson } from './bodies/json-bodies.js';
import { PROBLEM_JSON, problemDocument } from './problems/problem.js';

interface Rejected {
  readonly statusCode?: number | undefined;
  readonly message: string;
}

/** The part of Fastify's reply that is used here. */
interface RawReply {
  hijack(): unknown;
  readonly raw: ServerResponse;
}

/** The settings that bound a request. */
export interface HttpLimits {
  readonly maxBodyBytes: number;
  readonly bodyIdleSeconds: number;
  readonly bodySeconds: number;
}

/** The HTTP server's adapter, with what reads the bodies of its requests. */
export class HttpAdapter extends FastifyAdapter {
  readonly bodies: Bodies;

  constructor(limits: HttpLimits, options: FastifyHttpOptions<Server>) {
    super(options);
    this.bodies = new Bodies({
      maxBodyBytes: limits.maxBodyBytes,
      idleMs: limits.bodyIdleSeconds * 1_000,
      totalMs: limits.bodySeconds * 1_000,
    });
  }

  /** Nest's own parsers would replace bytes that are not UTF-8. */
  override registerParserMiddleware(prefix?: string, rawBody?: boolean): void {
    super.registerParserMiddleware(prefix, rawBody);
    acceptOnlyJson(this.getInstance() as unknown as FastifyInstance, this.bodies);
  }
}

/** Answers given before a route is found are problem+json too. */
export function createHttpAdapter(config: HttpLimits): HttpAdapter {
  return new HttpAdapter(config, {
    bodyLimit: config.maxBodyBytes,
    // Node would answer a request without one by itself; `configureApp` answers it with a problem document.
    http: { requireHostHeader: false },
    // When the engine stops, requests in progress are finished, and idle connections are closed.
    forceCloseConnections: 'idle' as const,
    // As long as Node's limit for a request's head, so that the route validates every parameter and reports its issues.
    routerOptions: { maxParamLength: 16_384 },
    // A malformed URL or an over-long parameter matches no route, so no filter sees it.
    frameworkErrors(error: Rejected, _: unknown, reply: RawReply): void {
      const status = error.statusCode ?? 400;
      reply.hijack();
      reply.raw
        .writeHead(status, { 'content-type': PROBLEM_JSON, 'x-content-type-options': 'nosniff' })
        .end(JSON.stringify(problemDocument(status, { detail: error.message })));
    },
    // Bytes that are not an HTTP request.
    clientErrorHandler(error: NodeJS.ErrnoException, socket: Socket): void {
      if (error.code === 'ECONNRESET' || !socket.writable) {
        socket.destroy();
        return;
      }
      const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
      const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
      const status = tooLarge ? 431 : late ? 408 : 400;
      const detail = tooLarge
        ? 'The headers are too large.'
        : late
          ? 'The request took too long to arrive.'
          : 'This is not an HTTP request.';
      const document = problemDocument(status, { detail });
      const body = JSON.stringify(document);
      socket.end(
        `HTTP/1.1 ${status} ${String(document['title'])}\r\ncontent-type: ${PROBLEM_JSON}\r\nx-content-type-options: nosniff\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
      );
    },
  });
}
