import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { TestProvider } from '#testing';
import { program } from '../program.js';

type Answer = readonly [status: number, body: object];

const tokens = (name: string, expiresIn = 300): Answer => [
  200,
  { access_token: name, token_type: 'Bearer', expires_in: expiresIn, refresh_token: `refresh of ${name}` },
];
const error = (code: string): Answer => [400, { error: code }];

describe('perennial login', () => {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-login-'));
  const file = join(folder, 'perennial', 'logins.json');
  const environment = { ...process.env };
  /** What the identity provider answers at its token endpoint, one after the other; the last one stays. */
  let answers: Answer[];
  let sent: Record<string, string>[];
  /** The access tokens that the engine accepts. */
  let accepted: string[];
  let issuer: string;
  let clientId: string | null;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    // Of this suite alone: suites of one process share the exit code of the process.
    Object.defineProperty(process, 'exitCode', { value: 0, writable: true, configurable: true });
    server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        const [status, answer] = answerTo(request, body);
        response
          .writeHead(status, { 'content-type': 'application/json', connection: 'close' })
          .end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    process.env['XDG_CONFIG_HOME'] = folder;
    for (const name of ['PERENNIAL_URL', 'PERENNIAL_KEY']) delete process.env[name];
    [answers, sent, accepted, issuer, clientId] = [[tokens('first')], [], ['first'], url, 'cli'];
  });
  afterEach(() => rmSync(join(folder, 'perennial'), { recursive: true, force: true }));
  afterAll(async () => {
    process.env = environment;
    rmSync(folder, { recursive: true, force: true });
    await new Promise((resolve) => server.close(resolve));
  });

  /** The engine and the identity provider in one. */
  function answerTo({ url: path = '', headers }: IncomingMessage, body: string): Answer {
    switch (path.split('?')[0]) {
      case '/.well-known/oauth-protected-resource':
        return [200, { authorization_servers: [issuer], scopes_supported: ['openid'], perennial_cli_client: clientId }];
      case '/.well-known/openid-configuration':
        return [
          200,
          {
            ...{ issuer: url, token_endpoint: `${url}/token`, device_authorization_endpoint: `${url}/device` },
            ...{ revocation_endpoint: `${url}/revoke`, scopes_supported: ['openid', 'offline_access'] },
          },
        ];
      case '/device':
        sent.push(Object.fromEntries(new URLSearchParams(body)));
        return [
          200,
          {
            ...{
              device_code: 'd',
              user_code: 'WDJB-MJHT',
              verification_uri: `${url}/confirm`,
              expires_in: 600,
              interval: 1,
            },
          },
        ];
      case '/token':
        sent.push(Object.fromEntries(new URLSearchParams(body)));
        return (answers.length > 1 ? answers.shift() : answers[0]) as Answer;
      case '/revoke':
        sent.push(Object.fromEntries(new URLSearchParams(body)));
        return [200, {}];
      case '/auth/me': {
        const bearer = headers.authorization?.replace('Bearer ', '') ?? '';
        if (!accepted.includes(bearer) && !bearer.startsWith('ey'))
          return [403, { title: 'Forbidden', detail: 'The token has no claim /roles.' }];
        const self = {
          principal: 'person:0f',
          kind: 'person',
          name: 'Ada Lovelace',
          roles: ['marketer'],
          permissions: ['read'],
        };
        return [200, { ...self, scopes: { brand: ['aurora'] }, session: null }];
      }
      default:
        return [404, {}];
    }
  }

  const run = async (...args: string[]): Promise<{ out: string; err: string; failure: string | null }> => {
    let [out, err, failure]: [string, string, string | null] = ['', '', null];
    const writing = jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
    const stderr = { write: (text: string) => ((err += text), true) };
    const session = { clock: { now: () => Date.now() }, stderr, signal: new AbortController().signal };
    try {
      await (await program(session, '0')).parseAsync(['node', 'perennial', ...args]);
    } catch (problem) {
      failure = (problem as Error).message;
    } finally {
      writing.mockRestore();
    }
    return { out, err, failure };
  };
  const login = () => run('login', '--url', url);

  it('shows where to confirm which code, waits as long as the provider wants, and keeps the login for its owner alone', async () => {
    answers = [error('authorization_pending'), error('slow_down'), tokens('first')];
    const { out, err, failure } = await login();
    expect(failure).toBeNull();
    expect(err).toBe(
      `Open this address in a browser, and confirm the code WDJB-MJHT:\n  ${url}/confirm\nWaiting for 10 minutes; Ctrl-C stops.\n`,
    );
    expect(out).toBe(`Signed in at ${url} as Ada Lovelace (marketer).\n`);
    expect(sent[0]).toMatchObject({ client_id: 'cli', scope: 'openid offline_access' });
    expect([statSync(file).mode & 0o777, statSync(join(folder, 'perennial')).mode & 0o777]).toEqual([0o600, 0o700]);
    expect((await run('whoami', '--url', url)).out).toBe(
      `the engine at ${url}\n  principal    person:0f\n  name         Ada Lovelace\n  roles        marketer\n  permissions  read\n  only brand   aurora\n`,
    );
    expect(JSON.parse((await run('whoami', '--url', url, '--format', 'json')).out)).toMatchObject({ kind: 'person' });
  });

  it.each<[string, () => void, RegExp]>([
    ['was denied', () => (answers = [error('access_denied')]), /was denied at the identity provider: nothing was kept/],
    [
      'came too late',
      () => (answers = [error('expired_token')]),
      /code expired before it was confirmed: run perennial login again/,
    ],
    [
      'is of a client that may not',
      () => (answers = [error('unauthorized_client')]),
      /"unauthorized_client".*docs\/sso\.md/,
    ],
    ['gives no right at the engine', () => (accepted = []), /does not permit this: The token has no claim \/roles/],
    ['has no client', () => (clientId = null), /set OIDC_CLI_CLIENT_ID there/],
    [
      'finds no provider',
      () => (issuer = 'http://127.0.0.1:9'),
      /identity provider http:\/\/127\.0\.0\.1:9 does not answer/,
    ],
  ])('keeps nothing where the sign-in %s', async (_, given, message) => {
    given();
    expect((await login()).failure).toMatch(message);
    expect(() => statSync(file)).toThrow();
  });

  it('renews the access token when it is about to expire, and says when the login has ended', async () => {
    answers = [tokens('first', 20)];
    await login();
    answers = [tokens('second', 20)];
    accepted = ['second'];
    expect((await run('whoami', '--url', url)).failure).toBeNull();
    expect(sent.at(-1)).toMatchObject({
      grant_type: 'refresh_token',
      refresh_token: 'refresh of first',
      client_id: 'cli',
    });
    expect(readFileSync(file, 'utf8')).toContain('refresh of second');
    answers = [error('invalid_grant')];
    expect((await run('whoami', '--url', url)).failure).toBe(
      `The login at ${url} has ended: run perennial login --url ${url}`,
    );
  });

  it('uses a refresh token once where several commands run at the same time', async () => {
    answers = [tokens('first', 20)];
    await login();
    answers = [tokens('second'), error('invalid_grant')];
    accepted = ['second'];
    const runs = await Promise.all(
      [1, 2, 3].map(async () => {
        const { LoginFile } = await import('./login-file.js');
        const { StoredLogin } = await import('./stored-login.js');
        return StoredLogin.find(new LoginFile(), url)?.bearer();
      }),
    );
    expect(runs).toEqual(['second', 'second', 'second']);
  });

  it('is undone by logout, at the provider too', async () => {
    await login();
    expect(await run('logout', '--url', url)).toEqual({ out: `Signed out at ${url}.\n`, err: '', failure: null });
    expect(sent.at(-1)).toMatchObject({ token: 'refresh of first' });
    expect((await run('logout', '--url', url)).out).toBe(`There is no login at ${url}.\n`);
    expect((await run('whoami', '--url', url)).failure).toMatch(/does not permit this/);
  });

  it('is not used where others may read the file, nor without an address', async () => {
    await login();
    chmodSync(file, 0o644);
    expect((await run('whoami', '--url', url)).failure).toBe(
      `${file} holds logins, and other users may read it: run chmod 600 ${file}.`,
    );
    expect((await run('login')).failure).toMatch(/--url is missing/);
  });

  it('works with a whole identity provider', async () => {
    const provider = await TestProvider.start({ engine: url, people: { ada: ['perennial-marketer'] } });
    issuer = provider.url;
    const shown = new Promise<string>((resolve) => {
      const session = { clock: { now: () => Date.now() }, signal: new AbortController().signal };
      const stderr = { write: (text: string) => (resolve(/ {2}(http\S+)/.exec(text)?.[1] ?? ''), true) };
      const writing = jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
      finished = program({ ...session, stderr }, '0')
        .then((perennial) => perennial.parseAsync(['node', 'perennial', 'login', '--url', url]))
        .finally(() => writing.mockRestore());
    });
    await provider.confirmDevice(await shown, 'ada');
    await finished;
    const { logins } = JSON.parse(readFileSync(file, 'utf8')) as {
      logins: Record<string, { accessToken: string; refreshToken: string | null }>;
    };
    expect(logins[url]).toMatchObject({ accessToken: expect.stringMatching(/^ey/) as unknown });
    await provider.stop();
  });
  let finished: Promise<unknown>;
});

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}
