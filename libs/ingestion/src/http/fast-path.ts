import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { Inject, Injectable, type ArgumentsHost } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { ACCESS, CONFIG, LOGGER, principalOf, type Access, type Config, type Logger } from '#platform';
import { ProblemFilter } from '#platform/nest';
import { mediaType } from '../cloudevents/cloudevent.js';
import { NDJSON_TYPES, READABLE_TYPES } from '../cloudevents/http-message.js';
import { InFlight } from './in-flight.js';
import { TOUCHPOINTS_PATH } from './raw-bodies.js';
import { problemOf } from './store-problems.js';
import { TouchpointsController } from './touchpoints.controller.js';

const READABLE = new Set(READABLE_TYPES);
const STREAMED = new Set(NDJSON_TYPES);

/**
 * The road of the requests that come by the thousand: straight from Node's server to the route's own method, past the
 * framework's routing, guards and pipelines, which cost as much as checking thirty events. It takes a request only where
 * nothing can be said against it before its body is read; every other goes the framework's way, which says what is wrong.
 * So both ways give the same answers, and this one may be left out.
 */
@Injectable()
export class FastPath {
  private readonly problems: ProblemFilter;
  private closing = false;
  private taken = 0;

  constructor(
    private readonly modules: ModuleRef,
    private readonly inFlight: InFlight,
    @Inject(ACCESS) private readonly access: Access,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.problems = new ProblemFilter(logger);
  }

  /** Requests that went this way. */
  get requests(): number {
    return this.taken;
  }

  /** Stands before whoever listens to the server now. */
  standBefore(server: Server): void {
    const touchpoints = this.modules.get(TouchpointsController);
    const framework = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      const leave = this.enter(request);
      if (leave === null) {
        for (const listener of framework) listener.call(server, request, response);
        return;
      }
      this.taken += 1;
      response.once('close', leave);
      void this.answer(touchpoints, request, response);
    });
  }

  /** From now on the framework answers everybody: it says that the engine is ending. */
  close(): void {
    this.closing = true;
  }

  /** Lets a request in, with what to call when it has left; null where somebody else has to look at it. */
  private enter({ method, url, headers }: IncomingMessage): (() => void) | null {
    if (this.closing || method !== 'POST' || url !== TOUCHPOINTS_PATH) return null;
    const media = mediaType(headers['content-type']);
    if (media === undefined || !READABLE.has(media)) return null;
    const length = Number(headers['content-length'] ?? Number.NaN);
    if (!(length > 0 && length <= this.config.maxBodyBytes)) return null;
    if (principalOf(this.access, headers.authorization)?.permissions.has('publish') !== true) return null;
    try {
      return this.inFlight.enter(headers['content-length']);
    } catch {
      return null;
    }
  }

  private async answer(
    touchpoints: TouchpointsController,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    try {
      const { headers } = request;
      const body = STREAMED.has(mediaType(headers['content-type']) ?? '') ? request : await wholeBody(request);
      const answer = JSON.stringify(await touchpoints.publish({ headers, body }));
      response.writeHead(200, {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(answer),
      });
      // As text it goes out in one piece with the head.
      response.end(answer);
    } catch (error) {
      this.problems.catch(problemOf(error), hostOf(request, response));
    }
  }
}

/** The server holds it to the length that it states. Rejects where the sender hangs up before. */
function wholeBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.on('error', reject);
  });
}

/** What the filter needs of the framework's request and reply. */
function hostOf({ method = '', url = '' }: IncomingMessage, response: ServerResponse): ArgumentsHost {
  const reply = {
    raw: response,
    get sent(): boolean {
      return response.writableEnded;
    },
    code(status: number) {
      response.statusCode = status;
      return reply;
    },
    header(name: string, value: string) {
      response.setHeader(name, value);
      return reply;
    },
    send(body: Buffer): void {
      response.setHeader('content-length', body.length);
      response.end(body);
    },
  };
  const http = { getRequest: () => ({ method, url }), getResponse: () => reply };
  return { switchToHttp: () => http } as unknown as ArgumentsHost;
}
