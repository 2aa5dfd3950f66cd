import 'reflect-metadata';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { ACTS_FOR_APPROVAL, DAY } from '#contracts';
import { lockDataFolder, type DataFolderLock } from '#event-log';
import { ApiKeyAccess, ApiKeys } from '#keys';
import { BUILT_IN_POLICIES } from '#lifecycle';
import { actorOf, PERMISSIONS, readConfig, ROLE_NAMES, type Role } from '#platform';
import { configureApp, createHttpAdapter } from '#platform/nest';
import { prepareStoresOf } from '#privacy/nest';
import { setUpOpenApi } from '#queries/nest';
import { TestIssuer } from '#testing';
import { StandaloneModule } from '../apps/standalone/src/standalone.module.js';
import { matrixOf, matrixTable, readMatrix, rejectsLimited, roleTable, type RouteRow } from './access-matrix.js';

const PAGE = join(import.meta.dirname, '../docs/access.md');
/** Pages without data, which need no key: documentation and its scripts. */
const PAGES = /^\/($|docs($|[/-]))/;
/** `npm run access` writes the tables of the page again. */
/** What a page says, without the white space that a formatter may choose. */
const said = (page: string): string => page.replace(/\|[\s:|-]*\|(?=\n)/g, '|').replace(/\s+/g, ' ');
const WRITES = process.env['PERENNIAL_WRITE_DOCS'] === '1';

/** An error: a problem document, or the form that analytics libraries read. */
interface Rejected {
  readonly type?: string;
  readonly code?: string;
}

/** What the routes of analytics libraries say in the place of other routes; a key of no one source was let in, and then has no call to send. */
const SAME: Readonly<Record<string, string>> = {
  'write-key-unknown': 'about:blank',
  'write-key-missing': 'about:blank',
  'write-key-without-source': 'in',
};

/** What narrows the permissions of a limited principal. */
const LIMITED = { sources: ['shop/*'], types: ['order-placed'], brand: ['aurora'] };

describe('who may use which route', () => {
  let dataDir: string;
  let lock: DataFolderLock;
  let app: NestFastifyApplication;
  let lines: readonly RouteRow[];
  let issuer: TestIssuer;
  const served = new Set<string>();
  let requests = 0;

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'perennial-access-'));
    lock = lockDataFolder(dataDir);
    issuer = await TestIssuer.start();
    const map = join(dataDir, 'roles.json');
    const values = ROLE_NAMES.flatMap((role) => [
      [role, { roles: [role] }],
      [`limited ${role}`, { roles: [role], scopes: LIMITED }],
    ]);
    writeFileSync(map, JSON.stringify({ values: Object.fromEntries(values) as object }));
    const config = readConfig({
      ...{ DATA_DIR: dataDir, LOG_LEVEL: 'silent', OIDC_ISSUER: issuer.url, OIDC_MAP: map },
    });
    const testing = await Test.createTestingModule({ imports: [StandaloneModule.forRoot(config, lock)] }).compile();
    app = testing.createNestApplication<NestFastifyApplication>(createHttpAdapter(config), { logger: false });
    (app.getHttpAdapter().getInstance() as unknown as FastifyInstance).addHook('onRoute', ({ method, url, config }) => {
      // Some routes only say which methods there are.
      const isReal = (config as { readonly isUnreal?: true } | undefined)?.isUnreal !== true;
      for (const each of [method].flat())
        if (isReal && each !== 'HEAD' && !PAGES.test(url))
          served.add(`${each} ${url.replace(/:([a-zA-Z-]+)/g, '{$1}')}`);
    });
    configureApp(app);
    setUpOpenApi(app);
    await prepareStoresOf(app, config, { ownsFolder: true });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    lines = readMatrix(readFileSync(PAGE, 'utf8'));
  });
  afterAll(async () => {
    await app.close();
    lock.release();
    await issuer.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** One request with a key; each comes from an address of its own, so that wrong keys are not slowed. */
  const send = async ({ method, path }: RouteRow, bearer: string | null) => {
    requests += 1;
    return app.inject({
      method: method as 'GET',
      url: path.replace(/\{[^}]+\}/g, 'x'),
      remoteAddress: `10.${(requests >> 16) & 255}.${(requests >> 8) & 255}.${requests & 255}`,
      headers: bearer === null ? {} : { authorization: `Bearer ${bearer}` },
      ...(method === 'GET' || method === 'DELETE' ? {} : { payload: {} }),
    });
  };
  const verdict = async (line: RouteRow, bearer: string | null): Promise<'in' | string> => {
    const { statusCode, body } = await send(line, bearer);
    if (statusCode !== 401 && statusCode !== 403) return 'in';
    const { code, type = SAME[code ?? ''] ?? `urn:perennial:problem:${code}` } = JSON.parse(body) as Rejected;
    if (type === 'in') return type;
    return `${statusCode} ${type.replace('urn:perennial:problem:', '')}`;
  };
  const verdicts = async (bearer: string | null): Promise<Record<string, string>> => {
    const all: Record<string, string> = {};
    for (const line of lines) all[`${line.method} ${line.path}`] = await verdict(line, bearer);
    return all;
  };
  const expected = (of: (line: RouteRow) => string): Record<string, string> =>
    Object.fromEntries(
      lines.map((line) => [`${line.method} ${line.path}`, line.permissions === null ? 'in' : of(line)]),
    );

  it('is written in docs/access.md for every route that is served', async () => {
    const fresh = matrixOf((await app.inject({ method: 'GET', url: '/docs-json' })).json<OpenAPIObject>());
    const page = readFileSync(PAGE, 'utf8');
    const tables = { roles: roleTable(), routes: matrixTable(fresh) };
    let written = page;
    for (const [name, table] of Object.entries(tables))
      written = written.replace(
        new RegExp(`(<!-- generated: ${name} -->)[^]*?(<!-- end -->)`),
        (_, start: string, end: string) => `${start}\n\n${table}\n\n${end}`,
      );
    if (WRITES) {
      writeFileSync(PAGE, written);
      lines = fresh;
    } else expect(said(page)).toBe(said(written));
    expect([...served].sort()).toEqual(lines.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it.each(ROLE_NAMES)('holds for the role %s', async (role) => {
    const { key } = app.get(ApiKeys).create(role, [], { role });
    expect(await verdicts(key)).toEqual(
      expected(({ roles, path }) => (roles.includes(role) ? 'in' : `403 ${rejectionOf(role, path)}`)),
    );
  });

  it.each(ROLE_NAMES)('holds for the role %s with a limited scope', async (role) => {
    const { key } = app.get(ApiKeys).create(role, [], { role, scopes: LIMITED });
    expect(await verdicts(key)).toEqual(limitedTo(role));
  });
  const limitedTo = (role: Role): Record<string, string> =>
    expected((row) => {
      if (!row.roles.includes(role)) return `403 ${rejectionOf(role, row.path)}`;
      return rejectsLimited(row, role) ? '403 outside-scope' : 'in';
    });

  /** An access token of a person whose claim has this value. */
  const token = (value: string, others: Readonly<Record<string, unknown>> = {}): Promise<string> => {
    const now = Math.floor(Date.now() / 1_000);
    const times = { iat: now, exp: now + 3_600 };
    return issuer.sign({ ...times, iss: issuer.url, aud: 'perennial', sub: 'ada', roles: [value], ...others });
  };

  it.each(ROLE_NAMES)('holds for a person with the role %s, and with a limited scope', async (role) => {
    expect(await verdicts(await token(role))).toEqual(
      expected(({ roles, path }) => (roles.includes(role) ? 'in' : `403 ${rejectionOf(role, path)}`)),
    );
    expect(await verdicts(await token(`limited ${role}`))).toEqual(limitedTo(role));
  });

  it('lets no person in whose token is expired or foreign, who is blocked, or who has no role in the map', async () => {
    const now = Math.floor(Date.now() / 1_000);
    for (const others of [{ exp: now - 61 }, { aud: 'account' }, { aud: undefined }, { iss: 'https://other.example' }])
      expect(await verdicts(await token('admin', others))).toEqual(expected(() => '401 invalid-token'));
    expect(await verdicts(await token('stranger'))).toEqual(expected(() => '403 no-role'));
    const blocked = await token('admin', { sub: 'eve' });
    const principal = await app.get(ApiKeyAccess).people?.authenticate({
      ...{ method: 'GET', address: '127.0.0.1', headers: { authorization: `Bearer ${blocked}` } },
    });
    if (principal === undefined) throw new Error('People cannot sign in.');
    await app.get(ApiKeys).block(actorOf(principal), 'local');
    expect(await verdicts(blocked)).toEqual(expected(() => '401 blocked'));
  });

  /** The route that only the machine of the engine may use rejects an operator for that reason. */
  const rejectionOf = (role: Role, path: string): string =>
    path === '/v1/backups' && role === 'operator' ? 'local-only' : 'not-permitted';

  it('holds for a key with every permission, and for the command line of the machine', async () => {
    const { key } = app.get(ApiKeys).create('all', PERMISSIONS);
    const all = expected(({ path, method }) => (path === '/v1/backups' && method === 'POST' ? '403 local-only' : 'in'));
    expect(await verdicts(key)).toEqual(all);
    expect(await verdicts(app.get(ApiKeyAccess).localToken)).toEqual(expected(() => 'in'));
  });

  it('lets no key in that is expired, rotated, revoked, blocked or foreign, whatever it could do', async () => {
    const keys = app.get(ApiKeys);
    const at = Date.now();
    const create = (expiresAt: number | null = at + DAY) => keys.create('all', PERMISSIONS, { expiresAt });
    const expired = create(at - 1).key;
    const rotated = create();
    await keys.rotate(rotated.record.id, 0)?.stored;
    const revoked = create();
    await keys.revoke(revoked.record.id);
    const blocked = create();
    await keys.block(`key:${blocked.record.id}`, 'local');
    const foreign = `pk_0123456789ab_${'A'.repeat(43)}`;
    for (const bearer of [expired, rotated.key, revoked.key, blocked.key, foreign, 'local_x', '', null])
      expect([bearer, await verdicts(bearer)]).toEqual([bearer, expected(() => '401 about:blank')]);
  });

  /** Attempts of the list in docs/security.md. */
  const attempt = async (method: string, url: string, payload: unknown, headers: Record<string, string> = {}) => {
    const authorization = `Bearer ${app.get(ApiKeyAccess).localToken}`;
    const answer = await app.inject({
      ...{ method: method as 'POST', url, headers: { authorization, 'content-type': 'application/json', ...headers } },
      ...(payload === undefined ? {} : { payload: payload as object }),
    });
    return { status: answer.statusCode, headers: answer.headers, text: answer.body };
  };

  it.each([
    ['/v1/keys', { name: 'a', role: 'channel' }, ['id', 'hash', 'createdAt', 'replaces', 'revokedAt', 'by']],
    ['/v1/erasures', { identifier: 'email:jane.doe@shop.example' }, ['by', 'approvedBy', 'erasedAt']],
    ['/v1/acts/x/approve', {}, ['by', 'act', 'state']],
    ['/v1/policies', { policy: BUILT_IN_POLICIES.retail }, ['by', 'position', 'approvedBy']],
  ])('API3: %s takes no field that a caller may not set', async (url, body, fields) => {
    for (const field of fields) {
      const { status, text } = await attempt('POST', url, { ...body, [field]: 'x' });
      expect([field, status]).toEqual([field, 422]);
      expect(text).toContain(`#/${field}`);
    }
  });

  it('API8: allows no page of another origin to read an answer, and no method in the place of another', async () => {
    const origin = { origin: 'https://evil.example', 'access-control-request-method': 'GET' };
    for (const method of ['GET', 'OPTIONS'] as const) {
      const { headers } = await attempt(method, '/v1/keys', undefined, origin);
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    const { record } = app.get(ApiKeys).create('stays', ['read']);
    await attempt('POST', `/v1/keys/${record.id}`, {}, { 'x-http-method-override': 'DELETE' });
    expect(app.get(ApiKeys).find(record.id)?.revokedAt).toBeNull();
  });

  it('API8: no answer to a wrong request shows where the code lies, and no key works that is not made here', async () => {
    for (const [url, payload] of [
      ['/v1/keys', '{"name":'],
      ['/v1/keys', '[]'],
      ['/v1/query/acts', '{}'],
      ['/v1/%00', '{}'],
      [`/v1/keys/${'x'.repeat(5_000)}/rotate`, '{}'],
    ] as const) {
      const { status, text } = await attempt('POST', url, payload);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      expect(text).not.toMatch(/node_modules|\.[jt]s:\d|    at /);
    }
    for (const key of ['admin', 'local', 'local_', 'perennial', 'pk_admin', 'changeme'])
      expect((await attempt('GET', '/v1/keys', undefined, { authorization: `Bearer ${key}` })).status).toBe(401);
  });

  /** The operations of the OpenAPI document that may change something: by their extensions. */
  const changing = async () => {
    const { paths } = (await app.inject({ method: 'GET', url: '/docs-json' })).json<OpenAPIObject>();
    return Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations as Record<string, Record<string, string | undefined>>)
        .filter(([method]) => method !== 'get')
        .map(([method, operation]) => ({
          route: `${method.toUpperCase()} ${path}`,
          permission: operation['x-permission'],
          records: operation['x-records'],
          act: operation['x-act'],
        })),
    );
  };

  it('every route that changes something says what it records', async () => {
    const silent = (await changing()).filter(
      ({ permission, records }) => permission !== 'publish' && permission !== 'public' && records === undefined,
    );
    expect(silent).toEqual([]);
  });

  it('an operation is on record with who did it, once for each success', async () => {
    const { key, record } = app.get(ApiKeys).create('operator', [], { role: 'operator' });
    const auditor = app.get(ApiKeys).create('auditor', [], { role: 'auditor' }).key;
    const acts = async () => {
      const answer = await app.inject({
        ...{ method: 'GET', url: `/v1/query/acts?by=key:${record.id}` },
        headers: { authorization: `Bearer ${auditor}` },
      });
      return answer.json<{ rows: { kind: string; detail: unknown }[] }>().rows;
    };
    const post = (url: string) =>
      app.inject({ method: 'POST', url, headers: { authorization: `Bearer ${key}` }, payload: {} });
    expect((await post('/v1/clock/confirm')).statusCode).toBe(200);
    expect((await post('/v1/feeds/no-such-feed/replays')).statusCode).toBeGreaterThanOrEqual(400);
    expect(await acts()).toEqual([
      expect.objectContaining({ kind: 'operation-started', detail: { operation: 'clock-confirmed' } }),
    ]);
  });

  it('no route does an act that the policy puts under four eyes, by no principal, until another principal approves it', async () => {
    const keys = app.get(ApiKeys);
    const all = keys.create('one', PERMISSIONS, { expiresAt: Date.now() + DAY });
    const other = keys.create('other', [], { role: 'admin', expiresAt: Date.now() + DAY });
    const blocked = keys.create('blocked', [], { role: 'admin', expiresAt: Date.now() + DAY });
    await keys.block(`key:${blocked.record.id}`, 'local');
    const request = async (method: string, url: string, bearer: string, payload: object = {}) => {
      const { statusCode, headers, body } = await app.inject({
        ...{ method: method as 'POST', url, headers: { authorization: `Bearer ${bearer}` } },
        ...(method === 'DELETE' ? {} : { payload }),
      });
      return { status: statusCode, location: headers.location, body: JSON.parse(body) as Record<string, unknown> };
    };
    const policy = { ...BUILT_IN_POLICIES.retail, name: 'four-eyes' };
    const two = Object.fromEntries(ACTS_FOR_APPROVAL.map((act) => [act, 'two']));
    const held = { identifier: 'email:held@shop.example', case: '2026-117' };
    const hold = String((await request('POST', '/v1/holds', all.key, held)).body['holdId']);
    const first = { policy: { ...policy, approvals: two } };
    expect(await request('POST', '/v1/policies', all.key, first)).toMatchObject({ status: 200 });
    const recipes: Readonly<Record<string, readonly [url: string, payload: object]>> = {
      'POST /v1/erasures': ['/v1/erasures', { identifier: 'email:jane.doe@shop.example' }],
      'POST /v1/keys': ['/v1/keys', { name: 'third', role: 'admin' }],
      'POST /v1/keys/{id}/rotate': [`/v1/keys/${other.record.id}/rotate`, {}],
      'DELETE /v1/principals/{principal}/block': [`/v1/principals/key:${blocked.record.id}/block`, {}],
      'POST /v1/holds/{id}/lift': [`/v1/holds/${hold}/lift`, {}],
      'POST /v1/policies': ['/v1/policies', { policy: { ...policy, version: 2 } }],
    };
    const routes = (await changing()).filter(({ act }) => act !== undefined).map(({ route }) => route);
    expect(routes.sort()).toEqual(Object.keys(recipes).sort());
    const waiting: string[] = [];
    for (const [route, [url, payload]] of Object.entries(recipes))
      for (const bearer of [all.key, app.get(ApiKeyAccess).localToken]) {
        const answer = await request(route.split(' ')[0] ?? '', url, bearer, payload);
        expect([route, answer]).toMatchObject([route, { status: 202, body: { state: 'waiting' } }]);
        expect(answer.location).toBe(`/v1/acts/${String(answer.body['actId'])}`);
        if (bearer === all.key) waiting.push(String(answer.body['actId']));
      }
    expect(keys.list().filter(({ name }) => name === 'third')).toEqual([]);
    for (const actId of waiting) {
      const own = await request('POST', `/v1/acts/${actId}/approve`, all.key);
      expect(own).toMatchObject({ status: 403, body: { type: 'urn:perennial:problem:same-person' } });
      const local = await request('POST', `/v1/acts/${actId}/approve`, app.get(ApiKeyAccess).localToken);
      expect(local).toMatchObject({ status: 403, body: { type: 'urn:perennial:problem:local' } });
      const approved = await request('POST', `/v1/acts/${actId}/approve`, other.key);
      expect(approved).toMatchObject({ status: 200, body: { state: 'performed' } });
      expect(await request('POST', `/v1/acts/${actId}/approve`, other.key)).toMatchObject({ status: 409 });
    }
    expect(keys.list().filter(({ name }) => name === 'third')).toHaveLength(1);
    expect(keys.find(blocked.record.id)?.blockedAt).toBeNull();
  });
});
