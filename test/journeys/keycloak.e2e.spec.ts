import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TestBrowser, type BrowserPage } from '#testing';
import { missingKeycloak, startKeycloak, type TestKeycloak } from '../services/keycloak.js';
import { freePort } from '../services/port.js';
import { startApp, type RunningApp } from './processes.js';

jest.setTimeout(600_000);

const missing = await missingKeycloak();
const [suite, title] =
  missing === null
    ? [describe, 'people who sign in at a Keycloak']
    : [describe.skip, `people who sign in at a Keycloak (skipped: ${missing})`];

const PASSWORD = 'of-a-suite';
const OWN_PAGE = { 'sec-fetch-site': 'same-origin' };

suite(title, () => {
  let folder: string;
  let keycloak: TestKeycloak;
  let engine: RunningApp;
  let settings: Record<string, string>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-sso-'));
    const port = await freePort();
    keycloak = await startKeycloak(`http://127.0.0.1:${port}`);
    const map = join(folder, 'roles.yaml');
    writeFileSync(map, 'values:\n  perennial-marketer:\n    roles: [marketer]\n');
    settings = { XDG_CONFIG_HOME: folder, DATA_DIR: join(folder, 'data') };
    engine = await startApp('standalone', {
      ...settings,
      ...{
        PORT: String(port),
        DEMO: 'off',
        OIDC_ISSUER: keycloak.issuer,
        OIDC_ROLES: '/realm_access/roles',
        OIDC_MAP: map,
      },
      ...{
        OIDC_CLIENT_ID: 'perennial-console',
        OIDC_CLIENT_SECRET: 'of-the-console',
        OIDC_CLI_CLIENT_ID: 'perennial-cli',
      },
    });
  });
  afterAll(async () => {
    await engine?.stop();
    await keycloak?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const signIn = (browser: TestBrowser, page: BrowserPage): Promise<BrowserPage> =>
    browser.submit(page, { username: 'ada', password: PASSWORD });

  it('have their roles in a session of the browser, which ends with that at Keycloak', async () => {
    const browser = new TestBrowser();
    const page = await signIn(browser, await browser.open(`${engine.url}/auth/login?returnTo=/docs`));
    expect([page.status, page.html]).toEqual([200, expect.stringContaining('content="0;url=/docs"')]);
    const get = async (path: string) => {
      const { status, html } = await browser.open(`${engine.url}${path}`, {
        headers: { ...OWN_PAGE, accept: 'application/json' },
      });
      return { status, body: JSON.parse(html) as Record<string, unknown> };
    };
    expect((await get('/auth/me')).body).toMatchObject({
      kind: 'person',
      name: 'Ada Lovelace',
      roles: ['marketer'],
      permissions: ['read'],
    });
    expect((await get('/v1/query/stage-counts')).body).toMatchObject({ rows: [] });
    expect((await get('/v1/keys')).status).toBe(403);
    const headers = { ...OWN_PAGE, 'content-type': 'application/json' };
    const cookie = browser.cookie(new URL(engine.url).host, 'perennial') ?? '';
    const out = await browser.open(`${engine.url}/auth/logout`, { method: 'POST', headers, body: '{}' });
    const { location } = JSON.parse(out.html) as { location: string };
    expect(location).toContain(`${keycloak.issuer}/protocol/openid-connect/logout?`);
    browser.setCookie(new URL(engine.url).host, 'perennial', cookie);
    expect((await get('/auth/me')).status).toBe(401);
  });

  it('sign in on the command line by a code, get an answer, and sign out', async () => {
    const login = perennial('login', '--url', engine.url);
    const address = await login.saw(/\n {2}(http\S+)\n/);
    const browser = new TestBrowser();
    let page = await signIn(browser, await browser.open(address));
    // Keycloak asks whether the device may have access.
    if (page.html.includes('name="accept"')) page = await browser.submit(page, { accept: 'Yes' });
    expect(page.status).toBe(200);
    expect(await login.ended).toEqual({ code: 0, out: `Signed in at ${engine.url} as Ada Lovelace (marketer).\n` });
    const query = await perennial('query', 'stage-counts', '--url', engine.url, '--format', 'json').ended;
    expect([query.code, JSON.parse(query.out)]).toEqual([0, expect.objectContaining({ rows: [] })]);
    expect((await perennial('logout', '--url', engine.url).ended).out).toBe(`Signed out at ${engine.url}.\n`);
    expect((await perennial('query', 'stage-counts', '--url', engine.url).ended).code).toBe(4);
  });

  it('are told that the audience is missing where Keycloak has no mapper for it', async () => {
    const form = {
      grant_type: 'password',
      client_id: 'without-audience',
      username: 'ada',
      password: PASSWORD,
      scope: 'openid',
    };
    const answer = await fetch(`${keycloak.issuer}/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    const tokens = (await answer.json()) as { access_token: string; id_token: string };
    const detailOf = async (token: string): Promise<string> => {
      const rejected = await fetch(`${engine.url}/auth/me`, { headers: { authorization: `Bearer ${token}` } });
      expect(rejected.status).toBe(401);
      return ((await rejected.json()) as { detail: string }).detail;
    };
    expect(await detailOf(tokens.access_token)).toMatch(/no audience \(claim aud\).*in Keycloak by an audience mapper/);
    expect(await detailOf(tokens.id_token)).toMatch(/audience \(claim aud\) is "without-audience"/);
  });

  /** `perennial` in a process of its own. */
  function perennial(...args: readonly string[]) {
    const root = resolve(import.meta.dirname, '../..');
    const child = spawn(process.execPath, [join(root, 'scripts/perennial.mjs'), ...args], {
      cwd: root,
      env: { ...process.env, ...settings, NODE_OPTIONS: '', PERENNIAL_BUILD: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const ended = new Promise<{ code: number | null; out: string }>((done) =>
      child.once('close', (code) => done({ code, out })),
    );
    const saw = (pattern: RegExp): Promise<string> =>
      new Promise((done, failed) => {
        child.stderr.on('data', (chunk: Buffer) => {
          err += chunk.toString();
          const [, found] = pattern.exec(err) ?? [];
          if (found !== undefined) done(found);
        });
        child.once('close', () => failed(new Error(`It ended early: ${out}${err}`)));
      });
    return { ended, saw };
  }
});
