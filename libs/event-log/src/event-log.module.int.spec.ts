import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { Registry } from 'prom-client';
import { ACCESS, METRICS, readConfig, type Access } from '#platform';
import { EVENT_LOG } from './tokens.js';
import { createLogger, PlatformModule } from '#platform/nest';
import { EventLogModule } from './event-log.module.js';
import { lockDataFolder, type EventLog } from './index.js';

/** Keys are another lib's business: no caller is let in here. */
const access: Access = { authenticate: () => null, countWrongKey: () => null };

@Global()
@Module({ providers: [{ provide: ACCESS, useValue: access }], exports: [ACCESS] })
class AccessModule {}

describe('the event log in a Nest application', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'perennial-log-module-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const compile = () =>
    Test.createTestingModule({
      imports: [
        PlatformModule.forRoot({
          config: readConfig({ DATA_DIR: dataDir }),
          logger: createLogger({ level: 'silent', format: 'json' }),
        }),
        AccessModule,
        EventLogModule.forRoot(),
      ],
    }).compile();

  it('is open while the application runs, and its folder is owned', async () => {
    const app = await compile();
    const log = app.get<EventLog>(EVENT_LOG);
    expect(await log.head()).toEqual({ position: 0, recordedAt: 0 });
    expect(() => lockDataFolder(dataDir)).toThrow(/is owned by process \d+/);
    await app.close();
    await expect(log.head()).rejects.toMatchObject({ code: 'closed' });
    lockDataFolder(dataDir).release();
  });

  it('tells how long commits take', async () => {
    const app = await compile();
    await app.get<EventLog>(EVENT_LOG).appendMany([]);
    const commits = await app.get<Registry>(METRICS).getSingleMetric('perennial_log_commit_seconds')?.get();
    expect(commits?.values).toContainEqual(
      expect.objectContaining({ metricName: 'perennial_log_commit_seconds_count', value: 1 }),
    );
    await app.close();
  });

  it('rejects a folder that is owned already', async () => {
    const lock = lockDataFolder(dataDir);
    await expect(compile()).rejects.toMatchObject({ code: 'locked' });
    lock.release();
    await (await compile()).close();
  });
});
