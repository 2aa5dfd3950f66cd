import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR, MINUTE, validateFact } from '#contracts';
import { ApiKeyAccess, ApiKeys, RejectedSignIns } from '#keys';
import { signInApp, type SignInApp } from '../testdata/sign-in-app.js';

const HOST = '127.0.0.1:3000';
const OWN_PAGE = { host: HOST, 'sec-fetch-site': 'same-origin' };
const TYPE = { 'content-type': 'application/json' };

describe('a session that begins with an API key', () => {
  let engine: SignInApp;
  let address = 0;
  let from: string;
  beforeAll(async () => {
    engine = await signInApp({ OIDC_ISSUER: 'off' });
  });
  afterAll(() => engine.close());
  beforeEach(() => {
    engine.clock.offsetMs = 0;
    from = `10.0.0.${++address}`;
  });

  const keys = () => engine.app.get(ApiKeys);
  const newKey = async (...permissions: ('read' | 'administer' | 'operate')[]) => {
    const { key, record, stored } = keys().create('console', permissions, { standingPurpose: 'service' });
    await stored;
    return { key, id: record.id };
  };
  const send = (
    method: 'GET' | 'POST' | 'DELETE',
    url: string,
    headers: Readonly<Record<string, string>>,
    payload?: object | string,
  ) => engine.app.inject({ method, url, headers, remoteAddress: from, ...(payload === undefined ? {} : { payload }) });
  const signIn = (key: unknown, headers: Readonly<Record<string, string>> = { ...OWN_PAGE, ...TYPE }) =>
    send('POST', '/v1/session', headers, JSON.stringify({ key }));
  const cookieOf = ({ headers }: { readonly headers: Readonly<Record<string, unknown>> }) =>
    String(headers['set-cookie']).split(';')[0] ?? '';
  const typeOf = (answer: { json(): unknown }) =>
    (answer.json() as { type: string }).type.replace('urn:perennial:problem:', '');

  it('has the rights of the key, gives the browser neither the key nor more than a cookie, and ends by signing out', async () => {
    const { key, id } = await newKey('read');
    const begun = await signIn(key);
    expect([begun.statusCode, begun.body]).toEqual([204, '']);
    expect(begun.headers['set-cookie']).toMatch(/^perennial=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(begun.headers['cache-control']).toBe('no-store');
    const cookie = cookieOf(begun);
    const self = (await send('GET', '/v1/session', { ...OWN_PAGE, cookie })).json<Record<string, unknown>>();
    expect(self).toMatchObject({ principal: `key:${id}`, kind: 'key', name: 'console', permissions: ['read'] });
    expect(self['session']).toMatchObject({ endsAt: expect.any(String) as unknown });
    expect((await send('GET', '/v1/read', { ...OWN_PAGE, cookie })).statusCode).toBe(200);
    expect((await send('POST', '/v1/changed', { ...OWN_PAGE, ...TYPE, cookie }, '{}')).statusCode).toBe(403);
    const rows = JSON.stringify(engine.keyStore.database.prepare('SELECT *, hex(sealed) AS x FROM sessions').all());
    for (const secret of [cookie.slice('perennial='.length), key]) expect(rows).not.toContain(secret);
    expect(engine.lines.join()).not.toContain(key);
    const ended = await send('DELETE', '/v1/session', { ...OWN_PAGE, ...TYPE, cookie });
    expect([ended.statusCode, String(ended.headers['set-cookie'])]).toEqual([
      204,
      expect.stringContaining('Max-Age=0'),
    ]);
    const after = await send('GET', '/v1/read', { ...OWN_PAGE, cookie });
    expect([after.statusCode, typeOf(after)]).toEqual([401, 'no-session']);
    expect((await send('DELETE', '/v1/session', { ...OWN_PAGE, ...TYPE, cookie })).statusCode).toBe(204);
  });

  it('sets a cookie of this host and TLS alone at an https address, and none at another name in the clear', async () => {
    const behind = await signInApp({ OIDC_ISSUER: 'off', PUBLIC_URL: 'https://engine.example' });
    const { key, stored } = behind.app.get(ApiKeys).create('console', ['read']);
    await stored;
    const headers = { host: 'engine.example', 'sec-fetch-site': 'same-origin', ...TYPE };
    const begun = await behind.app.inject({ method: 'POST', url: '/v1/session', headers, payload: { key } });
    expect(begun.headers['set-cookie']).toMatch(
      /^__Host-perennial=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
    await behind.close();
    const other = await signIn((await newKey('read')).key, { ...OWN_PAGE, ...TYPE, host: '192.0.2.1:3000' });
    expect([other.statusCode, other.headers['set-cookie']]).toEqual([400, undefined]);
  });

  it.each([
    ['cross-site', { ...OWN_PAGE, ...TYPE, 'sec-fetch-site': 'cross-site' }, 403],
    ['of no page', { host: HOST, ...TYPE }, 403],
    ['of a page elsewhere', { host: HOST, ...TYPE, origin: 'https://evil.example' }, 403],
    ['of a form', { ...OWN_PAGE, 'content-type': 'text/plain' }, 415],
    ['with a key beside it', { ...OWN_PAGE, ...TYPE, authorization: 'Bearer x' }, 400],
  ])('does not begin by a request %s', async (_, headers, status) => {
    const answer = await signIn((await newKey('read')).key, headers);
    expect([answer.statusCode, answer.headers['set-cookie']]).toEqual([status, undefined]);
  });

  it.each([[{}], [{ key: 1 }], [{ key: '' }], [{ key: 'x'.repeat(201) }], [{ key: 'x', more: 1 }], [[]], ['no']])(
    'says what is wrong with a body (%j)',
    async (payload) => {
      const answer = await send('POST', '/v1/session', { ...OWN_PAGE, ...TYPE }, JSON.stringify(payload));
      expect([400, 422]).toContain(answer.statusCode);
      expect(answer.headers['set-cookie']).toBeUndefined();
    },
  );

  it('does not begin with the token of the command line, nor with a key that is wrong, expired, revoked or blocked', async () => {
    const { key, id } = await newKey('read');
    await keys().revoke(id);
    const expired = keys().create('console', ['read'], { expiresAt: engine.clock.now() - 1 });
    const blocked = await newKey('read');
    await keys().block(`key:${blocked.id}`, 'local');
    for (const each of [key, expired.key, blocked.key, `${key.slice(0, -1)}x`, 'local_x'])
      expect([(await signIn(each)).statusCode, from]).toEqual([401, from]);
    from = '10.9.9.9';
    expect((await signIn(engine.app.get(ApiKeyAccess).localToken)).statusCode).toBe(401);
  });

  it('is slowed by wrong keys: five a minute for each address; a right one is never slowed', async () => {
    const { key } = await newKey('read');
    const statuses: number[] = [];
    for (let n = 0; n < 7; n += 1) statuses.push((await signIn('wrong')).statusCode);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    expect((await signIn('wrong')).headers['retry-after']).toMatch(/^\d+$/);
    expect((await signIn(key)).statusCode).toBe(204);
  });

  it('ends with the next request once its key is revoked, blocked or expired', async () => {
    for (const end of [(id: string) => keys().revoke(id), (id: string) => keys().block(`key:${id}`, 'local')]) {
      const { key, id } = await newKey('read');
      const cookie = cookieOf(await signIn(key));
      expect((await send('GET', '/v1/read', { ...OWN_PAGE, cookie })).statusCode).toBe(200);
      await end(id);
      const after = await send('GET', '/v1/read', { ...OWN_PAGE, cookie });
      expect([after.statusCode, typeOf(after)]).toEqual([401, 'no-session']);
    }
    const { key, stored } = keys().create('short', ['read'], { expiresAt: engine.clock.now() + MINUTE });
    await stored;
    const cookie = cookieOf(await signIn(key));
    engine.clock.offsetMs = 2 * MINUTE;
    expect((await send('GET', '/v1/read', { ...OWN_PAGE, cookie })).statusCode).toBe(401);
  });

  it('ends after half an hour without a request, and after twelve hours in any case', async () => {
    const { key } = await newKey('read');
    const idle = cookieOf(await signIn(key));
    engine.clock.offsetMs = 31 * MINUTE;
    expect((await send('GET', '/v1/read', { ...OWN_PAGE, cookie: idle })).statusCode).toBe(401);
    const busy = cookieOf(await signIn(key));
    const began = engine.clock.offsetMs;
    for (let at = 0; at < 12 * HOUR; at += 25 * MINUTE) {
      engine.clock.offsetMs = began + at;
      expect((await send('GET', '/v1/read', { ...OWN_PAGE, cookie: busy })).statusCode).toBe(200);
    }
    engine.clock.offsetMs = began + 12 * HOUR + MINUTE;
    expect((await send('GET', '/v1/read', { ...OWN_PAGE, cookie: busy })).statusCode).toBe(401);
  });

  it('takes the place of the session that the browser had before', async () => {
    const { key } = await newKey('read');
    const first = cookieOf(await signIn(key));
    const second = cookieOf(await signIn(key, { ...OWN_PAGE, ...TYPE, cookie: first }));
    expect((await send('GET', '/v1/read', { ...OWN_PAGE, cookie: first })).statusCode).toBe(401);
    expect((await send('GET', '/v1/read', { ...OWN_PAGE, cookie: second })).statusCode).toBe(200);
  });

  it('is listed for operators, who end it, on record', async () => {
    const { key, id } = await newKey('read');
    const cookie = cookieOf(await signIn(key));
    const operator = { authorization: `Bearer ${(await newKey('operate')).key}` };
    expect((await send('GET', '/v1/sessions', { authorization: `Bearer ${key}` })).statusCode).toBe(403);
    const listed = (await send('GET', '/v1/sessions', operator)).json<readonly Record<string, string>[]>();
    const own = listed.find(({ principal }) => principal === `key:${id}`);
    expect(own).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{16}$/) as unknown, name: 'console' });
    expect(JSON.stringify(listed)).not.toContain(cookie.slice('perennial='.length));
    const ended = await send('DELETE', `/v1/sessions/${own?.['id']}`, operator);
    expect([ended.statusCode, (await send('DELETE', `/v1/sessions/${own?.['id']}`, operator)).statusCode]).toEqual([
      204, 404,
    ]);
    expect((await send('GET', '/v1/read', { ...OWN_PAGE, cookie })).statusCode).toBe(401);
    const act = engine.acts.find(({ name }) => name === 'session-ended');
    expect(act).toMatchObject({ data: { session: own?.['id'], principal: `key:${id}` } });
    expect(validateFact('session-ended', 1, act?.data ?? {})).toEqual({ ok: true });
  });

  it('leaves keys in the head of a request as they are, and answers 404 where a request has no session', async () => {
    const { key } = await newKey('read');
    const authorization = `Bearer ${key}`;
    expect((await send('GET', '/v1/read', { authorization })).statusCode).toBe(200);
    const answer = await send('GET', '/v1/session', { authorization });
    expect([answer.statusCode, typeOf(answer)]).toEqual([404, 'no-session']);
    const both = await send('GET', '/v1/read', { ...OWN_PAGE, authorization, cookie: cookieOf(await signIn(key)) });
    expect([both.statusCode, typeOf(both)]).toEqual([400, 'two-credentials']);
  });

  it('counts what was rejected of people in hourly sums', async () => {
    const sums = engine.app.get(RejectedSignIns);
    await sums.flush();
    const before = engine.acts.length;
    sums.countPerson('no-role', 'person:a');
    sums.countPerson('no-role', 'person:a');
    sums.countPerson('invalid-token', null);
    for (let n = 0; n < 1_200; n += 1) sums.countPerson('blocked', `person:${n}`);
    await sums.flush();
    const [act, ...more] = engine.acts.slice(before);
    expect(more).toEqual([]);
    const { people, reasons } = act?.data as Readonly<Record<'people' | 'reasons', Readonly<Record<string, number>>>>;
    expect(reasons).toEqual({ 'no-role': 2, 'invalid-token': 1, blocked: 1_200 });
    expect([people['person:a'], people['others'], Object.keys(people).length]).toEqual([2, 201, 1_001]);
    expect(validateFact('sign-in-rejected', 1, act?.data ?? {})).toEqual({ ok: true });
  });
});
