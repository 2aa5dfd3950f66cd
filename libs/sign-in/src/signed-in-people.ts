import type { People, Principal, RequestHead } from '#platform';
import { Problem } from '#platform/nest';
import { IssuerAwayError } from './issuer/issuer-away.js';
import type { Directory } from './people/directory.js';
import type { AccessTokens } from './tokens/access-tokens.js';
import { TokenRejectedError } from './tokens/token-rejected.js';

/** A bearer token whose header is a JSON object, in base64url: an API key does not look so. */
const BEARER_JWT = /^Bearer +(ey[^\s]*) *$/i;

const RETRY_AFTER_S = 5;

/** Authenticates people by the access tokens that their identity provider gave them. */
export class SignedInPeople implements People {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly directory: Directory,
  ) {}

  recognises({ headers }: RequestHead): boolean {
    return tokenOf(headers) !== null;
  }

  async authenticate({ headers }: RequestHead): Promise<Principal> {
    const token = tokenOf(headers);
    if (token === null) throw new TypeError('The request shows no access token.');
    try {
      return this.directory.principalOf(this.directory.personOf(await this.tokens.verify(token)));
    } catch (error) {
      throw asProblem(error);
    }
  }
}

function tokenOf({ authorization }: RequestHead['headers']): string | null {
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
