import { once } from 'node:events';
import { createConnection, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Global, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Public } from '../access/allow.js';
import { readConfig } from '../config/config.js';
import { createHttpAdapter } from '../http-adapter.js';
import { createLogger } from '../logging/logger.js';
import { PlatformModule } from '../platform.module.js';
import { ACCESS } from '../tokens.js';
import { configureApp } from './configure-app.js';

@Controller('things')
class ThingsController {
  @Get()
  @Public()
  all(): string {
    return 'things';
  }
}

@Global()
@Module({
  controllers: [ThingsController],
  providers: [{ provide: ACCESS, useValue: { authenticate: () => null } }],
  exports: [ACCESS],
})
class ThingsModule {}

describe('every answer of an application', () => {
  let app: NestFastifyApplication;
  let port: number;
  beforeAll(async () => {
    const config = readConfig({});
    const logger = createLogger({ level: 'silent', format: 'json' });
    const testing = await Test.createTestingModule({
      imports: [PlatformModule.forRoot({ config, logger }), ThingsModule],
    }).compile();
    app = testing.createNestApplication<NestFastifyApplication>(createHttpAdapter(config), { logger: false });
    configureApp(app);
    await app.listen(0, '127.0.0.1');
    ({ port } = app.getHttpServer().address() as AddressInfo);
  });
  afterAll(() => app.close());

  /** Sends the bytes of a request, and returns the whole answer. */
  const send = async (request: string): Promise<string> => {
    const socket = createConnection({ host: '127.0.0.1', port });
    let answer = '';
    socket.on('data', (bytes: Buffer) => (answer += bytes.toString('utf8')));
    socket.write(request, 'latin1');
    await once(socket, 'close');
    return answer;
  };

  it.each([
    ['of a route', '/v1/things', 200],
    ['without a route', '/nowhere', 404],
    ['about health', '/health/live', 200],
    ['for a malformed URL', '/v1/%zz', 400],
  ])('%s forbids a browser to frame it and to guess its type', async (_, url, status) => {
    const { statusCode, headers } = await app.inject({ method: 'GET', url });
    expect(statusCode).toBe(status);
    expect(headers['x-content-type-options']).toBe('nosniff');
    if (status === 400) return;
    expect(headers['x-frame-options']).toBe('DENY');
    expect(String(headers['content-security-policy'])).toContain("frame-ancestors 'none'");
  });

  it.each(['name=M%FCller', 'name=%E0%A4%A', 'name=50%', '%ff=1', 'cursor=%'])(
    'says 400 for a query that is not UTF-8, percent-encoded: %s',
    async (query) => {
      const { statusCode, json } = await app.inject({ method: 'GET', url: `/v1/things?${query}` });
      expect(statusCode).toBe(400);
      expect(json()).toMatchObject({ detail: expect.stringContaining('percent-encoded') });
    },
  );

  it.each(['M\u00fcller', 'M\u00c3\u00bcller'])(
    'says 400 for bytes of a URL that are not encoded at all: %s',
    async (name) => {
      const answer = await send(`GET /v1/things?name=${name} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
      expect(answer).toContain('HTTP/1.1 400');
    },
  );

  it('reads a query that is', async () => {
    const { statusCode } = await app.inject({ method: 'GET', url: '/v1/things?name=M%C3%BCller+%25&x' });
    expect(statusCode).toBe(200);
  });

  it('lets a browser load scripts of this server for a page, and nothing for data', async () => {
    const policy = async (url: string) => (await app.inject({ method: 'GET', url })).headers['content-security-policy'];
    expect(await policy('/docs')).toContain("default-src 'self'");
    expect(await policy('/docs-json')).toContain("default-src 'none'");
    expect(await policy('/v1/things')).toContain("default-src 'none'");
  });

  it.each([
    ['without a Host', 'GET /v1/things HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ['with an empty Host', 'GET /v1/things HTTP/1.1\r\nhost:\r\nconnection: close\r\n\r\n', 400],
    ['with a Host that is none', 'GET /v1/things HTTP/1.1\r\nhost: a/b@c\r\nconnection: close\r\n\r\n', 400],
    ['with a name', 'GET /v1/things HTTP/1.1\r\nhost: engine.example:8080\r\nconnection: close\r\n\r\n', 200],
    ['with an IPv6 address', 'GET /v1/things HTTP/1.1\r\nhost: [::1]:3000\r\nconnection: close\r\n\r\n', 200],
    ['of HTTP/1.0, which needs none', 'GET /v1/things HTTP/1.0\r\n\r\n', 200],
    ['that is none', 'no request at all\r\n\r\n', 400],
  ])('to a request %s is a problem document where it fails', async (_, request, status) => {
    const answer = await send(request);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.[01] ${status} `));
    if (status === 400) expect(answer).toContain('application/problem+json');
    if (status === 400) expect(answer).toContain('x-content-type-options: nosniff');
  });
});
