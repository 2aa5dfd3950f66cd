import { randomUUID } from 'node:crypto';
import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { ActRequested } from '../access/approvals.js';
import type { Logger } from '../logging/logger.js';
import { describeError } from '../loops/describe-error.js';
import { LOGGER } from '../tokens.js';
import { Problem, PROBLEM_JSON, problemDocument, type ProblemOptions } from './problem.js';
import { storeProblem } from './store-problem.js';

/** The part of Fastify's reply that this filter uses. */
interface Reply {
  readonly sent: boolean;
  readonly raw: { readonly headersSent: boolean; destroy(): void };
  code(status: number): Reply;
  header(name: string, value: string): Reply;
  send(body: Buffer): unknown;
}

/** Fastify's own errors: the status, and a text that says how to fix the request. */
const FASTIFY: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'The body is larger than MAX_BODY_BYTES: send fewer events per request.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    415,
    'This route does not read the content type of the body: see its documentation.',
  ],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, 'The content type is JSON and the body is empty: send a JSON document.'],
  FST_ERR_CTP_INVALID_JSON_BODY: [400, 'The body is not valid JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'The length of the body differs from content-length.'],
  FST_ERR_BAD_URL: [400, 'The URL is malformed.'],
};

/**
 * Writes every error as problem+json, Fastify's own included. Where a store failed, the answer says so, and when to try again; an unexpected error
 * shows a correlation id and nothing else.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly stores: StoreFailures;

  constructor(@Inject(LOGGER) private readonly logger: Logger) {
    this.stores = new StoreFailures(logger);
  }

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<Reply>();
    const { url, method } = http.getRequest<{ url: string; method: string }>();
    // The client closed the connection before its request was complete: no answer can reach it.
    if ((exception as { code?: unknown } | null)?.code === 'ECONNRESET') {
      this.logger.debug({ method }, 'the client aborted its request');
      reply.raw.destroy();
      return;
    }
    // The answer has begun: a cut connection shows the client that it is incomplete.
    if (reply.sent || reply.raw.headersSent) {
      this.logger.warn({ method, error: String(exception) }, 'an answer failed after it had begun');
      reply.raw.destroy();
      return;
    }
    // The act waits for another principal: no error, and not done.
    if (exception instanceof ActRequested) {
      const { waiting } = exception;
      reply.code(202).header('content-type', 'application/json').header('location', `/v1/acts/${waiting.actId}`);
      reply.send(Buffer.from(JSON.stringify(waiting)));
      return;
    }
    const [status, problem] = this.read(exception, method, url);
    const [path] = url.split('?', 1);
    reply.code(status).header('content-type', PROBLEM_JSON);
    for (const [name, value] of Object.entries(problem.headers ?? {})) reply.header(name, value);
    // As bytes: the server would add a charset to a text, which JSON does not have.
    reply.send(Buffer.from(JSON.stringify(problemDocument(status, problem, path))));
  }

  private read(exception: unknown, method: string, url: string): readonly [number, ProblemOptions] {
    if (exception instanceof Problem) return [exception.getStatus(), exception.problem];
    const { code, statusCode } = exception as { code?: unknown; statusCode?: unknown };
    const fastify = typeof code === 'string' ? FASTIFY[code] : undefined;
    if (fastify !== undefined) return [fastify[0], { detail: fastify[1] }];
    if (exception instanceof HttpException && exception.getStatus() < 500)
      return [exception.getStatus(), { detail: exception.message }];
    if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
      return [statusCode, { detail: (exception as Error).message }];
    const store = storeProblem(exception);
    if (store !== null) {
      this.stores.failed(exception, store.getStatus());
      return [store.getStatus(), store.problem];
    }
    const correlationId = randomUUID();
    this.logger.error({ correlationId, method, path: url.split('?', 1)[0], err: exception }, 'unexpected error');
    return [
      500,
      {
        detail: `An unexpected error occurred. The log has its cause under the correlation id ${correlationId}.`,
        extension: { correlationId },
      },
    ];
  }
}

const REPEAT_MS = 60_000;

/** Requests may fail by the thousand while a store is away: each cause is logged at once, and then at most once a minute. */
class StoreFailures {
  private cause: string | null = null;
  private loggedAt = 0;
  private requests = 0;

  constructor(private readonly logger: Logger) {}

  failed(error: unknown, status: number): void {
    const now = performance.now();
    const cause = describeError(error);
    this.requests += 1;
    if (cause === this.cause && now - this.loggedAt < REPEAT_MS) return;
    const { requests } = this;
    this.cause = cause;
    this.loggedAt = now;
    this.requests = 0;
    this.logger.warn({ cause, status, requests }, 'A store failed, and requests were answered with this status.');
  }
}
