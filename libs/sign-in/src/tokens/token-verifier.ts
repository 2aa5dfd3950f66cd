import type { JWTPayload, JWTVerifyOptions } from 'jose';
import { printable } from '#contracts';
import type { Clock } from '#platform';
import type { Issuer } from '../issuer/issuer.js';
import { rejectionText, type Expected } from './rejection-text.js';
import { TokenRejectedError } from './token-rejected.js';

/** Asymmetric signatures alone: with a shared secret, what checks a token could make one. */
export const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
/** Clocks may differ by so much. */
export const TOLERANCE_S = 60;

export interface TokenRules extends Pick<Expected, 'audience' | 'audienceSetting'> {
  /** The type that the header must have; absent: any. */
  readonly typ?: string;
  readonly requiredClaims?: readonly string[];
  /** Seconds since it was issued. */
  readonly maxAgeS?: number;
}

/** The claims of a token that is valid. */
export type Claims = JWTPayload & { readonly sub?: string };

/** A token that was checked: its header and its claims. */
export interface Verified {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Claims;
}

/** Checks tokens of one issuer: the signature, the audience, and that they are valid now. */
export class TokenVerifier {
  constructor(
    private readonly issuer: Issuer,
    private readonly clock: Clock,
  ) {}

  /** @throws TokenRejectedError, IssuerAwayError */
  async verify(
    token: string,
    { audience, audienceSetting, typ, requiredClaims = [], maxAgeS }: TokenRules,
  ): Promise<Verified> {
    const { decodeJwt, decodeProtectedHeader, jwtVerify } = await import('jose');
    const expected = { issuer: this.issuer.url, audience, audienceSetting, algorithms: ALGORITHMS };
    let header: Readonly<Record<string, unknown>> = {};
    try {
      header = decodeProtectedHeader(token);
      // Told first, and without asking the issuer for keys that it cannot have.
      assertIssuer(decodeJwt(token), this.issuer.url);
      const options: JWTVerifyOptions = {
        issuer: this.issuer.url,
        audience,
        algorithms: [...ALGORITHMS],
        clockTolerance: TOLERANCE_S,
        currentDate: new Date(this.clock.now()),
        requiredClaims: [...requiredClaims],
        ...(typ === undefined ? {} : { typ }),
        ...(maxAgeS === undefined ? {} : { maxTokenAge: maxAgeS }),
      };
      const { payload } = await jwtVerify(token, this.issuer.keyOf, options);
      return { header, claims: payload };
    } catch (error) {
      const text =
        error instanceof TypeError
          ? 'It is not a JWT that can be read: get a new token.'
          : rejectionText(error, expected, header);
      throw text === null ? error : new TokenRejectedError(text, { cause: error });
    }
  }
}

function assertIssuer({ iss }: JWTPayload, issuer: string): void {
  if (iss !== issuer)
    throw new TokenRejectedError(
      `${iss === undefined ? 'It does not say who issued it (claim iss)' : `It was issued by ${printable(iss)} (claim iss)`}: send an access token of ${issuer}.`,
    );
}
