import type * as OpenidClient from 'openid-client';
import { printable } from '#contracts';
import { Problem } from '#platform/nest';
import { IssuerAwayError } from '../issuer/issuer-away.js';
import type { Issuer } from '../issuer/issuer.js';
import { TOLERANCE_S } from '../tokens/token-verifier.js';

const TIMEOUT_S = 5;

export interface ClientOptions {
  readonly id: string;
  /** Null for a public client. */
  readonly secret: string | null;
}

/** The library, and what it is told of the identity provider and of this client there. */
export interface Client {
  readonly openid: typeof OpenidClient;
  readonly configuration: OpenidClient.Configuration;
}

/** The engine as a client of the identity provider. @throws IssuerAwayError */
export async function clientOf(issuer: Issuer, { id, secret }: ClientOptions): Promise<Client> {
  const metadata = await issuer.metadata();
  const openid = await import('openid-client');
  const configuration = new openid.Configuration(
    metadata as unknown as OpenidClient.ServerMetadata,
    id,
    { [openid.clockTolerance]: TOLERANCE_S },
    secret === null ? openid.None() : byItsSecret(openid, metadata, secret),
  );
  configuration.timeout = TIMEOUT_S;
  // Accepted of this machine alone: see OIDC_ISSUER.
  if (issuer.url.startsWith('http:')) openid.allowInsecureRequests(configuration);
  return { openid, configuration };
}

/** The way that OpenID Connect takes by default, unless the provider does not offer it. */
function byItsSecret(
  openid: typeof OpenidClient,
  { token_endpoint_auth_methods_supported: offered }: Readonly<Record<string, unknown>>,
  secret: string,
): OpenidClient.ClientAuth {
  const isBasic = !Array.isArray(offered) || offered.includes('client_secret_basic');
  return isBasic ? openid.ClientSecretBasic(secret) : openid.ClientSecretPost(secret);
}

/** What went wrong while signing in, as the answer to the browser. */
export function signInProblem(openid: typeof OpenidClient, error: unknown): unknown {
  if (error instanceof openid.AuthorizationResponseError || error instanceof openid.ResponseBodyError) {
    const { error: code, error_description: description } = error;
    return failed(
      `The identity provider answered ${printable(code)}${description === undefined ? '' : ` (${printable(description)})`}.`,
    );
  }
  if (error instanceof openid.ClientError) {
    const cause = error.cause;
    if (cause instanceof Error && isOfNetwork(cause)) return away(error);
    return failed('The answer of the identity provider does not belong to this sign-in, or is not valid.');
  }
  if (error instanceof Error && isOfNetwork(error)) return away(error);
  return error;
}

/** A sign-in that did not come to its end. */
export const failed = (reason: string): Problem =>
  new Problem(400, { type: 'sign-in-failed', detail: `${reason} Sign in again at /auth/login.` });

const isOfNetwork = ({ name, message }: Error): boolean =>
  name === 'TimeoutError' || name === 'AbortError' || (name === 'TypeError' && message === 'fetch failed');

const away = (cause: unknown): IssuerAwayError =>
  new IssuerAwayError('The identity provider does not answer.', { cause });
