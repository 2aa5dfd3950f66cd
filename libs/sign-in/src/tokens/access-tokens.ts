import { printable } from '#contracts';
import { TokenRejectedError } from './token-rejected.js';
import type { Claims, TokenVerifier, Verified } from './token-verifier.js';

export interface AccessTokenOptions {
  readonly audience: string;
  /** `at+jwt` demands the type of RFC 9068; `any` accepts what is no token of another kind. */
  readonly tokenType: 'any' | 'at+jwt';
}

/** Claims that only an id token has: it says who signed in, to one client, and opens nothing. */
const OF_ID_TOKENS = ['nonce', 'at_hash', 'c_hash', 's_hash'];

/** Checks the access tokens that people send. */
export class AccessTokens {
  constructor(
    private readonly verifier: TokenVerifier,
    private readonly options: AccessTokenOptions,
  ) {}

  /** @throws TokenRejectedError, IssuerAwayError */
  async verify(token: string): Promise<Claims & { readonly sub: string }> {
    const { audience, tokenType } = this.options;
    const verified = await this.verifier.verify(token, {
      audience,
      audienceSetting: 'OIDC_AUDIENCE',
      requiredClaims: ['exp', 'sub'],
      ...(tokenType === 'any' ? {} : { typ: tokenType }),
    });
    assertAccessToken(verified);
    const { sub } = verified.claims;
    if (typeof sub !== 'string' || sub === '')
      throw new TokenRejectedError('Its claim sub is not text: let the identity provider name the person there.');
    return { ...verified.claims, sub };
  }
}

/** Other tokens of the same issuer are signed with the same keys, and some have the same audience. */
function assertAccessToken({ header, claims }: Verified): void {
  const type = String(header['typ'] ?? 'JWT')
    .toLowerCase()
    .replace(/^application\//, '');
  if (type === 'at+jwt') return;
  // Keycloak says of each token what it is, in a claim.
  const kind = claims['typ'];
  const isOther = type !== 'jwt' || (kind !== undefined && kind !== 'Bearer');
  const isIdToken = kind === 'ID' || (kind === undefined && OF_ID_TOKENS.some((claim) => claims[claim] !== undefined));
  if (isIdToken)
    throw new TokenRejectedError('It is an id token, which tells a client who signed in: send the access token.');
  if (isOther)
    throw new TokenRejectedError(
      `It is a token of the type ${printable(kind ?? header['typ'])}: send the access token.`,
    );
}
