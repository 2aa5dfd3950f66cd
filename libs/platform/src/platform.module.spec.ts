import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Global, Module, Post, Query, VERSION_NEUTRAL } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Allow, CurrentPrincipal, Public } from './access/allow.js';
import { PERMISSIONS, type Permission } from './access/permissions.js';
import { LOCAL_PRINCIPAL, type Access, type Principal } from './access/principal.js';
import { readConfig } from './config/config.js';
import type { Health } from './health/health.js';
import { createHttpAdapter } from './http-adapter.js';
import { createLogger } from './logging/logger.js';
import { PlatformModule } from './platform.module.js';
import { configureApp } from './serving/configure-app.js';
import { ACCESS, HEALTH } from './tokens.js';

@Controller({ version: VERSION_NEUTRAL })
class Routes {
  @Get('silent')
  silent(): string {
    return 'closed to every caller';
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
  @Get('store-failure')
  @Public()
  storeFailure(@Query() { name = '', code = '' }: Record<string, string>): string {
    throw Object.assign(new Error(`PostgreSQL at db.internal, user "models": ${code}`), { name, code });
  }
  @Post('echo')
  @Public()
  echo(@Body() body: unknown): unknown {
    return body;
  }
}

@Controller('things')
class VersionedRoutes {
  @Get()
  @Public()
  all(): string {
    return 'of version 1';
  }
}

@Module({ controllers: [Routes, VersionedRoutes] })
class RoutesModule {}

/** Knows one key for each set of permissions: their names, joined. */
const access: Access = {
  authenticate: (bearer) => {
    const names = bearer.split('+');
    const permissions = PERMISSIONS.filter((each) => names.includes(each));
    return permissions.length === names.length
      ? { ...LOCAL_PRINCIPAL, id: bearer, kind: 'key', name: `key of ${bearer}`, permissions: new Set(permissions) }
      : null;
  },
  countWrongKey: () => null,
};
const key = (...permissions: Permission[]): string => permissions.join('+');

@Global()
@Module({ providers: [{ provide: ACCESS, useValue: access }], exports: [ACCESS] })
class AccessModule {}

describe('the platform over HTTP', () => {
  let app: NestFastifyApplication;
  const lines: string[] = [];

  beforeAll(async () => {
    const config = readConfig({ MAX_BODY_BYTES: '2000' });
    const logger = createLogger({ level: 'info', format: 'json', destination: { write: (line) => lines.push(line) } });
    const testing = await Test.createTestingModule({
      imports: [PlatformModule.forRoot({ config, logger }), AccessModule, RoutesModule],
    }).compile();
    app = testing.createNestApplication<NestFastifyApplication>(createHttpAdapter(config), {
      logger: false,
    });
    configureApp(app);
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  });
  afterAll(async () => {
    await app.close();
  });

  const get = (url: string, bearer?: string) =>
    app.inject({ method: 'GET', url, headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` } });

  describe('access', () => {
    it('closes a route that declares no permission to every key, the admin key included', async () => {
      expect((await get('/silent')).statusCode).toBe(401);
      expect((await get('/silent', key(...PERMISSIONS))).statusCode).toBe(403);
    });

    it('opens a route to keys with its permission, and to no others', async () => {
      expect((await get('/audited')).statusCode).toBe(401);
      expect((await get('/audited', key('read', 'operate'))).statusCode).toBe(403);
      const answer = await get('/audited', key('audit'));
      expect([answer.statusCode, answer.body]).toEqual([200, 'key of audit']);
    });

    it('opens a public route to callers without a key', async () => {
      expect((await get('/open')).body).toBe('open');
    });

    it.each(['', 'auditor', 'x'.repeat(5_000)])('rejects the unknown key "%s"', async (unknown) => {
      expect((await get('/audited', unknown)).statusCode).toBe(401);
    });
  });

  it('serves a controller under /v1, unless it is version-neutral', async () => {
    expect((await get('/v1/things')).body).toBe('of version 1');
    expect((await get('/things')).statusCode).toBe(404);
    expect((await get('/v1/open')).statusCode).toBe(404);
  });

  describe('problems', () => {
    const problem = (answer: Awaited<ReturnType<typeof get>>) => {
      expect(answer.headers['content-type']).toBe('application/problem+json');
      return answer.json<Record<string, unknown>>();
    };
    const post = (payload: string, type = 'application/json') =>
      app.inject({ method: 'POST', url: '/echo', headers: { 'content-type': type }, payload });

    it('answers an unknown route', async () => {
      expect(problem(await get('/nowhere?x=1'))).toMatchObject({
        status: 404,
        title: 'Not Found',
        instance: '/nowhere',
      });
    });

    it('answers a body that is not JSON, too large, or of an unknown type', async () => {
      expect(problem(await post('{"a":'))).toMatchObject({ status: 400 });
      expect(problem(await post(JSON.stringify('x'.repeat(3_000))))).toMatchObject({ status: 413 });
      expect(problem(await post('<a/>', 'application/xml'))).toMatchObject({ status: 415 });
    });

    it('answers a malformed URL', async () => {
      expect(problem(await get('/%zz'))).toMatchObject({ status: 400 });
    });

    const failing = (name: string, code: string) => get(`/store-failure?name=${name}&code=${encodeURIComponent(code)}`);

    it.each([
      ['DatabaseError', '', 'database-unavailable'],
      ['DatabaseError', '57P01', 'database-unavailable'],
      ['DatabaseError', '57P03', 'database-unavailable'],
      ['DatabaseError', '08006', 'database-unavailable'],
      ['DatabaseError', '53300', 'database-unavailable'],
      ['DatabaseError', '25006', 'database-unavailable'],
      ['DatabaseError', '28P01', 'database-unavailable'],
      ['DatabaseError', '55P03', 'database-unavailable'],
      ['DatabaseError', '40P01', 'database-unavailable'],
      ['DatabaseError', 'XX001', 'database-unavailable'],
      ['EventLogError', 'torn', 'log-torn'],
      ['EventLogError', 'unavailable', 'log-unavailable'],
      ['KeyStoreError', 'torn', 'keys-torn'],
      ['KeyStoreError', 'unavailable', 'keys-unavailable'],
      ['JournalError', 'unavailable', 'journal-unavailable'],
    ])('answers 503 with Retry-After on every route where a store fails (%s %s)', async (name, code, type) => {
      const answer = await failing(name, code);
      expect(problem(answer)).toMatchObject({ status: 503, type: `urn:perennial:problem:${type}` });
      expect(answer.headers['retry-after']).toBe('5');
    });

    it.each([
      ['DatabaseError', '53100'],
      ['EventLogError', 'full'],
      ['KeyStoreError', 'full'],
    ])('answers 507 where the disk under a store is full (%s %s)', async (name, code) => {
      expect(problem(await failing(name, code))).toMatchObject({
        status: 507,
        type: 'urn:perennial:problem:disk-full',
      });
    });

    it('names no host and no role of the database in an answer, and logs them once', async () => {
      const before = lines.length;
      for (let times = 0; times < 5; times += 1) {
        const answer = await failing('DatabaseError', '57P02');
        expect(answer.body).not.toMatch(/db\.internal|models"/);
      }
      const logged = lines.slice(before).filter((line) => line.includes('57P02'));
      expect(logged).toHaveLength(1);
      expect(logged[0]).toContain('db.internal');
    });

    it('still answers 500 to a mistake of its own in a statement', async () => {
      expect(problem(await failing('DatabaseError', '42601'))).toMatchObject({ status: 500 });
    });

    it('shows of an unexpected error a correlation id alone, which leads to its cause in the log', async () => {
      const answer = problem(await get('/broken'));
      expect(answer).toMatchObject({ status: 500, title: 'Internal Server Error' });
      expect(JSON.stringify(answer)).not.toContain('hunter2');
      const logged = lines.find((line) => line.includes(String(answer['correlationId'])));
      expect(logged).toContain('hunter2');
    });
  });

  describe('health and metrics', () => {
    it('is live, without a key', async () => {
      expect((await get('/health/live')).json()).toEqual({ status: 'live' });
    });

    it('is ready while every check succeeds', async () => {
      const health = app.get<Health>(HEALTH);
      health.register('log', () => ({ ok: true }));
      expect((await get('/health/ready')).json()).toEqual({ status: 'ready', checks: { log: { ok: true } } });
      health.register('read models', () => Promise.reject(new Error('not opened yet')));
      const answer = await get('/health/ready');
      expect(answer.statusCode).toBe(503);
      expect(answer.headers).toMatchObject({ 'content-type': 'application/problem+json', 'retry-after': '1' });
      expect(answer.json()).toMatchObject({
        type: 'urn:perennial:problem:not-ready',
        detail: 'Not ready: read models.',
        checks: { log: { ok: true }, 'read models': { ok: false, detail: 'not opened yet' } },
      });
    });

    it('stays ready while a part fails that it can do without, and shows that it fails', async () => {
      const health = app.get<Health>(HEALTH);
      health.register('read models', () => ({ ok: true }));
      health.register('webhooks', () => ({ ok: false, detail: 'the database cannot be reached', required: false }));
      const answer = await get('/health/ready');
      expect(answer.statusCode).toBe(200);
      expect(answer.json()).toMatchObject({
        status: 'ready',
        checks: { webhooks: { ok: false, detail: 'the database cannot be reached', required: false } },
      });
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
  it('redacts fields with the name of a secret or of personal data', () => {
    const lines: string[] = [];
    const logger = createLogger({ level: 'info', format: 'json', destination: { write: (line) => lines.push(line) } });
    logger.info({ authorization: 'Bearer pk_x', event: { identifiers: ['jane@shop.example'] }, count: 3 }, 'taken');
    expect(lines[0]).not.toMatch(/pk_x|jane/);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ level: 'info', msg: 'taken', count: 3 });
  });

  it('is readable on a terminal', () => {
    const lines: string[] = [];
    createLogger({ level: 'info', format: 'text', destination: { write: (line) => lines.push(line) } }).info(
      { events: 3 },
      'taken',
    );
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d info {2}taken events=3\n/);
  });
});
