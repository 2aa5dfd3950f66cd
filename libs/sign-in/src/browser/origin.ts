import { isLoopback, type RequestHead } from '#platform';
import { Problem } from '#platform/nest';

/** Where a browser reaches the engine. */
export interface OwnOrigin {
  /** Without a slash at the end: `https://engine.shop.example`. */
  readonly url: string;
  readonly host: string;
  readonly isSecure: boolean;
}

/**
 * The address that a browser has the engine under: PUBLIC_URL, or the Host of the request where that is this machine.
 * @throws Problem 400 where the request came by another name: no one vouches for it, and what is sent in the clear can be read on the way
 */
export function ownOrigin(publicUrl: string | null, { headers }: Pick<RequestHead, 'headers'>): OwnOrigin {
  if (publicUrl !== null) {
    const { host, protocol } = new URL(publicUrl);
    return { url: publicUrl.replace(/\/+$/, ''), host, isSecure: protocol === 'https:' };
  }
  const host = String(headers['host'] ?? '');
  const url = `http://${host}`;
  if (!URL.canParse(url) || !isLoopback(new URL(url).hostname))
    throw new Problem(400, {
      type: 'unknown-origin',
      detail:
        'People sign in at 127.0.0.1 or localhost, or at the https address that PUBLIC_URL names: set PUBLIC_URL.',
    });
  return { url, host: new URL(url).host, isSecure: false };
}
