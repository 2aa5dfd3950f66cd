import { VersioningType, type INestApplication } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { Problem } from '../problems/problem.js';

/** Answers of the API hold personal data and figures of the moment: no cache on the way keeps them. */
const NO_STORE = 'no-store';

/** What a browser may do with an answer that holds data: nothing. */
const DATA = "default-src 'none'; frame-ancestors 'none'";
/** What a page of ours may load: its own scripts, styles and pictures. */
const PAGES =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const hasPages = (url: string): boolean => !/^\/(?:v1|health|metrics|docs-)/.test(url);

/** A name, an IPv4 or an IPv6 address, and a port. Which name it is decides nothing here: no answer depends on it, and access is by bearer keys alone. */
const HOST = /^(?:[\w.~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;

const noHost = (): Problem =>
  new Problem(400, { detail: 'The request must have a Host header that names this server: HTTP/1.1 requires it.' });

const noRoute = (method: string, url: string): Problem => new Problem(404, { detail: `Cannot ${method} ${url}` });

const unreadableUrl = (): Problem =>
  new Problem(400, {
    detail:
      'The URL is not percent-encoded UTF-8: encode each byte of its UTF-8 text, and a percent sign itself as %25.',
  });

/** Whether the parameters of a URL can be decoded: otherwise their bytes would be compared as they stand, and name nothing. */
function isReadableUrl(url: string): boolean {
  // Node reads each byte as one character.
  if (!/^[\x21-\x7e]*$/.test(url)) return false;
  const at = url.indexOf('?');
  if (at < 0 || !url.includes('%', at)) return true;
  try {
    decodeURIComponent(url.slice(at + 1));
    return true;
  } catch {
    return false;
  }
}

/**
 * What every HTTP application of ours has in common, in a process as in a spec: routes are served under `/v1`, unless their controller is
 * marked VERSION_NEUTRAL, and no answer of theirs is cached. Every answer tells a browser to show it in no frame, to guess no type, and to load nothing from
 * elsewhere.
 */
export function configureApp(app: INestApplication): void {
  app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
  const server = app.getHttpAdapter().getInstance() as FastifyInstance;
  server.addHook('onRequest', (request, reply, next) => {
    const { url, headers, raw } = request;
    if (url.startsWith('/v1/')) reply.header('cache-control', NO_STORE);
    reply.header('x-content-type-options', 'nosniff');
    reply.header('x-frame-options', 'DENY');
    reply.header('referrer-policy', 'no-referrer');
    reply.header('content-security-policy', hasPages(url) ? PAGES : DATA);
    const { host } = headers;
    if (host === undefined ? raw.httpVersion !== '1.0' : !HOST.test(host)) next(noHost());
    else if (!isReadableUrl(url)) next(unreadableUrl());
    // Before its body is read: a flood of bodies to no route costs no parsing.
    else if (request.is404) next(noRoute(request.method, url));
    else next();
  });
}
