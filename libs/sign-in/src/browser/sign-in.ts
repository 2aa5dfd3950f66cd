import { MINUTE } from '#contracts';
import { actorOf, type Clock } from '#platform';
import type { Issuer } from '../issuer/issuer.js';
import type { Directory, Person } from '../people/directory.js';
import type { PersonIds } from '../people/person-ids.js';
import { SealedDocuments } from '../sessions/sealed-documents.js';
import type { Sessions } from '../sessions/sessions.js';
import type { AccessTokens } from '../tokens/access-tokens.js';
import { TokenRejectedError } from '../tokens/token-rejected.js';
import type { Claims, TokenVerifier } from '../tokens/token-verifier.js';
import { clientOf, failed, signInProblem, type ClientOptions } from './client.js';

/** A sign-in that is not finished by then begins again. */
export const SIGN_IN_MS = 10 * MINUTE;
const RETURN_TO = '/';
const RETURN_TO_MAX = 2_000;
/** A logout token is of the moment. */
const LOGOUT_AGE_S = 10 * 60;
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

export interface SignInOptions {
  readonly issuer: Issuer;
  readonly client: ClientOptions;
  readonly scopes: readonly string[];
  readonly verifier: TokenVerifier;
  readonly tokens: AccessTokens;
  readonly directory: Directory;
  readonly ids: PersonIds;
  readonly sessions: Sessions;
  readonly clock: Clock;
  /** Seals the cookie of a sign-in; the same in all processes. */
  readonly hashKey: Uint8Array;
}

/** What the cookie of a sign-in keeps, sealed: what the answer of the identity provider must fit. */
interface Begun {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly redirectUri: string;
  readonly returnTo: string;
  readonly until: number;
}

/** Signs people in by their browsers: authorization code with PKCE. The tokens stay here; the browser gets the cookie of a session. */
export class SignIn {
  private readonly cookies: SealedDocuments;

  constructor(private readonly options: SignInOptions) {
    this.cookies = new SealedDocuments(options.hashKey, 'sign-in cookie');
  }

  /** Where the browser is sent, and the cookie that it brings back. @throws IssuerAwayError */
  async begin(redirectUri: string, returnTo: unknown): Promise<{ readonly location: string; readonly cookie: string }> {
    const { issuer, client, scopes, clock } = this.options;
    const { openid, configuration } = await clientOf(issuer, client);
    const begun: Begun = {
      ...{ state: openid.randomState(), nonce: openid.randomNonce(), verifier: openid.randomPKCECodeVerifier() },
      ...{ redirectUri, returnTo: ownPath(returnTo), until: clock.now() + SIGN_IN_MS },
    };
    const location = openid.buildAuthorizationUrl(configuration, {
      ...{ redirect_uri: redirectUri, scope: scopes.join(' '), state: begun.state, nonce: begun.nonce },
      ...{ code_challenge: await openid.calculatePKCECodeChallenge(begun.verifier), code_challenge_method: 'S256' },
    });
    return { location: location.href, cookie: this.cookies.seal(begun).toString('base64url') };
  }

  /**
   * Finishes a sign-in by the answer of the identity provider, and begins a session.
   * @throws Problem 400 `sign-in-failed`, 401 and 403 as of a token; IssuerAwayError
   */
  async finish(
    query: URLSearchParams,
    cookie: string | null,
  ): Promise<{ readonly session: string; readonly returnTo: string }> {
    const begun = cookie === null ? null : (this.cookies.open(Buffer.from(cookie, 'base64url')) as Begun | null);
    if (begun === null || this.options.clock.now() >= begun.until || query.get('state') !== begun.state)
      throw failed('This answer belongs to no sign-in of this browser, or it took longer than ten minutes.');
    const { claims, person, idToken } = await this.exchange(query, begun);
    const { directory, ids, issuer, sessions } = this.options;
    const principal = actorOf(directory.principalOf(person));
    const { sid } = claims;
    const issuerSession = typeof sid === 'string' ? ids.hashOf('session', issuer.url, sid) : null;
    const session = await sessions.begin({ person, idToken }, { principal, issuerSession });
    return { session, returnTo: begun.returnTo };
  }

  private async exchange(
    query: URLSearchParams,
    { state, nonce, verifier, redirectUri }: Begun,
  ): Promise<{ readonly claims: Claims; readonly person: Person; readonly idToken: string }> {
    const { issuer, client } = this.options;
    const { openid, configuration } = await clientOf(issuer, client);
    const url = new URL(redirectUri);
    url.search = query.toString();
    const tokens = await openid
      .authorizationCodeGrant(configuration, url, {
        ...{ pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
      })
      .catch((error: unknown) => {
        throw signInProblem(openid, error);
      });
    const idToken = tokens.id_token ?? '';
    // The library trusts the connection to the provider; the signature is checked as that of every other token.
    const { claims } = await this.ofThisClient(idToken, ['sub', 'exp']);
    return { claims, person: await this.personOf(claims, tokens.access_token), idToken };
  }

  /** Many providers state roles in the access token alone: it is read too where the id token has none. */
  private async personOf(claims: Claims, accessToken: string): Promise<Person> {
    const { directory, tokens } = this.options;
    const own = directory.personOf({ ...claims, sub: String(claims.sub) });
    if (own.values !== null) return own;
    try {
      const others = directory.personOf(await tokens.verify(accessToken));
      return others.sub === own.sub ? { ...own, values: others.values } : own;
    } catch (error) {
      // An access token for another audience, or none that can be read: then the id token alone counts.
      if (error instanceof TokenRejectedError) return own;
      throw error;
    }
  }

  private ofThisClient(token: string, requiredClaims: readonly string[], maxAgeS?: number) {
    return this.options.verifier.verify(token, {
      ...{ audience: this.options.client.id, audienceSetting: 'OIDC_CLIENT_ID', requiredClaims },
      ...(maxAgeS === undefined ? {} : { maxAgeS }),
    });
  }

  /** Ends a session. Resolves with where the browser signs out at the identity provider; null where it has no such place. */
  async end(session: string, returnTo: string): Promise<string | null> {
    const { issuer, client, sessions } = this.options;
    const open = await sessions.use(session);
    await sessions.end(session);
    if (open === null || !('idToken' in open)) return null;
    try {
      const { openid, configuration } = await clientOf(issuer, client);
      if (configuration.serverMetadata().end_session_endpoint === undefined) return null;
      const parameters = { id_token_hint: open.idToken, post_logout_redirect_uri: returnTo };
      return openid.buildEndSessionUrl(configuration, parameters).href;
    } catch {
      // The session here has ended in any case.
      return null;
    }
  }

  /**
   * Ends the sessions that a logout token of the identity provider names (OpenID Connect Back-Channel Logout).
   * @throws TokenRejectedError, IssuerAwayError
   */
  async endByToken(logoutToken: string): Promise<number> {
    const { claims } = await this.ofThisClient(logoutToken, ['iat', 'events'], LOGOUT_AGE_S);
    const { events, sid, sub, nonce } = claims;
    if (typeof events !== 'object' || events === null || !Object.hasOwn(events, LOGOUT_EVENT))
      throw new TokenRejectedError('Its claim events does not name a back-channel logout: send a logout token.');
    if (nonce !== undefined) throw new TokenRejectedError('It has a nonce, which a logout token must not have.');
    const { directory, ids, issuer, sessions } = this.options;
    if (typeof sid === 'string') return sessions.endAll({ issuerSession: ids.hashOf('session', issuer.url, sid) });
    if (typeof sub === 'string') return sessions.endAll({ principal: `person:${directory.idOf({ sub })}` });
    throw new TokenRejectedError('It names neither a session (claim sid) nor a person (claim sub).');
  }
}

/** A path of the engine itself: whatever else is asked for, the browser goes to the first page. */
function ownPath(wanted: unknown): string {
  if (typeof wanted !== 'string' || wanted.length > RETURN_TO_MAX) return RETURN_TO;
  // A browser reads `//` and `/\` as the beginning of another host, and passes over control characters.
  if (!/^\/(?![/\\])[^\u0000-\u0020\\\u007f]*$/.test(wanted)) return RETURN_TO;
  return wanted;
}
