import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Global, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { DAY, validateFact } from '#contracts';
import {
  ACTS,
  APPROVALS,
  FORMER_PERMISSIONS,
  PERMISSIONS,
  readConfig,
  type Act,
  type Permission,
  type Principal,
} from '#platform';
import { Allow, configureApp, createHttpAdapter, CurrentPrincipal, PlatformModule } from '#platform/nest';
import { ONE_IS_ENOUGH } from '#testing';
import { ApiKeyAccess } from './api-keys/api-key-access.js';
import { sqliteApiKeys } from './sqlite/sqlite-api-keys.js';
import { ApiKeys } from './api-keys/api-keys.js';
import { RejectedSignIns } from './api-keys/rejected-sign-ins.js';
import { KeysModule } from './keys.module.js';
import { openSqliteKeyStore, type SqliteKeyStore } from './sqlite/sqlite-key-store.js';

const [[FORMER, PRESENT]] = Object.entries(FORMER_PERMISSIONS) as [[string, Permission]];

/** What the answers about keys are read as. */
type Shown = Record<'id' | 'key' | 'name' | 'createdAt', string> & Record<'expiresAt' | 'blockedAt', string | null>;

@Controller()
class Routes {
  @Get('audited')
  @Allow('audit')
  audited(@CurrentPrincipal() caller: Principal): string {
    return caller.name;
  }
}

@Module({ controllers: [Routes] })
class RoutesModule {}

const recorded: Act[] = [];

@Global()
@Module({
  providers: [
    { provide: ACTS, useValue: { record: async (act: Act) => void recorded.push(act) } },
    { provide: APPROVALS, useValue: ONE_IS_ENOUGH },
  ],
  exports: [ACTS, APPROVALS],
})
class ActsModule {}

describe('API keys over HTTP', () => {
  let app: NestFastifyApplication;
  let keyStore: SqliteKeyStore;

  beforeAll(async () => {
    keyStore = openSqliteKeyStore({ file: ':memory:' });
    const config = readConfig({ LOG_LEVEL: 'silent' });
    const testing = await Test.createTestingModule({
      imports: [PlatformModule.forRoot({ config }), KeysModule.forRoot({ keyStore }), ActsModule, RoutesModule],
    }).compile();
    app = testing.createNestApplication<NestFastifyApplication>(createHttpAdapter(config), { logger: false });
    configureApp(app);
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  });
  afterAll(async () => {
    await app.close();
    await keyStore.close();
  });

  const key = (...permissions: Permission[]): string => app.get(ApiKeys).create('a key', permissions).key;
  const headersOf = (bearer: string): { authorization: string } => ({ authorization: `Bearer ${bearer}` });
  const administrator = (): string => key(...PERMISSIONS);
  const get = (url: string, bearer?: string) =>
    app.inject({ method: 'GET', url, headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` } });
  const post = (url: string, payload: object = {}, bearer = administrator()) =>
    app.inject({ method: 'POST', url, headers: headersOf(bearer), payload });
  const create = (payload: object, bearer = administrator()) =>
    app.inject({ method: 'POST', url: '/v1/keys', headers: headersOf(bearer), payload });

  it('let in the caller that holds the permission', async () => {
    const answer = await get('/v1/audited', key('audit'));
    expect([answer.statusCode, answer.body]).toEqual([200, 'a key']);
  });

  it('let in the command line by the token of this start', async () => {
    const { localToken } = app.get(ApiKeyAccess);
    expect((await get('/v1/audited', localToken)).statusCode).toBe(200);
    expect((await get('/v1/audited', `${localToken}x`)).statusCode).toBe(401);
  });

  it('are rejected when altered, cut or revoked', async () => {
    const good = key('audit');
    const altered = good.slice(0, -3) + (good.endsWith('AAA') ? 'BBB' : 'AAA');
    for (const bad of [altered, good.slice(0, -1), `${good}x`, 'pk_', '', 'x'.repeat(5_000)])
      expect((await get('/v1/audited', bad)).statusCode).toBe(401);
    await app.get(ApiKeys).revoke(good.split('_')[1] as string);
    expect((await get('/v1/audited', good)).statusCode).toBe(401);
  });

  it('are not created by a key that may only operate: it made itself one that opens personal data', async () => {
    const created = await create({ name: 'mine', permissions: ['publish', 'open', 'audit'] }, key('operate'));
    expect(created.statusCode).toBe(403);
    expect((await get('/v1/keys', key('operate'))).statusCode).toBe(403);
  });

  it('are created, listed and revoked by an administrator, and each is shown once', async () => {
    const created = await create({ name: 'web shop', permissions: ['publish'] });
    expect(created.statusCode).toBe(201);
    const { key: shown, id } = created.json<{ key: string; id: string }>();
    expect((await get('/v1/keys', administrator())).body).not.toContain(shown);
    const revoke = (each: string) =>
      app.inject({ method: 'DELETE', url: `/v1/keys/${each}`, headers: headersOf(administrator()) });
    expect((await revoke(id)).statusCode).toBe(200);
    expect(app.get(ApiKeys).authenticate(shown)).toBeNull();
    expect((await revoke('none')).statusCode).toBe(404);
  });

  it('grant no more than their creator holds, though an administrator grants every role', async () => {
    const admin = app.get(ApiKeys).create('admin', [], { role: 'admin' }).key;
    expect((await create({ name: 'help desk', role: 'service-agent' }, admin)).json()).toMatchObject({
      ...{ role: 'service-agent', permissions: ['read', 'open'], scopes: { purposes: ['service', 'complaint'] } },
    });
    const beyond = await create({ name: 'mine', permissions: ['open'] }, admin);
    expect([beyond.statusCode, beyond.json()]).toMatchObject([
      403,
      { type: 'urn:perennial:problem:beyond-own-rights' },
    ]);
    // The secret of a stronger key is as good as a grant.
    const strong = app.get(ApiKeys).create('strong', ['open']).record.id;
    expect((await post(`/v1/keys/${strong}/rotate`, {}, admin)).statusCode).toBe(403);
  });

  it('expire after a year, unless they do nothing but publish', async () => {
    const { createdAt, expiresAt } = (await create({ name: 'tool', permissions: ['read'] })).json<Shown>();
    expect(Math.round((Date.parse(expiresAt ?? '') - Date.parse(createdAt)) / DAY)).toBe(365);
    expect((await create({ name: 'till', role: 'channel', expiresAt: null })).json()).toMatchObject({
      expiresAt: null,
    });
    for (const wrong of [null, '2020-01-01T00:00:00Z', 'tomorrow'])
      expect((await create({ name: 'tool', permissions: ['read'], expiresAt: wrong })).json()).toMatchObject({
        ...{ status: 422, errors: [{ pointer: '#/expiresAt' }] },
      });
  });

  it('are rotated: both are valid for the overlap, both are listed, and only the last is rotated again', async () => {
    const old = (await create({ name: 'till', role: 'channel', scopes: { sources: ['till/*'] } })).json<Shown>();
    const rotated = await post(`/v1/keys/${old.id}/rotate`, { overlapDays: 2 });
    expect(rotated.statusCode).toBe(201);
    const fresh = rotated.json<Shown>();
    expect(fresh).toMatchObject({ role: 'channel', scopes: { sources: ['till/*'] }, replaces: old.id });
    for (const { key: each } of [old, fresh]) expect(app.get(ApiKeys).authenticate(each)?.name).toBe('till');
    const shown = (await get(`/v1/keys/${old.id}`, administrator())).json<Shown>();
    expect(Math.round((Date.parse(shown.expiresAt ?? '') - Date.now()) / DAY)).toBe(2);
    expect((await post(`/v1/keys/${old.id}/rotate`)).json()).toMatchObject({
      ...{ status: 409, detail: expect.stringContaining(fresh.id) },
    });
    expect((await post('/v1/keys/none/rotate')).statusCode).toBe(404);
    expect((await post(`/v1/keys/${fresh.id}/rotate`, { overlapDays: 91 })).statusCode).toBe(422);
    const at = await post(`/v1/keys/${fresh.id}/rotate`, { overlapDays: 0 });
    expect(app.get(ApiKeys).authenticate(fresh.key)).toBeNull();
    expect(app.get(ApiKeys).authenticate(at.json<Shown>().key)?.name).toBe('till');
  });

  it('are blocked as principals, with the keys that replaced them, until the block is lifted', async () => {
    const old = (await create({ name: 'till', role: 'channel' })).json<Shown>();
    const fresh = (await post(`/v1/keys/${old.id}/rotate`)).json<Shown>();
    const other = (await create({ name: 'other', role: 'channel' })).json<Shown>();
    const verdicts = () => [old, fresh, other].map(({ key: each }) => app.get(ApiKeys).authenticate(each) !== null);
    expect((await post(`/v1/principals/key:${fresh.id}/block`)).statusCode).toBe(200);
    expect((await post(`/v1/principals/key:${fresh.id}/block`)).statusCode).toBe(200);
    expect(verdicts()).toEqual([false, false, true]);
    expect((await get(`/v1/keys/${fresh.id}`, administrator())).json<Shown>().blockedAt).not.toBeNull();
    const unblock = (principal: string) =>
      app.inject({ method: 'DELETE', url: `/v1/principals/${principal}/block`, headers: headersOf(administrator()) });
    expect((await unblock(`key:${fresh.id}`)).statusCode).toBe(200);
    expect(verdicts()).toEqual([true, true, true]);
    expect((await post('/v1/principals/person:anna/block')).statusCode).toBe(200);
    for (const unknown of ['key:none', 'local', 'anna'])
      expect((await post(`/v1/principals/${unknown}/block`)).statusCode).toBe(404);
  });

  it('leave a record of who created, rotated, blocked and revoked them, without a secret', async () => {
    recorded.length = 0;
    const by = administrator();
    const actor = `key:${by.split('_')[1]}`;
    const { id, key: shown } = (await create({ name: 'till', role: 'channel' }, by)).json<Shown>();
    const fresh = (await post(`/v1/keys/${id}/rotate`, {}, by)).json<Shown>();
    await post(`/v1/principals/key:${id}/block`, {}, by);
    await app.inject({ method: 'DELETE', url: `/v1/keys/${id}`, headers: headersOf(by) });
    expect(recorded).toEqual([
      {
        ...{ name: 'key-created', by: actor, id: `key-created ${id}` },
        data: expect.objectContaining({ keyId: id, name: 'till', role: 'channel' }),
      },
      {
        ...{ name: 'key-rotated', by: actor, id: `key-rotated ${fresh.id}` },
        data: expect.objectContaining({ keyId: fresh.id, replaces: id }),
      },
      { name: 'principal-blocked', by: actor, data: { principal: `key:${id}` } },
      { name: 'key-revoked', by: actor, data: { keyId: id } },
    ]);
    for (const { name, data } of recorded) expect(validateFact(name, 1, data)).toEqual({ ok: true });
    for (const each of [shown, fresh.key]) expect(JSON.stringify(recorded)).not.toContain(each.slice(16));
  });

  it('that are known and come with a wrong secret are counted, and recorded as one sum', async () => {
    recorded.length = 0;
    const id = app.get(ApiKeys).create('till', ['publish']).record.id;
    for (let n = 0; n < 3; n += 1) app.get(ApiKeys).authenticate(`pk_${id}_${'A'.repeat(43)}`);
    expect(recorded).toEqual([]);
    await app.get(RejectedSignIns).flush();
    expect(recorded).toMatchObject([{ name: 'sign-in-rejected', data: { attempts: { [id]: 3 } } }]);
    await app.get(RejectedSignIns).flush();
    expect(recorded).toHaveLength(1);
  });

  it('that are wrong are answered 20 times a minute for each address, and a right one always', async () => {
    const good = key('audit');
    const from = (remoteAddress: string, bearer: string) =>
      app.inject({ method: 'GET', url: '/v1/audited', remoteAddress, headers: headersOf(bearer) });
    const statuses = [];
    for (let n = 0; n < 21; n += 1) statuses.push((await from('192.0.2.9', 'wrong')).statusCode);
    expect(statuses).toEqual([...Array<number>(20).fill(401), 429]);
    const slowed = await from('192.0.2.9', 'wrong');
    expect(slowed.headers['retry-after']).toMatch(/^[1-9]\d?$/);
    expect(slowed.json()).toMatchObject({ type: 'urn:perennial:problem:too-many-wrong-keys' });
    expect((await from('192.0.2.9', good)).statusCode).toBe(200);
    expect((await from('192.0.2.10', 'wrong')).statusCode).toBe(401);
  });

  it.each([
    ...[{}, [], { name: ' ', permissions: ['publish'] }, { name: 'x', permissions: ['all'] }],
    ...[
      { name: 'x', permissions: [] },
      { name: 'x', permissions: ['read'], expires: 'never' },
    ],
  ])('are not created from %p, and the answer says what is wrong', async (payload) => {
    const answer = await create(payload);
    expect(answer.statusCode).toBe(422);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.json<{ errors: unknown[] }>().errors.length).toBeGreaterThan(0);
  });

  it('are not created with the former name of a permission, and the answer gives the present one', async () => {
    const answer = await create({ name: 'mailing', permissions: ['read', FORMER] });
    expect(answer.statusCode).toBe(422);
    expect(answer.json<{ errors: unknown[] }>().errors).toEqual([
      { pointer: '#/permissions/1', detail: 'is the former name of a permission', hint: `write ${PRESENT}` },
    ]);
  });

  it('keep working where they were stored with the former name of a permission', async () => {
    const { key: shown, record, stored } = app.get(ApiKeys).create('mailing', [PRESENT]);
    await stored;
    const former = JSON.stringify(['publish', FORMER]);
    keyStore.database.prepare('UPDATE api_keys SET permissions = ? WHERE id = ?').run(former, record.id);
    const reopened = await ApiKeys.open(sqliteApiKeys(keyStore.database), { now: () => 0 });
    expect([...(reopened.authenticate(shown)?.permissions ?? [])]).toEqual(['publish', PRESENT]);
  });
});

describe('the admin key', () => {
  it('is created once, with every permission', async () => {
    const store = openSqliteKeyStore({ file: ':memory:' });
    const open = () => ApiKeys.open(sqliteApiKeys(store.database), { now: () => 0 });
    const first = await (await open()).createAdminOnce();
    const later = await open();
    expect(await later.createAdminOnce()).toBeNull();
    expect([...(later.authenticate(first ?? '')?.permissions ?? [])]).toEqual([...PERMISSIONS]);
    await store.close();
  });
});
