import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR, MINUTE } from '#contracts';
import { ApiKeyAccess } from '#keys';
import { TestBrowser, TestProvider, type BrowserPage } from '#testing';
import { signInApp, type SignInApp } from '../testdata/sign-in-app.js';

const OWN_PAGE = { 'sec-fetch-site': 'same-origin' };
const TYPE = { 'content-type': 'application/json' };

/** A port that was free a moment ago: the provider must know the engine's address before either of them is there. */
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { readonly port: number };
      probe.close(() => resolve(port));
    });
  });

describe('signing in by a browser', () => {
  let provider: TestProvider;
  let engine: SignInApp;
  let url: string;
  let host: string;
  let settings: Record<string, string>;

  /** Engines and providers of one test. */
  const others: { close?(): Promise<void>; stop?(): Promise<void> }[] = [];
  const opened = <T extends (typeof others)[number]>(each: T): T => {
    others.push(each);
    return each;
  };

  beforeAll(async () => {
    const port = await freePort();
    [url, host] = [`http://127.0.0.1:${port}`, `127.0.0.1:${port}`];
    provider = await TestProvider.start({
      engine: url,
      people: {
        ada: ['perennial-marketer'],
        admin: ['perennial-admin'],
        eve: ['perennial-marketer'],
        stranger: ['unknown'],
      },
    });
    settings = {
      OIDC_ISSUER: provider.url,
      OIDC_ROLES: '/roles',
      OIDC_CLIENT_ID: 'console',
      OIDC_CLIENT_SECRET: TestProvider.secret,
    };
    engine = await signInApp(settings, { port });
  });
  afterAll(async () => {
    for (const each of others) await (each.close ?? each.stop)?.call(each);
    await engine.close();
    await provider.stop();
  });
  beforeEach(() => {
    engine.clock.offsetMs = 0;
  });

  const signIn = async (login = 'ada', browser = new TestBrowser(), path = ''): Promise<[TestBrowser, BrowserPage]> => {
    const page = await browser.open(`${url}/auth/login${path}`);
    return [browser, await provider.signIn(browser, page, login)];
  };
  const cookieOf = (browser: TestBrowser): string => browser.cookie(host, 'perennial') ?? '';
  const send = async (
    browser: TestBrowser | string,
    path: string,
    headers: Readonly<Record<string, string>> = OWN_PAGE,
    method = 'GET',
    body?: string,
  ) => {
    const cookie = `perennial=${typeof browser === 'string' ? browser : cookieOf(browser)}`;
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { cookie, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      text,
      json: (text.startsWith('{') ? JSON.parse(text) : null) as Record<string, unknown>,
    };
  };

  it('begins a session that is the person, and gives the browser no token', async () => {
    const [browser, page] = await signIn('ada', new TestBrowser(), '?returnTo=/docs%3Fa=1%26b=%22');
    expect(page).toMatchObject({ status: 200, url: expect.stringContaining(`${url}/auth/callback?`) as unknown });
    expect(page.html).toContain('content="0;url=/docs?a=1&#38;b=&#34;"');
    expect(page.setCookies).toEqual([
      'perennial-sign-in=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0',
      expect.stringMatching(/^perennial=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/),
    ]);
    expect(page.html + page.setCookies.join()).not.toMatch(/eyJ|Ada/);
    const { json } = await send(browser, '/auth/me');
    expect(json).toMatchObject({
      ...{
        principal: expect.stringMatching(/^person:[0-9a-f]{32}$/) as unknown,
        kind: 'person',
        name: 'Ada Lovelace of ada',
      },
      ...{ roles: ['marketer'], permissions: ['read', 'curate'], scopes: {} },
      session: { endsAt: expect.any(String) as unknown, idleEndsAt: expect.any(String) as unknown },
    });
    expect((await send(browser, '/v1/read')).json).toMatchObject({ by: json['principal'] });
    expect((await send(browser, '/v1/changed', { ...OWN_PAGE, ...TYPE }, 'POST', '{}')).status).toBe(403);
    expect(engine.lines.join()).not.toMatch(/Ada|eyJ/);
  });

  it('stores neither the cookie, nor the name, nor a token of the person', async () => {
    const [browser] = await signIn();
    const rows = JSON.stringify(engine.keyStore.database.prepare('SELECT *, hex(sealed) AS x FROM sessions').all());
    expect(rows).not.toContain(cookieOf(browser));
    expect(rows).not.toContain(Buffer.from('Ada').toString('hex').toUpperCase());
    expect(rows).not.toContain(Buffer.from('eyJ').toString('hex').toUpperCase());
  });

  it('sets cookies of this host alone, over TLS alone, at an https address', async () => {
    const behind = opened(await signInApp({ ...settings, PUBLIC_URL: 'https://engine.example/' }));
    const begun = await behind.app.inject({ method: 'GET', url: '/auth/login', headers: { host: 'anything' } });
    expect(begun.statusCode).toBe(303);
    expect(begun.headers['set-cookie']).toMatch(
      /^__Host-perennial-sign-in=[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=600$/,
    );
    const query = new URL(String(begun.headers['location'])).searchParams;
    expect(Object.fromEntries(query)).toMatchObject({
      ...{ redirect_uri: 'https://engine.example/auth/callback', response_type: 'code', client_id: 'console' },
      ...{
        scope: 'openid profile email',
        code_challenge_method: 'S256',
        code_challenge: expect.stringMatching(/^[\w-]{43}$/) as unknown,
      },
      ...{
        state: expect.stringMatching(/^[\w-]{43}$/) as unknown,
        nonce: expect.stringMatching(/^[\w-]{43}$/) as unknown,
      },
    });
    // A cookie with the plain name may come from anywhere.
    const plain = await behind.app.inject({
      method: 'GET',
      url: '/auth/me',
      headers: { cookie: 'perennial=x', ...OWN_PAGE },
    });
    expect(plain.json()).toMatchObject({ status: 401, type: 'about:blank' });
  });

  it('is for this machine alone in the clear: another name of the engine needs PUBLIC_URL', async () => {
    for (const name of ['engine.example', '127.0.0.1.evil.example', '192.0.2.1:3000'])
      expect((await engine.app.inject({ method: 'GET', url: '/auth/login', headers: { host: name } })).statusCode).toBe(
        400,
      );
    expect(
      (await engine.app.inject({ method: 'GET', url: '/auth/login', headers: { host: 'localhost:3000' } })).statusCode,
    ).toBe(303);
  });

  it.each([
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    '/a b',
    '/\t/evil.example',
    `/${'a'.repeat(2_001)}`,
    '',
  ])('leads to no other site afterwards (%j)', async (wanted) => {
    const [, page] = await signIn('ada', new TestBrowser(), `?returnTo=${encodeURIComponent(wanted)}`);
    expect(page.html).toContain('content="0;url=/"');
  });

  describe('accepts the answer of the provider', () => {
    /** The address that the provider leads to after a sign-in, before the engine has seen it, and the cookie of the sign-in. */
    const answer = async (): Promise<{
      readonly callback: string;
      readonly cookie: string;
      readonly state: string;
    }> => {
      const begun = await engine.app.inject({ method: 'GET', url: '/auth/login', headers: { host } });
      const cookie = /^perennial-sign-in=([^;]+)/.exec(String(begun.headers['set-cookie']))?.[1] ?? '';
      const location = String(begun.headers['location']);
      const browser = new TestBrowser();
      // Without the cookie the engine turns the answer down, before it is sent to the provider.
      const { url: callback, status } = await provider.signIn(browser, await browser.open(location), 'ada');
      expect(status).toBe(400);
      return { callback: callback.slice(url.length), cookie, state: new URL(location).searchParams.get('state') ?? '' };
    };
    const come = async (callback: string, cookie: string | null) =>
      engine.app.inject({
        method: 'GET',
        url: callback,
        headers: { host, ...(cookie === null ? {} : { cookie: `perennial-sign-in=${cookie}` }) },
      });
    const expectRejected = async (callback: string, cookie: string | null): Promise<string> => {
      const { statusCode, headers, body } = await come(callback, cookie);
      expect([statusCode, (JSON.parse(body) as { type: string }).type]).toEqual([
        400,
        'urn:perennial:problem:sign-in-failed',
      ]);
      expect(headers['set-cookie']).toBe('perennial-sign-in=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0');
      return (JSON.parse(body) as { detail: string }).detail;
    };

    it('once: a replayed one begins no session', async () => {
      const { callback, cookie } = await answer();
      expect((await come(callback, cookie)).statusCode).toBe(200);
      expect(await expectRejected(callback, cookie)).toMatch(/"invalid_grant".*Sign in again at \/auth\/login/);
    });

    it('only in the browser that asked, with its own state', async () => {
      const [first, second] = [await answer(), await answer()];
      expect(await expectRejected(first.callback, null)).toMatch(/belongs to no sign-in of this browser/);
      await expectRejected(first.callback, second.cookie);
      await expectRejected(first.callback.replace(/state=[^&]*/, ''), first.cookie);
      // The code of one sign-in under the state of another: its verifier and nonce do not fit.
      await expectRejected(first.callback.replace(first.state, second.state), second.cookie);
    });

    it('only with a cookie that the engine has sealed, and that is not altered', async () => {
      const { callback, cookie } = await answer();
      const bytes = Buffer.from(cookie, 'base64url');
      bytes[20] = (bytes[20] ?? 0) ^ 1;
      const forged = Buffer.from(JSON.stringify({ state: 'x', until: 9e15, returnTo: '/' })).toString('base64url');
      for (const each of [bytes.toString('base64url'), forged, 'x', '%', cookie.slice(0, 30)])
        await expectRejected(callback, each);
    });

    it('only within ten minutes', async () => {
      const { callback, cookie } = await answer();
      engine.clock.offsetMs = 10 * MINUTE;
      await expectRejected(callback, cookie);
    });

    it('only from the provider, as it is', async () => {
      const { callback, cookie } = await answer();
      await expectRejected(callback.replace(/iss=[^&]*/, 'iss=https%3A%2F%2Fother.example'), cookie);
      await expectRejected(callback.replace(/code=[^&]*/, 'code=made-up'), cookie);
      const denied = callback.replace(/code=[^&]*/, 'error=access_denied&error_description=no');
      expect(await expectRejected(denied, cookie)).toMatch(/answered "access_denied" \("no"\)/);
    });

    it('and begins no session for a person without a role', async () => {
      const [browser, page] = await signIn('stranger');
      expect([page.status, cookieOf(browser)]).toEqual([403, '']);
      expect(page.html).toMatch(/no-role/);
    });
  });

  it('never takes over a session that the browser had before', async () => {
    const [attacker] = await signIn('eve');
    const planted = cookieOf(attacker);
    const victim = new TestBrowser();
    victim.setCookie(host, 'perennial', planted);
    await signIn('ada', victim);
    expect(cookieOf(victim)).not.toBe(planted);
    expect((await send(planted, '/auth/me')).status).toBe(401);
    expect((await send(victim, '/auth/me')).json['name']).toBe('Ada Lovelace of ada');
    const chosen = new TestBrowser();
    chosen.setCookie(host, 'perennial', 'A'.repeat(43));
    await signIn('ada', chosen);
    expect(cookieOf(chosen)).not.toBe('A'.repeat(43));
  });

  it.each<[string, Record<string, string>, number]>([
    ['of another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['of a neighbouring site', { 'sec-fetch-site': 'same-site' }, 403],
    ['typed into the address', { 'sec-fetch-site': 'none' }, 403],
    ['that does not say whence', {}, 403],
    ['of another origin', { origin: 'http://127.0.0.1:9' }, 403],
    ['of no origin', { origin: 'null' }, 403],
    ['with a key beside it', { ...OWN_PAGE, authorization: 'Bearer pk_0123456789ab_x' }, 400],
    ['of the engine’s own page', OWN_PAGE, 200],
  ])('counts a cookie in a request %s as it should', async (_, headers, status) => {
    const [browser] = await signIn();
    expect((await send(browser, '/auth/me', headers)).status).toBe(status);
  });

  it('counts a cookie in a request that changes something only with the content type of JSON', async () => {
    const [browser] = await signIn('admin');
    const change = (headers: Record<string, string>) => send(browser, '/v1/changed', headers, 'POST', '{"a":1}');
    expect((await change({ ...OWN_PAGE, ...TYPE })).status).toBe(201);
    expect((await change({ origin: url, ...TYPE })).status).toBe(201);
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonx',
    ])
      expect((await change({ ...OWN_PAGE, 'content-type': type })).status).toBe(415);
    const signOut = await send(browser, '/auth/logout', { 'sec-fetch-site': 'cross-site', ...TYPE }, 'POST', '{}');
    expect([signOut.status, (await send(browser, '/auth/me')).status]).toEqual([403, 200]);
  });

  it('ends after half an hour without a request, and after twelve hours in any case', async () => {
    const [idle] = await signIn();
    engine.clock.offsetMs = 30 * MINUTE - 1_000;
    expect((await send(idle, '/auth/me')).status).toBe(200);
    engine.clock.offsetMs = 2 * 30 * MINUTE + 10_000;
    expect((await send(idle, '/auth/me')).json).toMatchObject({
      status: 401,
      type: 'urn:perennial:problem:no-session',
    });
    engine.clock.offsetMs = 0;
    expect((await send(idle, '/auth/me')).status).toBe(401);
    const [busy] = await signIn();
    for (let at = 0; at < 12 * HOUR; at += 25 * MINUTE) {
      engine.clock.offsetMs = at;
      expect((await send(busy, '/auth/me')).status).toBe(200);
    }
    engine.clock.offsetMs = 12 * HOUR + 10_000;
    expect((await send(busy, '/auth/me')).status).toBe(401);
  });

  it('ends at once when the person is blocked, and does not come back', async () => {
    const [browser] = await signIn('eve');
    const { principal } = (await send(browser, '/auth/me')).json as { principal: string };
    const [admin] = await signIn('admin');
    const act = (method: string) => send(admin, `/v1/principals/${principal}/block`, { ...OWN_PAGE, ...TYPE }, method);
    expect((await act('POST')).status).toBe(200);
    expect((await send(browser, '/auth/me')).json).toMatchObject({
      status: 401,
      type: 'urn:perennial:problem:blocked',
    });
    const [again, page] = await signIn('eve');
    expect([page.status, cookieOf(again)]).toEqual([401, '']);
    expect((await act('DELETE')).status).toBe(200);
    expect((await send(browser, '/auth/me')).json['type']).toBe('urn:perennial:problem:no-session');
  });

  it('ends by signing out, here and at the provider, which ends the others of its session by back channel', async () => {
    const [browser] = await signIn();
    const cookie = cookieOf(browser);
    // The same person at the provider, without another question; the first session is kept aside.
    browser.setCookie(host, 'perennial', '');
    await browser.open(`${url}/auth/login`);
    const other = cookieOf(browser);
    expect([(await send(cookie, '/auth/me')).status, (await send(other, '/auth/me')).status]).toEqual([200, 200]);
    const { status, json } = await send(other, '/auth/logout', { ...OWN_PAGE, ...TYPE }, 'POST', '{}');
    expect(status).toBe(200);
    expect((await send(other, '/auth/me')).status).toBe(401);
    expect((await send(cookie, '/auth/me')).status).toBe(200);
    const confirm = await browser.open(String(json['location']));
    await browser.submit(
      confirm,
      { xsrf: /name="xsrf" value="([^"]*)"/.exec(confirm.html)?.[1] ?? '' },
      { logout: 'yes' },
    );
    // The provider tells the engine in its own time.
    for (let tries = 0; tries < 100 && (await send(cookie, '/auth/me')).status === 200; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await send(cookie, '/auth/me')).status).toBe(401);
    expect((await send('', '/auth/logout', TYPE, 'POST', '{}')).json).toEqual({ location: null });
  });

  it('ends by back channel with a logout token alone', async () => {
    const [browser] = await signIn();
    const post = (token: string) =>
      engine.app.inject({
        ...{
          method: 'POST',
          url: '/auth/backchannel-logout',
          payload: new URLSearchParams({ logout_token: token }).toString(),
        },
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
    const { Client } = provider.provider;
    const client = await Client.find('console');
    if (client === undefined) throw new Error('The provider does not know the client.');
    const sign = async (claims: Readonly<Record<string, unknown>>): Promise<string> => {
      const { IdToken } = provider.provider as unknown as {
        IdToken: new (
          claims: object,
          context: object,
        ) => { set(name: string, value: unknown): void; mask: object; issue(options: object): Promise<string> };
      };
      const token = new IdToken({ sub: 'ada' }, { client });
      token.mask = { sub: null };
      for (const [name, value] of Object.entries(claims)) token.set(name, value);
      return token.issue({ use: 'logout', expiresAt: Math.floor(Date.now() / 1_000) + 60 });
    };
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    for (const token of [
      '',
      'x',
      await sign({}),
      await sign({ events, nonce: 'n' }),
      await sign({ events: { other: {} } }),
    ]) {
      const answer = await post(token);
      expect([answer.statusCode, answer.json<{ type: string }>().type]).toEqual([
        400,
        'urn:perennial:problem:invalid-logout-token',
      ]);
    }
    expect((await send(browser, '/auth/me')).status).toBe(200);
    const ended = await post(await sign({ events }));
    expect([ended.statusCode, ended.headers['cache-control']]).toEqual([200, 'no-store']);
    expect((await send(browser, '/auth/me')).status).toBe(401);
    expect((await engine.app.inject({ method: 'POST', url: '/auth/backchannel-logout', payload: {} })).statusCode).toBe(
      415,
    );
  });

  it('takes the roles of the access token where the id token has none', async () => {
    const port = await freePort();
    const own = opened(
      await TestProvider.start({
        engine: `http://127.0.0.1:${port}`,
        people: { ada: ['perennial-auditor'] },
        rolesIn: 'access token',
      }),
    );
    opened(await signInApp({ ...settings, OIDC_ISSUER: own.url }, { port }));
    const browser = new TestBrowser();
    const page = await own.signIn(browser, await browser.open(`http://127.0.0.1:${port}/auth/login`), 'ada');
    expect(page.status).toBe(200);
    const me = await browser.open(`http://127.0.0.1:${port}/auth/me`, { headers: OWN_PAGE });
    expect(JSON.parse(me.html)).toMatchObject({ roles: ['auditor'], scopes: { brand: ['aurora'] } });
  });

  it('answers 503 while the provider is away, and 404 where none is set', async () => {
    const away = opened(await signInApp({ ...settings, OIDC_ISSUER: `http://127.0.0.1:${await freePort()}` }));
    const { statusCode, headers } = await away.app.inject({
      method: 'GET',
      url: '/auth/login',
      headers: { host: 'localhost' },
    });
    expect([statusCode, headers['retry-after']]).toEqual([503, '5']);
    const none = opened(await signInApp({ OIDC_ISSUER: 'off' }));
    for (const path of ['/auth/login', '/auth/callback', '/.well-known/oauth-protected-resource'])
      expect((await none.app.inject({ method: 'GET', url: path, headers: { host: 'localhost' } })).statusCode).toBe(
        404,
      );
  });

  it('does not hold up the start where the provider never answers: keys go on, and the log says what is missing', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    others.push({ stop: async () => void silent.close() });
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as { readonly port: number };
    const started = opened(await signInApp({ ...settings, OIDC_ISSUER: `http://127.0.0.1:${port}` }));
    const bearer = started.app.get(ApiKeyAccess).localToken;
    const get = (url: string, headers = {}) => started.app.inject({ method: 'GET', url, headers });
    expect((await get('/v1/read', { authorization: `Bearer ${bearer}` })).statusCode).toBe(200);
    expect((await get('/auth/login', { host: '127.0.0.1' })).json()).toMatchObject({
      ...{ status: 503, type: expect.stringContaining('identity-provider-away') as unknown },
      detail: expect.stringContaining('does not answer') as unknown,
    });
    expect(started.lines.join()).toMatch(/people cannot sign in yet/);
  });

  it('says where tokens come from', async () => {
    expect(
      (
        await engine.app.inject({ method: 'GET', url: '/.well-known/oauth-protected-resource', headers: { host } })
      ).json(),
    ).toEqual({
      ...{ resource: url, authorization_servers: [provider.url], bearer_methods_supported: ['header'] },
      ...{ scopes_supported: ['openid', 'profile', 'email'], perennial_cli_client: null },
    });
  });
});
