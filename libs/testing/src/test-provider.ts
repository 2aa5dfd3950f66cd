import type { Server } from 'node:http';
import type { Provider } from 'oidc-provider';
import { TestBrowser, type BrowserPage } from './test-browser.js';

export interface TestProviderOptions {
  /** Where it listens; 0 picks a free port. */
  readonly port?: number;
  /** The address of the engine: `http://127.0.0.1:3000`. */
  readonly engine: string;
  /** The roles of each person, by their login. */
  readonly people: Readonly<Record<string, readonly string[]>>;
  /** In which token the roles stand. */
  readonly rolesIn?: 'id token' | 'access token';
  /** Seconds in which a device must be confirmed. */
  readonly deviceSeconds?: number;
  readonly accessTokenSeconds?: number;
}

const SECRET = 'the secret of the console, in a spec';

/** A whole identity provider in this process: oidc-provider with a client for browsers (`console`) and one for the command line (`cli`). */
export class TestProvider {
  static readonly secret = SECRET;

  private constructor(
    readonly url: string,
    private readonly server: Server,
    readonly provider: Provider,
  ) {}

  static async start(options: TestProviderOptions): Promise<TestProvider> {
    const { engine, people, rolesIn = 'id token', deviceSeconds = 600, accessTokenSeconds = 300 } = options;
    const { createServer } = await import('node:http');
    const { Provider } = await quietly(() => import('oidc-provider'));
    const { exportJWK, generateKeyPair } = await import('jose');
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
    const { port } = server.address() as { readonly port: number };
    const url = `http://127.0.0.1:${port}`;
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = await exportJWK(privateKey);
    const rolesOf = (login: string | undefined): object => ({ roles: people[login ?? ''] ?? [] });
    const provider = await quietly(
      () =>
        new Provider(url, {
          clients: [
            {
              ...{ client_id: 'console', client_secret: SECRET, grant_types: ['authorization_code'] },
              redirect_uris: [`${engine}/auth/callback`],
              post_logout_redirect_uris: [`${engine}/`],
              ...{
                backchannel_logout_uri: `${engine}/auth/backchannel-logout`,
                backchannel_logout_session_required: true,
              },
            },
            {
              ...{ client_id: 'cli', token_endpoint_auth_method: 'none', redirect_uris: [], response_types: [] },
              grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
            },
          ],
          jwks: { keys: [{ ...jwk, kid: 'of-the-provider', alg: 'RS256', use: 'sig' }] },
          cookies: { keys: ['of a spec'] },
          claims: { openid: rolesIn === 'id token' ? ['sub', 'roles'] : ['sub'], profile: ['name'], email: ['email'] },
          conformIdTokenClaims: false,
          findAccount: (_, login) => ({
            accountId: login,
            claims: async () => ({
              sub: login,
              name: `Ada Lovelace of ${login}`,
              email: `${login}@shop.example`,
              ...rolesOf(login),
            }),
          }),
          extraTokenClaims: (_, token) => ('accountId' in token ? { ...rolesOf(token.accountId) } : {}),
          features: {
            devInteractions: { enabled: true },
            deviceFlow: { enabled: true },
            backchannelLogout: { enabled: true },
            rpInitiatedLogout: { enabled: true },
            revocation: { enabled: true },
            resourceIndicators: {
              enabled: true,
              defaultResource: () => 'urn:perennial',
              useGrantedResource: () => true,
              getResourceServerInfo: () => ({
                scope: 'openid profile email offline_access',
                audience: 'perennial',
                accessTokenFormat: 'jwt',
              }),
            },
          },
          ttl: {
            DeviceCode: deviceSeconds,
            AccessToken: accessTokenSeconds,
            Interaction: 600,
            Session: 3_600,
            Grant: 3_600,
            IdToken: 600,
          },
        }),
    );
    const answer = provider.callback();
    server.on('request', (request, response) => void answer(request, response));
    return new TestProvider(url, server, provider);
  }

  /** Signs in at the pages of the provider, from the one that asks for it to the one that it leads to. */
  async signIn(browser: TestBrowser, page: BrowserPage, login: string): Promise<BrowserPage> {
    const consent = page.html.includes('name="login"') ? await browser.submit(page, { login, password: 'any' }) : page;
    return consent.html.includes('value="consent"') ? browser.submit(consent, { prompt: 'consent' }) : consent;
  }

  /** What a person does with the address that a device shows. */
  async confirmDevice(
    verificationUri: string,
    login: string,
    how: 'confirm' | 'abort' = 'confirm',
  ): Promise<BrowserPage> {
    const browser = new TestBrowser();
    let page = await browser.open(verificationUri);
    // The page sends its first form by a script.
    if (page.html.includes('user_code') && !page.html.includes('name="confirm"'))
      page = await browser.submit(page, { xsrf: xsrfOf(page) });
    page = await browser.submit(page, { confirm: 'yes' }, how === 'abort' ? { abort: 'yes' } : {});
    return how === 'abort' ? page : this.signIn(browser, page, login);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const xsrfOf = ({ html }: BrowserPage): string => /name="xsrf" value="([^"]*)"/.exec(html)?.[1] ?? '';

/** The provider warns of everything that is only for specs. */
async function quietly<T>(work: () => T | Promise<T>): Promise<T> {
  const { warn, info } = console;
  Object.assign(console, { warn: () => undefined, info: () => undefined });
  try {
    return await work();
  } finally {
    Object.assign(console, { warn, info });
  }
}
