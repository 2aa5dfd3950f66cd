import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig, readSetting, settingsTable } from './config.js';

describe('the config', () => {
  it('has the defaults in an empty environment', () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      policy: { kind: 'built-in', name: 'retail' },
      demo: true,
      logLevel: 'info',
    });
    expect(config.dataDir.startsWith('/')).toBe(true);
  });

  it('has the values of the environment', () => {
    expect(readConfig({ PORT: '0', DEMO: 'off', POLICY: 'seasonal', DATA_DIR: '/var/x' })).toMatchObject({
      port: 0,
      demo: false,
      policy: { kind: 'built-in', name: 'seasonal' },
      dataDir: '/var/x',
    });
  });

  it('names every setting that is wrong, what is wrong, and how to fix it, all at once', () => {
    const read = () => readConfig({ PORT: 'eighty', DEMO: 'perhaps', DATA_DIR: ' ', MAX_BATCH_EVENTS: '0' });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/^PORT must be a whole number from 0 to 65,535 \(got "eighty"\)\.$/m);
    expect(read).toThrow(/^DATA_DIR is empty: leave it out, or give it a value\.$/m);
    expect(read).toThrow(/^MAX_BATCH_EVENTS must be a whole number from 1 to 1,000,000 \(got 0\)\.$/m);
    expect(() => readConfig({ DEMO: 'perhaps' })).toThrow(/^DEMO must be on or off \(got "perhaps"\)\.$/);
  });

  it('points to each setting that is wrong', () => {
    let issues: ConfigError['issues'] = [];
    try {
      readConfig({ PORT: '1.5', LOG_LEVEL: 'loud' });
    } catch (error) {
      issues = (error as ConfigError).issues;
    }
    expect(issues.map(({ pointer }) => pointer)).toEqual(['#/PORT', '#/LOG_LEVEL']);
  });

  it('ignores variables of the environment that are no settings', () => {
    expect(readConfig({ PATH: '/bin', SHELL: '' })).toEqual(readConfig({}));
  });

  it('ignores case and white space where a setting is one of several words', () => {
    expect(readConfig({ LOG_LEVEL: ' WARN ', EVENT_LOG: 'SQLite', DEMO: 'Off' })).toMatchObject({
      logLevel: 'warn',
      eventLog: { kind: 'sqlite' },
      demo: false,
    });
  });

  it('reads a single setting', () => {
    expect(readSetting('KEYS_URL', 'postgres://keys@db/keys')).toBe('postgres://keys@db/keys');
    expect(() => readSetting('KEYS_URL', 'http://db/keys')).toThrow(/^KEYS_URL must be sqlite, or the address/);
  });

  it('has the places of the stores, which are embedded by default', () => {
    expect(readConfig({})).toMatchObject({
      eventLog: { kind: 'sqlite' },
      postgresUrl: null,
      keysUrl: null,
      hashKey: null,
      projectorRole: 'both',
    });
    const given = readConfig({
      EVENT_LOG: 'esdb://127.0.0.1:2113?tls=false',
      POSTGRES_URL: 'postgres://models@db/perennial',
      KEYS_URL: 'postgresql://keys@db:5433/perennial',
      HASH_KEY: '0a'.repeat(32),
      PROJECTOR_ROLE: 'workers',
    });
    expect(given).toMatchObject({
      eventLog: { kind: 'eventstore', url: 'esdb://127.0.0.1:2113?tls=false' },
      postgresUrl: 'postgres://models@db/perennial',
      keysUrl: 'postgresql://keys@db:5433/perennial',
      projectorRole: 'workers',
    });
    expect(Buffer.from(given.hashKey ?? []).toString('hex')).toBe('0a'.repeat(32));
  });

  it('reads the hash key from a file, so that no environment shows it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'perennial-config-'));
    const file = join(folder, 'hash-key');
    writeFileSync(file, `${'Fe'.repeat(32)}\n`);
    expect(readConfig({ HASH_KEY: `file:${file}` }).hashKey).toEqual(Buffer.alloc(32, 0xfe));
    expect(() => readConfig({ HASH_KEY: `file:${file}.gone` })).toThrow(/HASH_KEY names a file that cannot be read/);
    rmSync(folder, { recursive: true });
  });

  it('reads the brokers and the login at them, and repeats no password', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'perennial-config-')), 'login');
    writeFileSync(file, 'scram-sha-512:perennial:se:cret\n');
    const config = readConfig({
      KAFKA_BROKERS: 'b1:9092, [::1]:9093',
      KAFKA_SASL: `file:${file}`,
      KAFKA_TLS: 'on',
      KAFKA_TOPICS: 'touchpoints.*, shop',
    });
    expect(config.kafkaBrokers).toEqual(['b1:9092', '[::1]:9093']);
    expect(config.kafkaSasl).toEqual({ mechanism: 'scram-sha-512', username: 'perennial', password: 'se:cret' });
    expect(config.kafkaTls).toEqual({ ca: null });
    expect(config.kafkaTopics).toEqual(['touchpoints.*', 'shop']);
    expect(readConfig({})).toMatchObject({ kafkaBrokers: null, kafkaTls: null, kafkaSasl: null, kafkaMappings: null });
    const wrong = { KAFKA_BROKERS: 'b1', KAFKA_SASL: 'kerberos:u:hush', KAFKA_TLS: 'maybe', KAFKA_MAPPINGS: file };
    let told = '';
    try {
      readConfig(wrong);
    } catch (error) {
      told = (error as Error).message;
    }
    for (const name of Object.keys(wrong)) expect(told).toContain(name);
    expect(told).not.toContain('hush');
  });

  it('reads where webhooks may be sent', () => {
    expect(readConfig({}).webhookHosts).toEqual(['public', 'loopback']);
    expect(readConfig({ WEBHOOK_HOSTS: 'Hooks.Example, 10.0.0.0/8,::1' }).webhookHosts).toEqual([
      ...['hooks.example', '10.0.0.0/8', '::1'],
    ]);
    for (const wrong of ['10.0.0.0/33', 'https://hooks.example', 'a b', '1.2.3.4/8/9', ''])
      expect(() => readConfig({ WEBHOOK_HOSTS: wrong })).toThrow(/^WEBHOOK_HOSTS (must be none, or public|is empty)/);
  });

  it('reports what is wrong with an address or a key without repeating it', () => {
    const secret = 'hunter2';
    const read = () =>
      readConfig({
        EVENT_LOG: `mysql://me:${secret}@host`,
        POSTGRES_URL: `http://me:${secret}@host/db`,
        KEYS_URL: `postgres://me:${secret}@host`,
        HASH_KEY: secret,
        PROJECTOR_ROLE: 'boss',
      });
    for (const name of ['EVENT_LOG', 'POSTGRES_URL', 'KEYS_URL', 'HASH_KEY', 'PROJECTOR_ROLE'])
      expect(read).toThrow(new RegExp(`^${name} must be `, 'm'));
    expect(read).not.toThrow(new RegExp(secret));
  });

  it('lists every setting in the table, with its default and its meaning', () => {
    const table = settingsTable().split('\n');
    expect(table).toContain('| `PORT` | `3000` | Port of the engine in one process (standalone); 0 picks a free one |');
    expect(table).toContain(
      '| `KAFKA_TOPICS` | `touchpoints.*,facts.*` | Topics that touchpoints, and facts of the business (facts.*), are read from, with commas between several; * matches any text |',
    );
    expect(table).toHaveLength(2 + Object.keys(readConfig({})).length);
  });

  it('reads each default of the table as the default', () => {
    const rows = settingsTable().split('\n').slice(2);
    const defaults = rows.map((row) => /^\| `(\w+)` \| `([^`]*)`/.exec(row)?.slice(1) ?? []);
    expect(readConfig(Object.fromEntries(defaults) as Record<string, string>)).toEqual(readConfig({}));
  });
});
