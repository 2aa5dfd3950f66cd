import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { TestBrowser, type BrowserPage } from '#testing';
import { missingKeycloak, startKeycloak, type TestKeycloak } from '../services/keycloak.js';
import { freePort } from '../services/port.js';
import { request, startApp, until, type RunningApp } from './processes.js';

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
    const roles = {
      'perennial-marketer': 'marketer',
      'perennial-service': 'service-agent',
      'perennial-privacy': 'privacy-officer',
      'perennial-admin': 'admin',
    };
    const values = Object.entries(roles).map(([value, role]) => `  ${value}:\n    roles: [${role}]\n`);
    writeFileSync(map, `values:\n${values.join('')}`);
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
      permissions: ['read', 'curate'],
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
    expect(await login.ended).toMatchObject({
      code: 0,
      out: `Signed in at ${engine.url} as Ada Lovelace (marketer).\n`,
    });
    const query = await perennial('query', 'stage-counts', '--url', engine.url, '--format', 'json').ended;
    expect([query.code, JSON.parse(query.out)]).toEqual([0, expect.objectContaining({ rows: [] })]);
    expect((await perennial('logout', '--url', engine.url).ended).out).toBe(`Signed out at ${engine.url}.\n`);
    expect((await perennial('query', 'stage-counts', '--url', engine.url).ended).code).toBe(4);
  });

  it('open a customer for a purpose, answer the access request with that opening in it, and erase the customer with a second person', async () => {
    const policy = join(folder, 'policy.json');
    const retail = JSON.parse((await perennial('policy', 'show', 'retail').ended).out) as object;
    writeFileSync(policy, JSON.stringify({ ...retail, name: 'shop', version: 1, approvals: { erase: 'two' } }));
    expect(await perennial('policy', 'publish', policy).ended).toMatchObject({ code: 0 });
    const key = (await perennial('keys', 'create', 'shop', '--role', 'channel').ended).out.trim();
    const order = {
      ...{ id: '1', source: 'shop', type: 'order-placed', time: new Date().toISOString(), channel: 'site' },
      identifiers: [{ namespace: 'email', value: 'ann@example.com' }],
      data: { orderId: '1', currency: 'EUR', totalMinor: 2_000 },
    };
    expect(await request(engine, key, 'POST', '/v1/touchpoints', order)).toMatchObject({ status: 200 });

    const [eva, max] = [await asPerson('eva'), await asPerson('max')];
    const ann = ['--identifier', 'email:ann@example.com'];
    const customer = async (...purpose: readonly string[]) => {
      const { out } = await eva('query', 'customer', ...ann, '--format', 'json', ...purpose).ended;
      return JSON.parse(out) as { readonly meta: { readonly personalData: { readonly state: string } } };
    };
    await until(
      () => eva('query', 'customer', ...ann).ended,
      ({ code }) => code === 0,
    );
    const closed = await customer();
    expect(closed.meta.personalData).toMatchObject({ state: 'closed' });
    expect(JSON.stringify(closed)).not.toContain('ann@example.com');
    const opened = await customer('--purpose', 'complaint', '--ticket', 'C-7');
    expect(opened.meta.personalData).toMatchObject({ state: 'open' });
    expect(JSON.stringify(opened)).toContain('ann@example.com');

    const openings = async () => {
      const { out } = await perennial('query', 'openings', ...ann, '--format', 'json').ended;
      return (JSON.parse(out) as { readonly rows: readonly Record<string, unknown>[] }).rows;
    };
    const [opening] = await until(openings, (rows) => rows.length > 0);
    expect(opening).toMatchObject({ purpose: 'complaint', ticket: 'C-7', by: expect.stringMatching(/^person:/) });

    const asked = await eva(
      ...['subject-request', 'open', 'email:ann@example.com', '--kind', 'access'],
      ...['--asker-checked', 'passport shown', '--format', 'json'],
    ).ended;
    const { requestId } = JSON.parse(asked.out) as { readonly requestId: string };
    const answer = join(folder, 'ann');
    expect((await eva('subject-request', 'answer', requestId, '--output', answer).ended).code).toBe(0);
    const inPackage = readFileSync(join(answer, 'openings.json'), 'utf8');
    expect(inPackage).toContain('complaint');
    expect(inPackage).toContain('subject-request');
    expect(readFileSync(join(answer, 'report.html'), 'utf8')).toContain('ann@example.com');

    const erasure = await eva('erase', 'email:ann@example.com', '--yes').ended;
    const [actId = ''] = /[0-9a-f]{32}/.exec(`${erasure.out}${erasure.err}`) ?? [];
    expect((await eva('acts', 'approve', actId).ended).code).not.toBe(0);
    expect((await customer('--purpose', 'complaint')).meta.personalData).toMatchObject({ state: 'open' });
    expect((await max('acts', 'approve', actId).ended).out).toMatch(new RegExp(`^erase ${actId}, .* is performed`));
    await until(
      () => eva('query', 'customer', ...ann).ended,
      ({ code }) => code !== 0,
    );
  });

  /** The command line of a person who has signed in. */
  async function asPerson(username: string) {
    const home = join(folder, username);
    const run = (...args: readonly string[]) => perennialOf({ XDG_CONFIG_HOME: home }, ...args, '--url', engine.url);
    const login = run('login');
    const browser = new TestBrowser();
    const start = await browser.open(await login.saw(/\n {2}(http\S+)\n/));
    const page = await browser.submit(start, { username, password: PASSWORD });
    if (page.html.includes('name="accept"')) await browser.submit(page, { accept: 'Yes' });
    expect(await login.ended).toMatchObject({ code: 0 });
    return run;
  }

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
    return perennialOf(settings, ...args);
  }

  function perennialOf(own: Record<string, string>, ...args: readonly string[]) {
    const root = resolve(import.meta.dirname, '../..');
    const child = spawn(process.execPath, [join(root, 'scripts/perennial.mjs'), ...args], {
      cwd: root,
      env: { ...process.env, ...own, NODE_OPTIONS: '', PERENNIAL_BUILD: 'off' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const ended = new Promise<{ code: number | null; out: string; err: string }>((done) =>
      child.once('close', (code) => done({ code, out, err })),
    );
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const saw = (pattern: RegExp): Promise<string> =>
      new Promise((done, failed) => {
        child.stderr.on('data', () => {
          const [, found] = pattern.exec(err) ?? [];
          if (found !== undefined) done(found);
        });
        child.once('close', () => failed(new Error(`It ended early: ${out}${err}`)));
      });
    return { ended, saw };
  }
});
