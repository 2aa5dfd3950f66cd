import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ApiKeys } from '#keys';
import { PERMISSIONS } from '#platform';
import { RejectedSignIns } from '#keys';
import { TestIssuer } from '#testing';
import { signInApp, type SignInApp } from './testdata/sign-in-app.js';

/** The real clock, in whole seconds: an application's may be ahead of it. */
const seconds = (): number => Math.floor(Date.now() / 1_000);

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');

describe('an access token of a person', () => {
  let issuer: TestIssuer;
  let engine: SignInApp;
  let addresses = 0;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    for (const alg of ['PS256', 'ES256', 'EdDSA']) await issuer.addKey(alg);
    engine = await signInApp({ OIDC_ISSUER: issuer.url });
  });
  afterAll(async () => {
    await engine.close();
    await issuer.stop();
  });
  beforeEach(() => {
    engine.clock.offsetMs = 0;
  });

  const claims = (others: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
    iss: issuer.url,
    sub: 'f:1:ada',
    aud: 'perennial',
    iat: seconds(),
    exp: seconds() + 300,
    typ: 'Bearer',
    name: 'Ada Lovelace',
    realm_access: { roles: ['offline_access', 'perennial-marketer'] },
    ...others,
  });
  /** Each request comes from an address of its own, so that wrong tokens are not slowed. */
  const get = async (token: string, url = '/v1/read', on: SignInApp = engine) => {
    addresses += 1;
    const answer = await on.app.inject({
      method: 'GET',
      url,
      remoteAddress: `10.0.${addresses >> 8}.${addresses & 255}`,
      headers: { authorization: `Bearer ${token}` },
    });
    return {
      ...answer,
      statusCode: answer.statusCode,
      headers: answer.headers,
      body: answer.body,
      json: answer.json<Record<string, unknown>>(),
    };
  };

  it('lets the person in with the roles that the map gives, under an id that is a keyed hash', async () => {
    const { statusCode, json } = await get(await issuer.sign(claims()));
    expect(statusCode).toBe(200);
    expect(json).toEqual({
      by: expect.stringMatching(/^person:[0-9a-f]{32}$/) as unknown,
      name: 'Ada Lovelace',
      roles: ['marketer'],
      scopes: {},
    });
    expect((await get(await issuer.sign(claims({ name: 'Ada King' })))).json['by']).toBe(json['by']);
    expect((await get(await issuer.sign(claims({ sub: 'another' })))).json['by']).not.toBe(json['by']);
    expect(engine.lines.join()).not.toContain('Ada');
  });

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('may be signed with %s', async (alg) => {
    expect((await get(await issuer.sign(claims(), { alg }))).statusCode).toBe(200);
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    ['that has expired', () => issuer.sign(claims({ exp: seconds() - 61 })), /expired at \d{4}-.*: get a new one/],
    [
      'that is not valid yet',
      () => issuer.sign(claims({ nbf: seconds() + 90 })),
      /not valid before \d{4}-.*claim nbf.*clocks/,
    ],
    ['that never expires', () => issuer.sign(claims({ exp: undefined })), /no claim exp/],
    [
      'of a foreign issuer',
      () => issuer.sign(claims({ iss: 'https://other.example' })),
      /issued by "https:\/\/other\.example" \(claim iss\): send an access token of http/,
    ],
    ['of no issuer', () => issuer.sign(claims({ iss: undefined })), /who issued it \(claim iss\)/],
    [
      'for a foreign audience',
      () => issuer.sign(claims({ aud: ['account', 'shop'] })),
      /audience \(claim aud\) is "account", "shop", and must be "perennial".*OIDC_AUDIENCE/,
    ],
    [
      'for no audience',
      () => issuer.sign(claims({ aud: undefined })),
      /no audience \(claim aud\).*"perennial".*in Keycloak by an audience mapper/,
    ],
    ['without a person', () => issuer.sign(claims({ sub: undefined })), /no claim sub/],
    [
      'that is an id token by its claim',
      () => issuer.sign(claims({ typ: 'ID' })),
      /is an id token.*send the access token/,
    ],
    ['that is an id token by its nonce', () => issuer.sign(claims({ typ: undefined, nonce: 'n' })), /is an id token/],
    [
      'that is a logout token',
      () => issuer.sign(claims({ typ: undefined }), { header: { typ: 'logout+jwt' } }),
      /token of the type "logout\+jwt"/,
    ],
    ['that is a refresh token', () => issuer.sign(claims({ typ: 'Refresh' })), /token of the type "Refresh"/],
    [
      'with a critical header that is not known',
      async () => `${encoded({ alg: 'RS256', crit: ['x'], x: 1 })}.${encoded(claims())}.AA`,
      /not a signed JWT that can be read/,
    ],
  ])('is rejected %s, with what is wrong and what to do', async (_, token, detail) => {
    const { statusCode, headers, json } = await get(await token());
    expect([statusCode, json['type'], headers['www-authenticate']]).toEqual([
      401,
      'urn:perennial:problem:invalid-token',
      'Bearer error="invalid_token"',
    ]);
    expect(json['detail']).toMatch(detail);
  });

  it('is rejected without a signature, or with one that is made with the public key', async () => {
    const none = `${encoded({ alg: 'none', typ: 'JWT' })}.${encoded(claims())}.`;
    expect((await get(none)).json['detail']).toMatch(/algorithm "none"/);
    for (const secret of [issuer.publicKey, '']) {
      const signed = `${encoded({ alg: 'HS256', typ: 'JWT', kid: 'RS256-1' })}.${encoded(claims())}`;
      const forged = `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
      expect(await get(forged)).toMatchObject({
        statusCode: 401,
        json: { detail: expect.stringMatching(/algorithm "HS256".*RS256/) as unknown },
      });
    }
    const [head = '', , signature = ''] = (await issuer.sign(claims())).split('.');
    const altered = `${head}.${encoded(claims({ sub: 'mallory' }))}.${signature}`;
    expect((await get(altered)).json['detail']).toMatch(/signature is not valid/);
  });

  it.each([
    'ey',
    'eyJ',
    'eyJhbGciOiJSUzI1NiJ9',
    'eyJhbGciOiJSUzI1NiJ9..',
    'eyJhbGciOiJSUzI1NiJ9.W10.AA',
    'eyJhbGciOiJSUzI1NiJ9.!!.AA',
    `ey${'A'.repeat(9_000)}.a.b`,
    'eyJhIjox.eyJhIjox.a.b.c',
  ])('that is no token at all (%#) gets 401, never 500', async (text) =>
    expect((await get(text)).statusCode).toBe(401),
  );

  it('with the setting at+jwt must have that type', async () => {
    const strict = await signInApp({ OIDC_ISSUER: issuer.url, OIDC_TOKEN_TYPE: 'at+jwt' });
    const plain = await get(await issuer.sign(claims()), '/v1/read', strict);
    expect([plain.statusCode, plain.json['detail']]).toEqual([
      401,
      expect.stringMatching(/\(typ\) must be at\+jwt.*OIDC_TOKEN_TYPE=any/),
    ]);
    expect((await get(await issuer.sign(claims(), { header: { typ: 'at+jwt' } }), '/v1/read', strict)).statusCode).toBe(
      200,
    );
    await strict.close();
  });

  it('gives no right without the claim of the roles, or with values that the map does not know', async () => {
    const without = await get(await issuer.sign(claims({ realm_access: undefined })));
    expect([without.statusCode, without.json['type']]).toEqual([403, 'urn:perennial:problem:no-role']);
    expect(without.json['detail']).toMatch(/no claim \/realm_access\/roles, which OIDC_ROLES names/);
    const unknown = await get(
      await issuer.sign(claims({ realm_access: { roles: ['offline_access', 'constructor', '__proto__'] } })),
    );
    expect([unknown.statusCode, unknown.json['detail']]).toEqual([
      403,
      expect.stringMatching(/OIDC_MAP \(it has "offline_access"/),
    ]);
    expect((await get(await issuer.sign(claims({ realm_access: { roles: [] } })))).json['detail']).toMatch(/is empty/);
  });

  it('is limited to the scopes of its values, and to the permissions of its roles', async () => {
    const auditor = await issuer.sign(claims({ realm_access: { roles: ['perennial-auditor'] } }));
    expect((await get(auditor)).json).toMatchObject({
      roles: ['auditor'],
      scopes: { brand: ['aurora'], purposes: ['audit'] },
    });
    expect(await get(auditor, '/v1/unscoped')).toMatchObject({
      statusCode: 403,
      json: { type: 'urn:perennial:problem:outside-scope' },
    });
    const denied = await get(auditor, '/v1/keys');
    expect(denied.json['detail']).toBe('"Ada Lovelace" lacks the permission "administer".');
  });

  it('is rejected while its person is blocked, and accepted again afterwards', async () => {
    const token = await issuer.sign(claims({ sub: 'to-be-blocked' }));
    const { by } = (await get(token)).json as { by: string };
    const admin = await issuer.sign(claims({ sub: 'admin', realm_access: { roles: ['perennial-admin'] } }));
    const act = (method: 'POST' | 'DELETE') =>
      engine.app.inject({ method, url: `/v1/principals/${by}/block`, headers: { authorization: `Bearer ${admin}` } });
    expect((await act('POST')).statusCode).toBe(200);
    expect(await get(token)).toMatchObject({ statusCode: 401, json: { type: 'urn:perennial:problem:blocked' } });
    expect(engine.acts.at(-1)).toMatchObject({
      name: 'principal-blocked',
      by: expect.stringMatching(/^person:[0-9a-f]{32}$/) as unknown,
      data: { principal: by },
    });
    await act('DELETE');
    expect((await get(token)).statusCode).toBe(200);
  });

  it('that is rejected is counted, by its reason and by its person where that is known, and recorded as one sum', async () => {
    const sums = engine.app.get(RejectedSignIns);
    await sums.flush();
    const stranger = await issuer.sign(claims({ sub: 'stranger', realm_access: { roles: ['none'] } }));
    await get(stranger);
    await get(stranger);
    await get(`${stranger.slice(0, -4)}AAAA`);
    await get(await issuer.sign(claims()));
    await sums.flush();
    const { data, ...act } = engine.acts.at(-1) ?? {};
    expect(act).toMatchObject({ name: 'sign-in-rejected', by: 'local' });
    expect(data).toMatchObject({ attempts: {}, reasons: { 'no-role': 2, 'invalid-token': 1 } });
    expect(Object.entries((data as { people: object }).people)).toEqual([
      [expect.stringMatching(/^person:[0-9a-f]{32}$/), 2],
    ]);
    expect(JSON.stringify(data)).not.toContain('stranger');
  });

  it('that is wrong again and again is slowed by its address', async () => {
    const send = () =>
      engine.app.inject({
        method: 'GET',
        url: '/v1/read',
        remoteAddress: '192.0.2.7',
        headers: { authorization: 'Bearer eyJhbGciOiJSUzI1NiJ9.e30.x' },
      });
    const answers: number[] = [];
    for (let n = 0; n < 21; n += 1) answers.push((await send()).statusCode);
    expect(answers).toEqual([...Array<number>(20).fill(401), 429]);
  });

  it('is checked with the new keys once the issuer has changed them', async () => {
    const other = await TestIssuer.start();
    const fresh = await signInApp({ OIDC_ISSUER: other.url });
    const own = { ...claims(), iss: other.url };
    expect((await get(await other.sign(own), '/v1/read', fresh)).statusCode).toBe(200);
    const old = await other.sign(own);
    await other.rotate();
    // At once after the keys were read they are not read again: a flood of unknown keys sends no flood of requests.
    const read = other.requests.length;
    const early = await get(await other.sign(own), '/v1/read', fresh);
    expect([early.statusCode, other.requests.length - read]).toEqual([401, 0]);
    expect(early.json['detail']).toMatch(/key "RS256-2" is not among the signing keys/);
    expect((await get(old, '/v1/read', fresh)).statusCode).toBe(200);
    await fresh.close();
    await other.stop();
  });

  it('gets 503 with Retry-After while the issuer is away; keys go on, and so do tokens of keys that were read before', async () => {
    const other = await TestIssuer.start();
    const own = { ...claims(), iss: other.url };
    const token = await other.sign(own);
    const knowing = await signInApp({ OIDC_ISSUER: other.url });
    expect((await get(token, '/v1/read', knowing)).statusCode).toBe(200);
    await other.stop();
    const fresh = await signInApp({ OIDC_ISSUER: other.url });
    const away = await get(token, '/v1/read', fresh);
    expect([away.statusCode, away.headers['retry-after'], away.json['type']]).toEqual([
      503,
      '5',
      'urn:perennial:problem:identity-provider-away',
    ]);
    expect(away.json['detail']).toMatch(/does not answer.*API keys are accepted/);
    const { key } = fresh.app.get(ApiKeys).create('a key', PERMISSIONS);
    expect((await get(key, '/v1/read', fresh)).statusCode).toBe(200);
    expect((await get(token, '/v1/read', knowing)).statusCode).toBe(200);
    await Promise.all([knowing.close(), fresh.close()]);
  });

  it('gets 503 while the issuer calls itself otherwise', async () => {
    const other = await TestIssuer.start();
    other.calledItself = `${other.url}/`;
    const fresh = await signInApp({ OIDC_ISSUER: other.url });
    const { statusCode, json } = await get(await other.sign({ ...claims(), iss: other.url }), '/v1/read', fresh);
    expect([statusCode, json['detail']]).toEqual([503, expect.stringContaining(`OIDC_ISSUER must be exactly that`)]);
    await fresh.close();
    await other.stop();
  });

  it('is told apart from keys where no identity provider is set', async () => {
    const keysAlone = await signInApp({ OIDC_ISSUER: 'off' });
    expect((await get(await issuer.sign(claims()), '/v1/read', keysAlone)).statusCode).toBe(401);
    await keysAlone.close();
  });
});

describe('the map of roles', () => {
  it('is required with an issuer, and read when the engine starts', async () => {
    await expect(signInApp({ OIDC_ISSUER: 'http://127.0.0.1:9', OIDC_MAP: 'none' })).rejects.toThrow(
      'OIDC_MAP must say what people may do, since OIDC_ISSUER is set',
    );
  });
});
