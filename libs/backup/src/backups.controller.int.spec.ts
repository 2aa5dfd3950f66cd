import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { ApprovalsModule } from '#approvals/nest';
import { EventLogModule } from '#event-log/nest';
import { ApiKeyAccess, ApiKeys } from '#keys';
import { KeysModule } from '#keys/nest';
import { PERMISSIONS, readConfig } from '#platform';
import { configureApp, createHttpAdapter, createLogger, PlatformModule } from '#platform/nest';
import { BackupModule } from './backup.module.js';

describe('POST /v1/backups', () => {
  let scratch: string;
  let app: NestFastifyApplication;
  beforeAll(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'perennial-backups-'));
    const config = readConfig({ DATA_DIR: join(scratch, 'data') });
    const logger = createLogger({ level: 'silent', format: 'json' });
    const testing = await Test.createTestingModule({
      imports: [
        PlatformModule.forRoot({ config, logger }),
        KeysModule.forRoot(),
        ApprovalsModule.forRoot(),
        EventLogModule.forRoot(),
        BackupModule.forRoot(),
      ],
    }).compile();
    app = testing.createNestApplication<NestFastifyApplication>(createHttpAdapter(config), { logger: false });
    configureApp(app);
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  });
  afterAll(async () => {
    await app.close();
    rmSync(scratch, { recursive: true });
  });

  const send = async (method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object, key?: string) => {
    const answer = await app.inject({
      ...{ method, url: `/v1/backups${path}` },
      ...(payload === undefined ? {} : { payload }),
      headers: { authorization: `Bearer ${key ?? app.get(ApiKeyAccess).localToken}` },
    });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  };
  const ended = async () => {
    for (;;) {
      const { body } = await send('GET', '/current');
      if (body['state'] !== 'running') return body;
      await sleep(20);
    }
  };

  it('lets no API key write files, whatever it may do else', async () => {
    const { key } = app.get(ApiKeys).create('admin', PERMISSIONS);
    const answer = await send('POST', '', { folder: join(scratch, 'wanted') }, key);
    expect(answer).toMatchObject({
      status: 403,
      body: { type: 'urn:perennial:problem:local-only', detail: expect.stringContaining('run the command line there') },
    });
    expect(readdirSync(scratch)).not.toContain('wanted');
  });

  it('takes an absolute path only', async () => {
    expect(await send('POST', '', { folder: 'backup' })).toMatchObject({ status: 422 });
    expect(await send('POST', '', {})).toMatchObject({ status: 422 });
  });

  it('backs up for the command line of the machine, and shows what it came to', async () => {
    expect(await send('GET', '/current')).toMatchObject({ status: 404 });
    expect(await send('POST', '', { folder: join(scratch, 'backup') })).toMatchObject({ status: 202 });
    expect(await ended()).toMatchObject({ state: 'done', result: { kind: 'first' } });
    expect(readdirSync(join(scratch, 'backup'))).toContain('manifest.json');
  });

  it('shows why a backup failed, by a code', async () => {
    await send('POST', '', { folder: join(scratch, 'data', 'backup') });
    expect(await ended()).toMatchObject({ state: 'failed', failure: { code: 'unsuitable' } });
    expect(await send('DELETE', '/current')).toMatchObject({ status: 202 });
  });
});
