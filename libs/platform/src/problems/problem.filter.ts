import { randomUUID } from 'node:crypto';
import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Logger } from '../logging/logger.js';
import { LOGGER } from '../tokens.js';
import { Problem, PROBLEM_JSON, problemDocument, type ProblemOptions } from './problem.js';

/** What this filter needs of Fastify's reply. */
interface Reply {
  readonly sent: boolean;
  readonly raw: { readonly headersSent: boolean; destroy(): void };
  code(status: number): Reply;
  header(name: string, value: string): Reply;
  send(body: Buffer): unknown;
}

/** What Fastify says of its own errors: the status and the fix, in our words. */
const FASTIFY: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'The body is larger than MAX_BODY_BYTES: send less at a time.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'The content type is not one that this route reads.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: [400, 'The content type says JSON, and the body is empty.'],
  FST_ERR_CTP_INVALID_JSON_BODY: [400, 'The body is not JSON.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'The body is not as long as content-length says.'],
  FST_ERR_BAD_URL: [400, 'The URL is malformed.'],
};

/** Every error becomes problem+json, Fastify's own too. What nobody expected tells a correlation id and nothing else. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<Reply>();
    const { url, method } = http.getRequest<{ url: string; method: string }>();
    // The sender hung up before its request was whole: nobody is there to be told.
    if ((exception as { code?: unknown } | null)?.code === 'ECONNRESET') {
      this.logger.debug({ method }, 'a request broke off');
      reply.raw.destroy();
      return;
    }
    // Too late to say anything but "no more": the client sees a cut answer, not a whole one that lies.
    if (reply.sent || reply.raw.headersSent) {
      this.logger.warn({ method, error: String(exception) }, 'an answer failed after it had begun');
      reply.raw.destroy();
      return;
    }
    const [status, problem] = this.read(exception, method, url);
    const [path] = url.split('?', 1);
    reply.code(status).header('content-type', PROBLEM_JSON);
    for (const [name, value] of Object.entries(problem.headers ?? {})) reply.header(name, value);
    // As bytes: to a text the server would add a charset, which JSON does not have.
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
    const correlationId = randomUUID();
    this.logger.error({ correlationId, method, path: url.split('?', 1)[0], err: exception }, 'unexpected error');
    return [
      500,
      {
        detail: `Something unexpected happened. The log tells more under the correlation id ${correlationId}.`,
        extension: { correlationId },
      },
    ];
  }
}
