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
  readonly tokens: AccessTokens;
  readonly directory: Directory;
  readonly sessions: Sessions;
  /** Null where people do not sign in by their browsers. */
  readonly signIn: SignIn | null;
  readonly publicUrl: string | null;
}

/** Authenticates people: by the access tokens that their identity provider gave them, and by the sessions of their browsers. */
export class SignedInPeople implements People {
  /** @param options null where the engine accepts API keys alone */
  constructor(private readonly options: PeopleOptions | null) {}

  get signIn(): SignIn | null {
    return this.options?.signIn ?? null;
  }

  get sessions(): Sessions {
    return this.required.sessions;
  }

  recognises(request: RequestHead): boolean {
    return tokenOf(request) !== null || this.cookieOf(request) !== null;
  }

  async authenticate(request: RequestHead): Promise<Principal> {
    const { tokens, directory } = this.required;
    const token = tokenOf(request);
    try {
      if (this.cookieOf(request) !== null) return await this.ofSession(request);
      if (token === null) throw new TypeError('The request shows neither a token nor a session.');
      return directory.principalOf(directory.personOf(await tokens.verify(token)));
    } catch (error) {
      throw asProblem(error);
    }
  }

  /** The session of a request; null where it has none. */
  async sessionOf(request: Pick<RequestHead, 'headers'>): Promise<OpenSession | null> {
    const cookie = this.cookieOf(request);
    return cookie === null ? null : this.sessions.use(cookie);
  }

  private async ofSession(request: RequestHead): Promise<Principal> {
    const { publicUrl, directory, sessions } = this.required;
    if (request.headers['authorization'] !== undefined)
      throw new Problem(400, {
        type: 'two-credentials',
        detail: 'The request carries a session and a key or token: send one of them.',
      });
    assertSameOrigin(request, ownOrigin(publicUrl, request));
    const cookie = this.cookieOf(request) ?? '';
    const session = await sessions.use(cookie);
    if (session === null)
      throw new Problem(401, { type: 'no-session', detail: 'The session has ended: sign in at /auth/login.' });
    try {
      return directory.principalOf(session.person);
    } catch (error) {
      // Blocked, or without a role since: no later request brings it back.
      await sessions.end(cookie);
      throw error;
    }
  }

  private cookieOf(request: Pick<RequestHead, 'headers'>): string | null {
    if (this.signIn === null) return null;
    return readCookie('session', request, this.options?.publicUrl?.startsWith('https:') === true);
  }

  private get required(): PeopleOptions {
    if (this.options === null) throw new TypeError('People cannot sign in here.');
    return this.options;
  }
}

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
