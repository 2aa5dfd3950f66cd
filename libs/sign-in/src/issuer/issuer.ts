import type { JSONWebKeySet, JWTVerifyGetKey } from 'jose';
import { HOUR, MINUTE } from '#contracts';
import { isLoopback } from '#platform';
import { IssuerAwayError } from './issuer-away.js';

/** What an identity provider says of itself (OpenID Connect Discovery). Members that nothing here reads are kept for the clients of it. */
export interface IssuerMetadata {
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly [member: string]: unknown;
}

export interface IssuerOptions {
  /** Milliseconds of a clock that only goes forward. */
  readonly now?: () => number;
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** So long one answer may take, to its last byte. */
  readonly timeoutMs?: number;
}

interface Known {
  readonly metadata: IssuerMetadata;
  readonly keyOf: JWTVerifyGetKey;
  readonly at: number;
}

/** So long what was read is used as it is. */
const FRESH_MS = 10 * MINUTE;
/** So long the signing keys that were read last are used while the identity provider does not answer. */
const STALE_MS = 24 * HOUR;
/** A token with an unknown key makes the keys read again, but no sooner after the last reading. */
const AGAIN_MS = 10_000;
/** After a failure so long no other request is sent: each would wait for the same answer. */
const FAILED_MS = 5_000;
const TIMEOUT_MS = 5_000;
/** Metadata and keys of a provider are a few thousand bytes; a longer answer is not read to its end. */
const ANSWER_BYTES_MAX = 256 * 1024;

/**
 * The identity provider: its metadata and its signing keys, read when the first token comes, and again when they are old or a token has a key
 * that is not known: then the provider has changed its keys. While it is away, the keys that were read last go on for a day.
 */
export class Issuer {
  private known: Known | null = null;
  private reading: Promise<Known> | null = null;
  private failure: { readonly at: number; readonly error: IssuerAwayError } | null = null;
  private readonly now: () => number;
  private readonly fetch: NonNullable<IssuerOptions['fetch']>;
  private readonly timeoutMs: number;

  constructor(
    readonly url: string,
    { now = () => performance.now(), fetch: send = fetch, timeoutMs = TIMEOUT_MS }: IssuerOptions = {},
  ) {
    this.now = now;
    this.fetch = send;
    this.timeoutMs = timeoutMs;
  }

  /** @throws IssuerAwayError */
  async metadata(): Promise<IssuerMetadata> {
    return (await this.current()).metadata;
  }

  /**
   * The key that a token says it is signed with.
   * @throws IssuerAwayError, and what jose throws where there is no such key
   */
  readonly keyOf: JWTVerifyGetKey = async (header, token) => {
    const known = await this.current();
    try {
      return await known.keyOf(header, token);
    } catch (error) {
      if (!isUnknownKey(error) || this.now() - known.at < AGAIN_MS) throw error;
      return (await this.readOnce()).keyOf(header, token);
    }
  };

  private async current(): Promise<Known> {
    const { known } = this;
    const age = known === null ? Infinity : this.now() - known.at;
    if (known !== null && age < FRESH_MS) return known;
    try {
      return await this.readOnce();
    } catch (error) {
      if (known === null || age > STALE_MS) throw error;
      return known;
    }
  }

  /** However many requests ask at the same time, one is sent. */
  private readOnce(): Promise<Known> {
    if (this.failure !== null && this.now() - this.failure.at < FAILED_MS) return Promise.reject(this.failure.error);
    this.reading ??= this.read().finally(() => (this.reading = null));
    return this.reading;
  }

  private async read(): Promise<Known> {
    try {
      const metadata = await this.readMetadata();
      const { createLocalJWKSet } = await import('jose');
      const keyOf = createLocalJWKSet((await this.get(metadata.jwks_uri)) as JSONWebKeySet);
      this.failure = null;
      this.known = { metadata, keyOf, at: this.now() };
      return this.known;
    } catch (error) {
      const away = error instanceof IssuerAwayError ? error : this.away(`its signing keys cannot be read`, error);
      this.failure = { at: this.now(), error: away };
      throw away;
    }
  }

  private async readMetadata(): Promise<IssuerMetadata> {
    const metadata = await this.get(`${this.url.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const { issuer, jwks_uri: keys } = (metadata ?? {}) as Partial<IssuerMetadata>;
    if (issuer !== this.url)
      throw this.away(
        `it calls itself ${JSON.stringify(issuer ?? null)}: OIDC_ISSUER must be exactly that, a slash at the end included`,
      );
    if (typeof keys !== 'string' || !URL.canParse(keys) || !isSecure(new URL(keys)))
      throw this.away('its metadata name no https address of its signing keys (jwks_uri)');
    return metadata as IssuerMetadata;
  }

  private async get(url: string): Promise<unknown> {
    let response: Response;
    try {
      response = await this.fetch(url, {
        headers: { accept: 'application/json' },
        redirect: 'error',
        signal: AbortSignal.timeout(this.timeoutMs),
      });
    } catch (error) {
      throw this.away(`${url} does not answer`, error);
    }
    if (!response.ok) throw this.away(`${url} answers with the status ${response.status}`);
    const text = await this.textOf(response, url);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw this.away(`${url} answers with what is not JSON`, error);
    }
  }

  /** The body of an answer, as long as it is neither too long nor too slow: the end of the signal ends it too. */
  private async textOf({ body }: Response, url: string): Promise<string> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    try {
      for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
        bytes += chunk.length;
        if (bytes > ANSWER_BYTES_MAX) break;
        chunks.push(chunk);
      }
    } catch (error) {
      throw this.away(`the answer of ${url} breaks off, or takes longer than ${this.timeoutMs / 1_000} s`, error);
    }
    if (bytes > ANSWER_BYTES_MAX)
      throw this.away(`${url} answers with more than ${ANSWER_BYTES_MAX / 1024} KiB, which is not read`);
    return Buffer.concat(chunks).toString('utf8');
  }

  private away(reason: string, cause?: unknown): IssuerAwayError {
    return new IssuerAwayError(`The identity provider ${this.url} cannot be used: ${reason}.`, { cause });
  }
}

const isSecure = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));

const isUnknownKey = (error: unknown): boolean => (error as { code?: unknown }).code === 'ERR_JWKS_NO_MATCHING_KEY';
