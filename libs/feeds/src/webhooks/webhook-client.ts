import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { parseRetryAfter } from './attempts.js';
import { EgressDenied, type EgressPolicy } from './egress-policy.js';

/** The result of one attempt. */
export type SendResult =
  | { readonly kind: 'delivered'; readonly status: number }
  /** The endpoint rejects this message: further attempts will hardly help. */
  | { readonly kind: 'rejected'; readonly status: number; readonly reason: string; readonly waitMs: number | null }
  /** 410: the endpoint wants no more messages. */
  | { readonly kind: 'gone'; readonly status: number; readonly reason: string }
  | {
      readonly kind: 'failing';
      readonly status: number | null;
      readonly reason: string;
      readonly waitMs: number | null;
    }
  /** The dispatcher aborted the request: it says nothing about the endpoint. */
  | { readonly kind: 'stopped' };

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly timeoutMs: number;
  readonly abort: AbortSignal;
  readonly now: () => number;
}

/** How much of an answer is read, so that the connection can be reused. Its content is ignored. */
const ANSWER_BYTES_MAX = 65_536;
/** How long the rest of an answer is waited for. */
const REST_MS = 1_000;
const REJECTIONS: ReadonlySet<number> = new Set([400, 413, 415, 422]);
/** Shorter than the time for which servers keep an idle connection open. */
const IDLE_MS = 4_000;

/** Sends messages by POST. It follows no redirects: the egress policy has checked the URL of the endpoint, and not the one that it redirects to. */
export class WebhookClient {
  private readonly http: HttpAgent;
  private readonly https: HttpsAgent;

  constructor(private readonly egressPolicy: EgressPolicy) {
    const options = { keepAlive: true, timeout: IDLE_MS, maxFreeSockets: 64 };
    this.http = new HttpAgent({ ...options, lookup: egressPolicy.lookup(false) });
    this.https = new HttpsAgent({ ...options, lookup: egressPolicy.lookup(true) });
  }

  async send(request: WebhookRequest): Promise<SendResult> {
    const url = new URL(request.url);
    // The policy may have changed since the endpoint was registered.
    const rejection = this.egressPolicy.rejection(url);
    if (rejection !== null) return { kind: 'failing', status: null, reason: `its URL ${rejection}`, waitMs: null };
    const ending = new AbortController();
    const end = () => ending.abort();
    const timer = setTimeout(end, request.timeoutMs);
    request.abort.addEventListener('abort', end);
    try {
      const answer = await this.exchange(url, request, ending.signal);
      return resultOf(answer.statusCode ?? 0, answer.headers['retry-after'], request.now());
    } catch (error) {
      if (request.abort.aborted) return { kind: 'stopped' };
      const reason = ending.signal.aborted ? `gave no answer within ${request.timeoutMs} ms` : reasonOf(error);
      return { kind: 'failing', status: null, reason, waitMs: null };
    } finally {
      clearTimeout(timer);
      request.abort.removeEventListener('abort', end);
    }
  }

  close(): void {
    this.http.destroy();
    this.https.destroy();
  }

  private exchange(
    url: URL,
    { headers, body }: Pick<WebhookRequest, 'headers' | 'body'>,
    signal: AbortSignal,
    mayRetry = true,
  ): Promise<IncomingMessage> {
    const secure = url.protocol === 'https:';
    const bytes = Buffer.from(body ?? '', 'utf8');
    return new Promise((resolve, reject) => {
      const sent = (secure ? httpsRequest : httpRequest)(url, {
        method: 'POST',
        agent: secure ? this.https : this.http,
        signal,
        headers: { ...headers, 'content-length': String(bytes.length), 'user-agent': 'perennial-webhooks' },
      });
      let isAnswered = false;
      sent.once('response', (answer) => {
        isAnswered = true;
        void drain(answer).then(() => resolve(answer));
      });
      sent.on('error', (error: NodeJS.ErrnoException) => {
        // The status is the receipt, whatever becomes of the rest.
        if (isAnswered) return;
        // The server closed an idle connection, as it may: this does not count as an attempt.
        if (mayRetry && sent.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE'))
          this.exchange(url, { headers, body }, signal, false).then(resolve, reject);
        else reject(error);
      });
      // Node looks up no address, so the lookup of the policy does not see it.
      const host = url.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) !== 0 && !this.egressPolicy.permits(host, host, secure))
        sent.destroy(new EgressDenied('not allowed'));
      else sent.end(bytes);
    });
  }
}

/** Reads the rest of an answer, so that its connection can be used again. Its status has arrived: what is late or broken in the rest changes nothing. */
function drain(answer: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => answer.destroy(), REST_MS);
    const end = (): void => {
      clearTimeout(late);
      resolve();
    };
    let bytes = 0;
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > ANSWER_BYTES_MAX) answer.destroy();
    });
    answer.once('error', end);
    answer.once('close', end);
  });
}

function resultOf(status: number, retryAfter: string | undefined, now: number): SendResult {
  if (status >= 200 && status < 300) return { kind: 'delivered', status };
  const reason = `answered ${status}`;
  if (status === 410) return { kind: 'gone', status, reason };
  const waitMs = parseRetryAfter(retryAfter, now);
  return { kind: REJECTIONS.has(status) ? 'rejected' : 'failing', status, reason, waitMs };
}

function reasonOf(error: unknown): string {
  if (error instanceof EgressDenied) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message.slice(0, 200);
}
