import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Inject, Module, Post } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Access } from './access/access.js';
import { sqliteApiKeys } from '#keys';
import { ApiKeys } from '#keys';
import { Allow, CurrentPrincipal, Public } from './access/allow.js';
import type { Permission, Principal } from './access/permissions.js';
import { readConfig } from './config/config.js';
import type { Health } from './health/health.js';
import { createHttpAdapter } from './http-adapter.js';
import { createLogger } from './logging/logger.js';
import { PlatformModule } from './platform.module.js';
import { openSqliteKeyStore, type SqliteKeyStore } from '#keys';
import { ACCESS, HEALTH } from './tokens.js';

@Controller()
class Routes {
  constructor(@Inject(ACCESS) readonly access: Access) {}
  @Get('silent')
  silent(): string {
    return 'nobody should read this';
  }
  @Get('open')
  @Public()
  open(): string {
    return 'open';
  }
  @Get('audited')
  @Allow('audit')
  audited(@CurrentPrincipal() caller: Principal): string {
    return caller.name;
  }
  @Get('broken')
  @Public()
  broken(): string {
    throw new Error('the password is hunter2');
  }
  @Post('echo')
  @Public()
  echo(@Body() body: unknown): unknown {
    return body;
  }
}

@Module({ controllers: [Routes] })
class RoutesModule {}

describe('the platform over HTTP', () => {
  let app: NestFastifyApplication;
  let keyStore: SqliteKeyStore;
  let access: Access;
  const lines: string[] = [];

  beforeAll(async () => {
    keyStore = openSqliteKeyStore({ file: ':memory:' });
    const config = readConfig({ MAX_BODY_BYTES: '2000' });
    const logger = createLogger({ level: 'info', format: 'json', destination: { write: (line) => lines.push(line) } });
    const testing = await Test.createTestingModule({
      imports: [PlatformModule.forRoot({ config, keyStore, logger }), RoutesModule],
    }).compile();
    app = testing.createNestApplication<NestFastifyApplication>(createHttpAdapter(config), {
      logger: false,
    });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    access = app.get<Access>(ACCESS);
  });
  afterAll(async () => {
    await app.close();
    await keyStore.close();
  });

  const key = (...permissions: Permission[]): string => access.apiKeys.create('a key', permissions).key;
  const get = (url: string, bearer?: string) =>
    app.inject({ method: 'GET', url, headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` } });

  describe('access', () => {
    it('lets nobody into a route that does not say whom it lets in, not even the admin', async () => {
      const admin = access.apiKeys.create('admin', ['publish', 'read', 'read-personal', 'audit', 'operate']).key;
      expect((await get('/silent')).statusCode).toBe(401);
      expect((await get('/silent', admin)).statusCode).toBe(403);
    });

    it('lets in who holds the permission, and only those', async () => {
      expect((await get('/audited')).statusCode).toBe(401);
      expect((await get('/audited', key('read', 'operate'))).statusCode).toBe(403);
      const answer = await get('/audited', key('audit'));
      expect([answer.statusCode, answer.body]).toEqual([200, 'a key']);
    });

    it('lets in the command line by the token of this start', async () => {
      expect((await get('/audited', access.localToken)).statusCode).toBe(200);
      expect((await get('/audited', `${access.localToken}x`)).statusCode).toBe(401);
    });

    it('knows no altered, cut or revoked key', async () => {
      const good = key('audit');
      const altered = good.slice(0, -3) + (good.endsWith('AAA') ? 'BBB' : 'AAA');
      for (const bad of [altered, good.slice(0, -1), `${good}x`, 'pk_', '', 'x'.repeat(5_000)])
        expect((await get('/audited', bad)).statusCode).toBe(401);
      await access.apiKeys.revoke(good.split('_')[1] as string);
      expect((await get('/audited', good)).statusCode).toBe(401);
    });

    it('makes, lists and revokes keys for an operator, and shows a key once', async () => {
      const operator = { authorization: `Bearer ${key('operate')}` };
      const made = await app.inject({
        method: 'POST',
        url: '/v1/keys',
        headers: operator,
        payload: { name: 'web shop', permissions: ['publish'] },
      });
      expect(made.statusCode).toBe(201);
      const { key: shown, id } = made.json<{ key: string; id: string }>();
      expect((await get('/v1/keys', key('operate'))).body).not.toContain(shown);
      expect((await app.inject({ method: 'DELETE', url: `/v1/keys/${id}`, headers: operator })).statusCode).toBe(200);
      expect(access.apiKeys.authenticate(shown)).toBeNull();
      expect((await app.inject({ method: 'DELETE', url: '/v1/keys/none', headers: operator })).statusCode).toBe(404);
    });

    it('says what is wrong with a key that cannot be made', async () => {
      for (const payload of [{}, [], { name: '', permissions: ['publish'] }, { name: 'x', permissions: ['all'] }]) {
        const answer = await app.inject({
          method: 'POST',
          url: '/v1/keys',
          headers: { authorization: `Bearer ${key('operate')}` },
          payload,
        });
        expect(answer.statusCode).toBe(422);
        expect(answer.json<{ errors: unknown[] }>().errors.length).toBeGreaterThan(0);
      }
    });

    it('makes the admin key once', async () => {
      const store = openSqliteKeyStore({ file: ':memory:' });
      const open = () => ApiKeys.open(sqliteApiKeys(store.database), { now: () => 0 });
      const first = await (await open()).createAdminOnce();
      const later = await open();
      expect(await later.createAdminOnce()).toBeNull();
      expect(later.authenticate(first ?? '')?.permissions.has('operate')).toBe(true);
      await store.close();
    });
  });

  describe('problems', () => {
    const problem = (answer: Awaited<ReturnType<typeof get>>) => {
      expect(answer.headers['content-type']).toBe('application/problem+json');
      return answer.json<Record<string, unknown>>();
    };
    const post = (payload: string, type = 'application/json') =>
      app.inject({ method: 'POST', url: '/echo', headers: { 'content-type': type }, payload });

    it('tells an unknown route', async () => {
      expect(problem(await get('/nowhere?x=1'))).toMatchObject({
        status: 404,
        title: 'Not Found',
        instance: '/nowhere',
      });
    });

    it('tells a body that is not JSON, too large, or of an unknown type', async () => {
      expect(problem(await post('{"a":'))).toMatchObject({ status: 400 });
      expect(problem(await post(''))).toMatchObject({ status: 400 });
      expect(problem(await post(JSON.stringify('x'.repeat(3_000))))).toMatchObject({ status: 413 });
      expect(problem(await post('<a/>', 'application/xml'))).toMatchObject({ status: 415 });
    });

    it('tells a malformed URL', async () => {
      expect(problem(await get('/%zz'))).toMatchObject({ status: 400 });
    });

    it('tells of the unexpected nothing but a correlation id, which the log explains', async () => {
      const answer = problem(await get('/broken'));
      expect(answer).toMatchObject({ status: 500, title: 'Internal Server Error' });
      expect(JSON.stringify(answer)).not.toContain('hunter2');
      const logged = lines.find((line) => line.includes(String(answer['correlationId'])));
      expect(logged).toContain('hunter2');
    });
  });

  describe('health and metrics', () => {
    it('is live for everybody', async () => {
      expect((await get('/health/live')).json()).toEqual({ status: 'live' });
    });

    it('is ready when every check is', async () => {
      const health = app.get<Health>(HEALTH);
      health.register('log', () => ({ ok: true }));
      expect((await get('/health/ready')).json()).toEqual({ status: 'ready', checks: { log: { ok: true } } });
      health.register('read models', () => Promise.reject(new Error('not opened yet')));
      const answer = await get('/health/ready');
      expect(answer.statusCode).toBe(503);
      expect(answer.json()).toMatchObject({ checks: { 'read models': { ok: false, detail: 'not opened yet' } } });
    });

    it('shows metrics to an operator', async () => {
      expect((await get('/metrics')).statusCode).toBe(401);
      const answer = await get('/metrics', key('operate'));
      expect(answer.headers['content-type']).toContain('text/plain');
      expect(answer.body).toContain('process_resident_memory_bytes');
    });
  });
});

describe('the log', () => {
  it('strikes out what is secret or personal by name', () => {
    const lines: string[] = [];
    const logger = createLogger({ level: 'info', format: 'json', destination: { write: (line) => lines.push(line) } });
    logger.info({ authorization: 'Bearer pk_x', event: { identifiers: ['jane@shop.example'] }, count: 3 }, 'taken');
    expect(lines[0]).not.toMatch(/pk_x|jane/);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ level: 'info', msg: 'taken', count: 3 });
  });

  it('reads well on a terminal', () => {
    const lines: string[] = [];
    createLogger({ level: 'info', format: 'text', destination: { write: (line) => lines.push(line) } }).info(
      { events: 3 },
      'taken',
    );
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d info {2}taken events=3\n/);
  });
});
