import type * as OpenidClient from 'openid-client';
import { CliError, EXIT, rejected, unreachable } from '../exit-codes.js';
import type { Login } from './login-file.js';

const TIMEOUT_S = 10;
/** What is expired so soon is renewed before it is sent. */
const RENEW_MS = 30_000;

interface Client {
  readonly openid: typeof OpenidClient;
  readonly configuration: OpenidClient.Configuration;
}

/** Which identity provider, and which client there, an engine names for the command line. */
export interface SignInPlace {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
}

/** Where people sign in for the engine at this address. @throws CliError */
export async function signInPlace(url: string): Promise<SignInPlace> {
  let answer: Response;
  try {
    answer = await fetch(new URL('/.well-known/oauth-protected-resource', url), {
      signal: AbortSignal.timeout(TIMEOUT_S * 1_000),
    });
  } catch (error) {
    throw unreachable(`The engine at ${url} does not answer: start it, or correct --url.`, { cause: error });
  }
  const described = (await answer.json().catch(() => ({}))) as {
    readonly authorization_servers?: readonly string[];
    readonly scopes_supported?: readonly string[];
    readonly perennial_cli_client?: string | null;
  };
  const {
    authorization_servers: [issuer] = [],
    scopes_supported: scopes = ['openid'],
    perennial_cli_client: clientId,
  } = described;
  if (!answer.ok || issuer === undefined)
    throw rejected(`People cannot sign in at ${url}: it names no identity provider (OIDC_ISSUER). Use an API key.`);
  if (clientId === undefined || clientId === null)
    throw rejected(
      `${url} names no client for the command line: set OIDC_CLI_CLIENT_ID there (docs/sso.md), or use an API key.`,
    );
  return { issuer, clientId, scopes };
}

/** Signs in by the device grant: `show` tells the person where to confirm which code. @throws CliError */
export async function signInByDevice(
  { issuer, clientId, scopes }: SignInPlace,
  show: (uri: string, code: string, expiresInS: number) => void,
  signal: AbortSignal,
): Promise<Login> {
  const { openid, configuration } = await clientOf(issuer, clientId);
  const { scopes_supported: supported, device_authorization_endpoint: device } = configuration.serverMetadata();
  if (device === undefined)
    throw rejected(`${issuer} offers no device grant: allow it there (docs/sso.md), or use an API key.`);
  const offline = supported?.includes('offline_access') === true ? ['offline_access'] : [];
  try {
    const scope = [...new Set([...scopes, ...offline])].join(' ');
    const begun = await openid.initiateDeviceAuthorization(configuration, { scope });
    show(begun.verification_uri_complete ?? begun.verification_uri, begun.user_code, begun.expires_in);
    const tokens = await openid.pollDeviceAuthorizationGrant(configuration, begun, undefined, { signal });
    return loginOf(issuer, clientId, tokens, null);
  } catch (error) {
    throw signal.aborted
      ? new CliError(EXIT.stopped, 'Stopped: nothing was kept.')
      : signInError(openid, error, issuer);
  }
}

/** The login with a new access token, where the present one is about to expire. @throws CliError */
export async function renewed(login: Login, url: string): Promise<Login> {
  if (!isDue(login)) return login;
  const ended = `The login at ${url} has ended: run perennial login --url ${url}`;
  if (login.refreshToken === null) throw unreachable(ended);
  const { openid, configuration } = await clientOf(login.issuer, login.clientId);
  try {
    const tokens = await openid.refreshTokenGrant(configuration, login.refreshToken);
    return loginOf(login.issuer, login.clientId, tokens, login.refreshToken);
  } catch (error) {
    throw error instanceof openid.ResponseBodyError ? unreachable(ended) : signInError(openid, error, login.issuer);
  }
}

export const isDue = ({ expiresAt }: Login): boolean => expiresAt - Date.now() < RENEW_MS;

/** Makes the refresh token invalid at the identity provider. False where that cannot be done. */
export async function revoked({ issuer, clientId, refreshToken, accessToken }: Login): Promise<boolean> {
  try {
    const { openid, configuration } = await clientOf(issuer, clientId);
    if (configuration.serverMetadata().revocation_endpoint === undefined) return false;
    await openid.tokenRevocation(configuration, refreshToken ?? accessToken);
    return true;
  } catch {
    return false;
  }
}

function loginOf(
  issuer: string,
  clientId: string,
  tokens: OpenidClient.TokenEndpointResponse,
  formerRefreshToken: string | null,
): Login {
  return {
    ...{ issuer, clientId, accessToken: tokens.access_token },
    expiresAt: Date.now() + (tokens.expires_in ?? 60) * 1_000,
    refreshToken: tokens.refresh_token ?? formerRefreshToken,
  };
}

async function clientOf(issuer: string, clientId: string): Promise<Client> {
  const openid = await import('openid-client');
  try {
    const configuration = await openid.discovery(new URL(issuer), clientId, undefined, openid.None(), {
      timeout: TIMEOUT_S,
      ...(issuer.startsWith('http:') ? { execute: [openid.allowInsecureRequests] } : {}),
    });
    return { openid, configuration };
  } catch (error) {
    throw unreachable(`The identity provider ${issuer} does not answer: try again later.`, { cause: error });
  }
}

function signInError(openid: typeof OpenidClient, error: unknown, issuer: string): unknown {
  if (error instanceof CliError) return error;
  if (!(error instanceof openid.ResponseBodyError))
    return unreachable(`The identity provider ${issuer} does not answer as it should: ${(error as Error).message}.`, {
      cause: error,
    });
  switch (error.error) {
    case 'access_denied':
      return rejected('The sign-in was denied at the identity provider: nothing was kept.');
    case 'expired_token':
      return rejected('The code expired before it was confirmed: run perennial login again.');
    default:
      return rejected(
        `The identity provider ${issuer} answered "${error.error}"${error.error_description === undefined ? '' : ` (${error.error_description})`}: see docs/sso.md for the client of the command line.`,
      );
  }
}
