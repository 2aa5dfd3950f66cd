import type { RequestHead } from '#platform';
import { Problem } from '#platform/nest';
import type { OwnOrigin } from './origin.js';

/**
 * A cookie comes along with whatever a browser sends, also from the page of another site. So it counts only where the browser says that a page of the
 * engine sent the request, and where the request has a content type that no form of another site can have.
 * @throws Problem 403 `cross-site`, 415
 */
export function assertSameOrigin(
  { method, headers }: Pick<RequestHead, 'method' | 'headers'>,
  { host }: OwnOrigin,
): void {
  const site = headers['sec-fetch-site'];
  const isOwn = site === undefined ? hostOf(headers['origin']) === host : site === 'same-origin';
  if (!isOwn)
    throw new Problem(403, {
      type: 'cross-site',
      detail:
        'A session is accepted from pages of the engine alone: send an API key or an access token from elsewhere.',
    });
  if (method === 'GET' || method === 'HEAD') return;
  if (!/^application\/json *(?:;|$)/i.test(String(headers['content-type'] ?? '')))
    throw new Problem(415, { detail: 'With a session, send the content type application/json, also without a body.' });
}

const hostOf = (origin: string | string[] | undefined): string | null =>
  typeof origin === 'string' && URL.canParse(origin) ? new URL(origin).host : null;
