import type { ApiKeys, RejectedSignIns } from '#keys';
import type { People, Principal, RequestHead } from '#platform';
import { Problem } from '#platform/nest';
import { readCookie } from './browser/cookies.js';
import { ownOrigin } from './browser/origin.js';
import { assertSameOrigin } from './browser/same-origin.js';
import type { SignIn } from './browser/sign-in.js';
import { IssuerAwayError } from './issuer/issuer-away.js';
import type { Directory } from './people/directory.js';
import type { OpenSession, Sessions } from './sessions/sessions.js';
import type { AccessTokens } from './tokens/access-tokens.js';
import { TokenRejectedError } from './tokens/token-rejected.js';

/** A bearer token whose header is a JSON object, in base64url: an API key does not look so. */
const BEARER_JWT = /^Bearer +(ey[^\s]*) *$/i;

const RETRY_AFTER_S = 5;

export interface PeopleOptions {
  /** What an identity provider vouches for; null where none is set. */
  readonly provided: {
    readonly tokens: AccessTokens;
    readonly directory: Directory;
    /** Null where people do not sign in by their browsers. */
    readonly signIn: SignIn | null;
  } | null;
  /** Null where no browser has a session. */
  readonly sessions: Sessions | null;
  readonly apiKeys: Pick<ApiKeys, 'principalById'>;
  readonly publicUrl: string | null;
  readonly rejected: Pick<RejectedSignIns, 'countPerson'>;
}

/** Authenticates people: by the access tokens that their identity provider gave them, and by the sessions of their browsers, which may have begun with an API key. */
export class SignedInPeople implements People {
  private readonly hasTokens: boolean;

  constructor(private readonly options: PeopleOptions) {
    this.hasTokens = options.provided !== null;
  }

  /** Whether anyone may come without an API key in the head of the request. */
  get isOpen(): boolean {
    return this.hasTokens || this.options.sessions !== null;
  }

  get signIn(): SignIn | null {
    return this.options.provided?.signIn ?? null;
  }

  get sessions(): Sessions {
    const { sessions } = this.options;
    if (sessions === null) throw new TypeError('No browser has a session here.');
    return sessions;
  }

  recognises(request: RequestHead): boolean {
    return (this.hasTokens && tokenOf(request) !== null) || this.cookieOf(request) !== null;
  }

  async authenticate(request: RequestHead): Promise<Principal> {
    const token = tokenOf(request);
    try {
      if (this.cookieOf(request) !== null) return await this.ofSession(request);
      if (token === null) throw new TypeError('The request shows neither a token nor a session.');
      const { tokens, directory } = this.provided;
      return directory.principalOf(directory.personOf(await tokens.verify(token)));
    } catch (error) {
      if (error instanceof TokenRejectedError) this.options.rejected.countPerson('invalid-token', null);
      throw asProblem(error);
    }
  }

  /** A sign-in by the browser that did not come to its end: counted, so that it is on record. Those of known people are counted where they are known. */
  noteFailedSignIn(error: unknown): void {
    const isUnknown = error instanceof TokenRejectedError || (error instanceof Problem && error.getStatus() === 400);
    if (isUnknown) this.options.rejected.countPerson('sign-in-failed', null);
  }

  /** The session of a request; null where it has none. */
  async sessionOf(request: Pick<RequestHead, 'headers'>): Promise<OpenSession | null> {
    const cookie = this.cookieOf(request);
    return cookie === null ? null : this.sessions.use(cookie);
  }

  private async ofSession(request: RequestHead): Promise<Principal> {
    const { sessions } = this;
    const { publicUrl } = this.options;
    if (request.headers['authorization'] !== undefined) throw twoCredentials();
    assertSameOrigin(request, ownOrigin(publicUrl, request));
    const cookie = this.cookieOf(request) ?? '';
    const session = await sessions.use(cookie);
    if (session === null)
      throw new Problem(401, { type: 'no-session', detail: 'The session has ended: sign in again.' });
    if ('keyId' in session) {
      const principal = this.options.apiKeys.principalById(session.keyId);
      // A person looks through it: what a machine opens without being asked stays closed.
      if (principal !== null) return { ...principal, standingPurpose: null };
      await sessions.end(cookie);
      throw new Problem(401, {
        type: 'no-session',
        detail: 'The session has ended with its key: sign in with another.',
      });
    }
    try {
      return this.provided.directory.principalOf(session.person);
    } catch (error) {
      // Blocked, or without a role since: no later request brings it back.
      await sessions.end(cookie);
      throw error;
    }
  }

  private cookieOf(request: Pick<RequestHead, 'headers'>): string | null {
    const { sessions, publicUrl } = this.options;
    return sessions === null ? null : readCookie('session', request, publicUrl?.startsWith('https:') === true);
  }

  private get provided(): NonNullable<PeopleOptions['provided']> {
    const { provided } = this.options;
    if (provided === null) throw new TypeError('People cannot sign in here.');
    return provided;
  }
}

export const twoCredentials = (): Problem =>
  new Problem(400, {
    type: 'two-credentials',
    detail: 'The request carries a session and a key or token: send one of them.',
  });

function tokenOf({ headers: { authorization } }: RequestHead): string | null {
  return typeof authorization === 'string' ? (BEARER_JWT.exec(authorization)?.[1] ?? null) : null;
}

/** What is wrong with a token, or with its issuer, as the answer to a request. */
export function asProblem(error: unknown): unknown {
  if (error instanceof TokenRejectedError)
    return new Problem(401, {
      type: 'invalid-token',
      detail: `The access token is not accepted. ${error.message}`,
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    });
  if (error instanceof IssuerAwayError)
    return new Problem(503, {
      type: 'identity-provider-away',
      detail: `${error.message} Tokens cannot be checked until then; API keys are accepted.`,
      headers: { 'retry-after': String(RETRY_AFTER_S) },
    });
  return error;
}
