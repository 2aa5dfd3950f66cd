import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { lockDataFolder } from '#event-log';
import { ApiKeyAccess } from '#keys';
import { readConfig, type Config } from '#platform';
import { configureApp, createHttpAdapter } from '#platform/nest';
import { setUpOpenApi } from '#queries/nest';
import { ApiAppModule } from '../apps/api/src/api-app.module.js';
import { IntakeAppModule } from '../apps/intake/src/intake-app.module.js';
import { ProjectorAppModule } from '../apps/projector/src/projector-app.module.js';
import { RelayAppModule } from '../apps/relay/src/relay-app.module.js';
import { StandaloneModule } from '../apps/standalone/src/standalone.module.js';

/** Each app's module, and a route that it serves. */
const APPS: readonly (readonly [name: string, module: (config: Config) => DynamicModule, route: string])[] = [
  ['standalone', (config) => StandaloneModule.forRoot(config, lockDataFolder(config.dataDir)), '/v1/query/customers'],
  ['intake', (config) => IntakeAppModule.forRoot(config), '/v1/touchpoints'],
  ['projector', (config) => ProjectorAppModule.forRoot(config), '/v1/keys'],
  ['relay', (config) => RelayAppModule.forRoot(config), '/v1/webhooks'],
  ['api', (config) => ApiAppModule.forRoot(config), '/v1/query/customers'],
];

describe('the application of each process', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'perennial-apps-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it.each(APPS)('%s starts, documents its routes and answers a caller with a key', async (_, module, route) => {
    const config = readConfig({ DATA_DIR: dataDir, LOG_LEVEL: 'silent' });
    const testing = await Test.createTestingModule({ imports: [module(config)] }).compile();
    const app = testing.createNestApplication<NestFastifyApplication>(createHttpAdapter(config), { logger: false });
    configureApp(app);
    setUpOpenApi(app);
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    try {
      const get = async (url: string, headers = {}) => (await app.inject({ method: 'GET', url, headers })).statusCode;
      const authorization = `Bearer ${app.get(ApiKeyAccess).localToken}`;
      expect([await get('/health/live'), await get('/v1/keys'), await get('/v1/keys', { authorization })]).toEqual([
        200, 401, 200,
      ]);
      const self = await app.inject({ method: 'GET', url: '/auth/me', headers: { authorization } });
      expect(self.json()).toMatchObject({ principal: 'local', kind: 'local', session: null });
      expect(await get('/auth/me')).toBe(401);
      const { paths } = (await app.inject({ method: 'GET', url: '/docs-json' })).json<{
        paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
      }>();
      expect(Object.keys(paths)).toContain(route);
      const ids = Object.values(paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
      expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    } finally {
      await app.close();
    }
  });
});
