import { formatInstant, printable } from '#contracts';

/** The members of jose's errors that say what is wrong. */
interface JoseError {
  readonly code?: string;
  readonly claim?: string;
  readonly reason?: string;
  readonly payload?: Readonly<Record<string, unknown>>;
}

/** What the token must be, for the sentences that say what it is not. */
export interface Expected {
  readonly issuer: string;
  readonly audience: string;
  /** The setting that names the audience. */
  readonly audienceSetting: string;
  readonly algorithms: readonly string[];
}

const GUIDE = 'docs/sso.md shows how';

/** What is wrong with a token, and what to do, as sentences; null for an error that is not about the token. */
export function rejectionText(
  error: unknown,
  expected: Expected,
  header: Readonly<Record<string, unknown>>,
): string | null {
  const { code, claim, reason, payload = {} } = error as JoseError;
  switch (code) {
    case 'ERR_JWT_EXPIRED':
      return `It expired at ${momentOf(payload['exp'])}: get a new one.`;
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      return claimText(claim ?? '', reason ?? '', payload, expected);
    case 'ERR_JOSE_ALG_NOT_ALLOWED':
      return `It is signed with the algorithm ${printable(header['alg'] ?? null)}: let the identity provider sign with ${expected.algorithms.join(', ')}.`;
    case 'ERR_JWKS_NO_MATCHING_KEY':
      return `Its key ${printable(header['kid'] ?? null)} is not among the signing keys of ${expected.issuer}: get a new token there.`;
    case 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED':
      return `Its signature is not valid: get a new token from ${expected.issuer}.`;
    case undefined:
      return null;
    default:
      return code.startsWith('ERR_J') ? 'It is not a signed JWT that can be read: get a new token.' : null;
  }
}

function claimText(
  claim: string,
  reason: string,
  payload: Readonly<Record<string, unknown>>,
  { issuer, audience, audienceSetting }: Expected,
): string {
  const isMissing = reason === 'missing';
  const got = printableList(payload[claim]);
  switch (claim) {
    case 'aud':
      return isMissing
        ? `It has no audience (claim aud), and must have ${JSON.stringify(audience)}: let the identity provider add it (${GUIDE}; in Keycloak by an audience mapper).`
        : `Its audience (claim aud) is ${got}, and must be ${JSON.stringify(audience)}: let the identity provider add that audience (${GUIDE}), or set ${audienceSetting}.`;
    case 'iss':
      return isMissing
        ? `It does not say who issued it (claim iss): send an access token of ${issuer}.`
        : `It was issued by ${got} (claim iss): send an access token of ${issuer}.`;
    case 'nbf':
      return `It is not valid before ${momentOf(payload['nbf'])} (claim nbf): set the clocks of this machine and of the identity provider.`;
    case 'typ':
      return `The type in its header (typ) must be at+jwt, as OIDC_TOKEN_TYPE demands: let the identity provider write it (${GUIDE}), or set OIDC_TOKEN_TYPE=any.`;
    default:
      return isMissing
        ? `It has no claim ${claim}: let the identity provider add it.`
        : `Its claim ${claim} is not valid (${got}): get a new token.`;
  }
}

const printableList = (value: unknown): string =>
  Array.isArray(value) ? value.slice(0, 5).map(printable).join(', ') || 'empty' : printable(value ?? null);

function momentOf(seconds: unknown): string {
  const at = Number(seconds) * 1_000;
  return Number.isFinite(at) && Math.abs(at) < 8.64e15 ? formatInstant(at) : String(printable(seconds));
}
