import { describe, expect, it } from '@jest/globals';
import { STREAMS } from '#contracts';
import { accountableSettings, readConfig } from '#platform';
import { memoryLog } from '#testing';
import { SettingsRecord, type ProcessName } from './settings-record.js';

const clock = { now: () => Date.UTC(2026, 0, 31) };
const SILENT = { warn: () => undefined };

describe('the settings that proof and access rest on', () => {
  const log = memoryLog({ clock });
  const start = (environment: Record<string, string>, process: ProcessName = 'standalone') =>
    new SettingsRecord(process, accountableSettings(readConfig(environment)), log, clock, SILENT).record();
  const recorded = async () => {
    const found: { process: string; notDefault: string[]; digest: string; by: unknown }[] = [];
    for await (const page of log.read(STREAMS.settings))
      for (const { data, meta } of page)
        found.push({ ...(JSON.parse(data) as (typeof found)[number]), ...(JSON.parse(meta) as { by: string }) });
    return found;
  };

  it('are on record where they are not at their default, and again where they changed since', async () => {
    expect(await start({})).toBe(false);
    expect(await start({ PORT: '0', LOG_LEVEL: 'warn' })).toBe(false);
    const given = { HOST: '0.0.0.0', SESSION_HOURS: '8' };
    expect(await start(given)).toBe(true);
    expect(await start(given)).toBe(false);
    expect(await start(given, 'api')).toBe(true);
    expect(await start({ ...given, SESSION_HOURS: '9' })).toBe(true);
    expect(await start({})).toBe(true);
    expect(await start({})).toBe(false);
    expect((await recorded()).map(({ process, notDefault, by }) => [process, notDefault, by])).toEqual([
      ['standalone', ['HOST', 'SESSION_HOURS'], 'local'],
      ['api', ['HOST', 'SESSION_HOURS'], 'local'],
      ['standalone', ['HOST', 'SESSION_HOURS'], 'local'],
      ['standalone', [], 'local'],
    ]);
  });

  it('tell no secret, and no guess about one can be tested against them', () => {
    const withSecrets = (password: string, hashKey: string, secret: string) =>
      accountableSettings(
        readConfig({
          EVENT_LOG: `esdb://admin:${password}@store.example:2113?tls=true&password=${password}#shop`,
          KEYS_URL: `postgres://keys:${password}@store.example/keys`,
          ...{ HASH_KEY: hashKey.repeat(64), OIDC_ISSUER: 'https://id.example', PUBLIC_URL: 'https://shop.example' },
          ...{ OIDC_CLIENT_ID: 'perennial', OIDC_CLIENT_SECRET: secret },
        }),
      );
    const one = withSecrets('one', 'a', 'first secret of the client');
    expect(one.notDefault).toEqual([
      'EVENT_LOG',
      'HASH_KEY',
      'KEYS_URL',
      'OIDC_CLIENT_ID',
      'OIDC_CLIENT_SECRET',
      'OIDC_ISSUER',
      'PUBLIC_URL',
    ]);
    expect(withSecrets('two', 'b', 'second secret of the client')).toEqual(one);
    const moved = accountableSettings(readConfig({ EVENT_LOG: 'esdb://other.example:2113' }));
    const before = accountableSettings(readConfig({ EVENT_LOG: 'esdb://store.example:2113' }));
    expect(moved.digest).not.toBe(before.digest);
  });

  it('are tried again where the log does not take them', async () => {
    const warned: unknown[] = [];
    const away = { read: log.read.bind(log), append: () => Promise.reject(new Error('The log is away.')) };
    const settings = accountableSettings(readConfig({ HOST: '::1' }));
    const record = new SettingsRecord('relay', settings, away, clock, {
      warn: (fields: unknown) => void warned.push(fields),
    });
    await record.start();
    record.stop();
    expect(warned).toHaveLength(1);
  });
});
