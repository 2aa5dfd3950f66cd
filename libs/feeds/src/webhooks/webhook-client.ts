import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { Unreachable, type EgressPolicy } from './egress-policy.js';
import { parseWait } from './attempts.js';

/** What became of one try. */
export type Answer =
  | { readonly kind: 'taken'; readonly status: number }
  /** It is not wanted as it is: trying more often will hardly help. */
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string; readonly waitMs: number | null }
  /** 410: nothing is wanted any more. */
  | { readonly kind: 'gone'; readonly status: number; readonly reason: string }
  | {
      readonly kind: 'failing';
      readonly status: number | null;
      readonly reason: string;
      readonly waitMs: number | null;
    }
  /** We were asked to stop: it tells nothing of the endpoint. */
  | { readonly kind: 'stopped' };

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly timeoutMs: number;
  readonly stop: AbortSignal;
  readonly now: () => number;
}

/** So much of an answer is read, for the connection's sake; nobody looks at it. */
const ANSWER_BYTES_MAX = 65_536;
const NOT_WANTED: ReadonlySet<number> = new Set([400, 413, 415, 422]);
/** Shorter than servers keep a connection that nothing comes from. */
const IDLE_MS = 4_000;

/** Sends one message by POST. Follows no redirection: where it may go was looked at beforehand, where it would be sent on was not. */
export class WebhookClient {
  private readonly http: HttpAgent;
  private readonly https: HttpsAgent;

  constructor(private readonly reach: EgressPolicy) {
    const kept = { keepAlive: true, timeout: IDLE_MS, maxFreeSockets: 64 };
    this.http = new HttpAgent({ ...kept, lookup: reach.lookup(false) });
    this.https = new HttpsAgent({ ...kept, lookup: reach.lookup(true) });
  }

  async send(post: Post): Promise<Answer> {
    const url = new URL(post.url);
    // What is allowed may have changed since it was registered.
    const rejection = this.reach.rejection(url);
    if (rejection !== null) return { kind: 'failing', status: null, reason: `its URL ${rejection}`, waitMs: null };
    const ending = new AbortController();
    const end = () => ending.abort();
    const timer = setTimeout(end, post.timeoutMs);
    post.stop.addEventListener('abort', end);
    try {
      const answer = await this.exchange(url, post, ending.signal);
      return readAnswer(answer.statusCode ?? 0, answer.headers['retry-after'], post.now());
    } catch (error) {
      if (post.stop.aborted) return { kind: 'stopped' };
      const reason = ending.signal.aborted ? `gave no answer within ${post.timeoutMs} ms` : reasonOf(error);
      return { kind: 'failing', status: null, reason, waitMs: null };
    } finally {
      clearTimeout(timer);
      post.stop.removeEventListener('abort', end);
    }
  }

  close(): void {
    this.http.destroy();
    this.https.destroy();
  }

  private exchange(url: URL, { headers, body }: Post, signal: AbortSignal, again = true): Promise<IncomingMessage> {
    const secure = url.protocol === 'https:';
    const bytes = Buffer.from(body ?? '', 'utf8');
    return new Promise((resolve, reject) => {
      const sent = (secure ? httpsRequest : httpRequest)(url, {
        method: 'POST',
        agent: secure ? this.https : this.http,
        signal,
        headers: { ...headers, 'content-length': String(bytes.length), 'user-agent': 'perennial-webhooks' },
      });
      sent.once('response', (answer) => {
        read(answer).then(() => resolve(answer), reject);
      });
      sent.on('error', (error: NodeJS.ErrnoException) => {
        // The other side closed a connection that it had kept open, as it may: that was no try.
        if (again && sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE'))
          this.exchange(url, { headers, body } as Post, signal, false).then(resolve, reject);
        else reject(error);
      });
      // An address in the URL is looked up by nobody.
      const host = url.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && !this.reach.permits(host, host, secure)) sent.destroy(new Unreachable('not allowed'));
      else sent.end(bytes);
    });
  }
}

/** Its status has come: however the rest of it fares, it is answered. */
function read(answer: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES_MAX) answer.destroy();
    });
    answer.once('error', () => resolve());
    answer.once('close', () => resolve());
  });
}

function readAnswer(status: number, retryAfter: string | undefined, now: number): Answer {
  if (status >= 200 && status < 300) return { kind: 'taken', status };
  const reason = `answered ${status}`;
  if (status === 410) return { kind: 'gone', status, reason };
  const waitMs = parseWait(retryAfter, now);
  return { kind: NOT_WANTED.has(status) ? 'refused' : 'failing', status, reason, waitMs };
}

function reasonOf(error: unknown): string {
  if (error instanceof Unreachable) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message.slice(0, 200);
}
