import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig, settingsTable } from './config.js';
import { SETTINGS } from './settings.js';

describe('the config', () => {
  it('takes the defaults from an empty environment', () => {
    const config = readConfig({});
    expect(config).toMatchObject({ port: 3000, host: '127.0.0.1', policy: 'retail', demo: true, logLevel: 'info' });
    expect(config.dataDir.startsWith('/')).toBe(true);
  });

  it('takes what the environment says', () => {
    expect(readConfig({ PORT: '0', DEMO: 'off', POLICY: 'seasonal', DATA_DIR: '/var/x' })).toMatchObject({
      port: 0,
      demo: false,
      policy: 'seasonal',
      dataDir: '/var/x',
    });
  });

  it('names every variable that is wrong, what is wrong, and how to fix it', () => {
    const read = () => readConfig({ PORT: 'eighty', DEMO: 'perhaps', DATA_DIR: ' ', MAX_BATCH_EVENTS: '0' });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/PORT is "eighty": give a whole number from 0 to 65535\./);
    expect(read).toThrow(/DEMO is "perhaps": give one of: on, off\./);
    expect(read).toThrow(/DATA_DIR is empty/);
    expect(read).toThrow(/MAX_BATCH_EVENTS is "0"/);
  });

  it('takes the places of the stores, embedded unless said', () => {
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

  it('takes the hash key from a file, so that no environment shows it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'perennial-config-'));
    const file = join(folder, 'hash-key');
    writeFileSync(file, `${'Fe'.repeat(32)}\n`);
    expect(readConfig({ HASH_KEY: `file:${file}` }).hashKey).toEqual(Buffer.alloc(32, 0xfe));
    expect(() => readConfig({ HASH_KEY: `file:${file}.gone` })).toThrow(/HASH_KEY names a file that cannot be read/);
    rmSync(folder, { recursive: true });
  });

  it('reads where the brokers are and who we are to them, and repeats no password', () => {
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
      expect(() => readConfig({ WEBHOOK_HOSTS: wrong })).toThrow(/^WEBHOOK_HOSTS is /);
  });

  it('says what is wrong with an address or a key without repeating it', () => {
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
      expect(read).toThrow(new RegExp(`^${name} is `, 'm'));
    expect(read).not.toThrow(new RegExp(secret));
  });

  it('lists every setting in the table with its default', () => {
    const table = settingsTable();
    for (const setting of Object.values(SETTINGS)) {
      expect(table).toContain(`| \`${setting.name}\` | \`${setting.byDefault}\` |`);
      expect(() => setting.read(setting.byDefault)).not.toThrow();
    }
  });
});
