import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { DAY } from '#contracts';
import { EVENT_LOG, lockDataFolder, type DataFolderLock, type EventLog } from '#event-log';
import { ApiKeys } from '#keys';
import { PERMISSIONS, readConfig } from '#platform';
import { configureApp, createHttpAdapter } from '#platform/nest';
import { prepareStoresOf } from '#privacy/nest';
import { orderPlaced } from '#testing';
import { StandaloneModule } from '../apps/standalone/src/standalone.module.js';

const TYPE = {
  ...{ name: 'campsite-booked', version: 1, origin: 'customer', group: 'purchase' },
  schema: {
    type: 'object',
    properties: {
      nights: { type: 'integer' },
      guests: { type: 'object', properties: { adults: { type: 'integer' } } },
    },
  },
};
const DATA = { nights: 3, guests: { adults: 2, dogs: ['Rex'] }, voucher: { code: 'LAKE-9' } };

describe('fields that no contract declares', () => {
  let dataDir: string;
  let lock: DataFolderLock;
  let app: NestFastifyApplication;
  let key: string;
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'perennial-unknown-'));
    lock = lockDataFolder(dataDir);
    const config = readConfig({ DATA_DIR: dataDir, LOG_LEVEL: 'silent', DEMO: 'off' });
    const testing = await Test.createTestingModule({ imports: [StandaloneModule.forRoot(config, lock)] }).compile();
    app = testing.createNestApplication<NestFastifyApplication>(createHttpAdapter(config), { logger: false });
    configureApp(app);
    await prepareStoresOf(app, config, { ownsFolder: true });
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    const rights = { expiresAt: Date.now() + DAY, purposes: ['service'] };
    key = app.get(ApiKeys).create('all', PERMISSIONS, rights).key;
  }, 120_000);
  afterAll(async () => {
    await app.close();
    lock.release();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const send = async (method: 'GET' | 'POST', url: string, payload?: object, headers: Record<string, string> = {}) => {
    const authorization = `Bearer ${key}`;
    const answer = await app.inject({
      ...{ method, url, headers: { authorization, ...headers } },
      ...(payload === undefined ? {} : { payload }),
    });
    expect([answer.statusCode, answer.statusCode < 300 ? '' : answer.body]).toEqual([answer.statusCode, '']);
    return answer.json<Record<string, unknown>>();
  };
  const event = (id: string) => orderPlaced({ id, type: 'campsite-booked', data: DATA });

  it('are accepted over HTTP, sealed in the log, and replayed as they were sent, also once a version declares them', async () => {
    await send('POST', '/v1/types', TYPE);
    expect(await send('POST', '/v1/types/check', { name: TYPE.name, samples: [event('e-1')] })).toMatchObject({
      samples: [{ valid: true, unknown: ['#/data/guests/dogs', '#/data/voucher'] }],
    });
    expect(await send('POST', '/v1/touchpoints', event('e-1'))).toMatchObject({ accepted: 1 });

    const log = app.get<EventLog>(EVENT_LOG);
    const [stored] = await log.find([{ source: String(event('e-1')['source']), id: 'e-1' }]);
    expect(JSON.parse(stored?.data ?? '{}')).toEqual({ nights: 3, guests: { adults: 2 } });
    for (const text of ['Rex', 'LAKE-9', 'voucher', 'dogs'])
      expect([stored?.data, stored?.meta].join(' ')).not.toContain(`"${text}"`);

    const { position } = await log.head();
    const [named] = event('e-1')['identifiers'] as readonly { namespace: string; value: string }[];
    const url = `/v1/query/timeline?identifier=${encodeURIComponent(`${named?.namespace}:${named?.value}`)}&after-position=${position}`;
    const dataShown = async (headers: Record<string, string>) =>
      ((await send('GET', url, undefined, headers))['rows'] as { data: unknown }[])[0]?.data;
    expect(await dataShown({})).toEqual({ nights: 3, guests: { adults: 2 } });
    expect(await dataShown({ 'perennial-purpose': 'service' })).toEqual(DATA);

    const voucher = { type: 'object', properties: { code: { type: 'string' } } };
    const schema = { ...TYPE.schema, properties: { ...TYPE.schema.properties, voucher } };
    await send('POST', '/v1/types', { ...TYPE, version: 2, schema });
    expect(await dataShown({ 'perennial-purpose': 'service' })).toEqual(DATA);
  }, 60_000);
});
