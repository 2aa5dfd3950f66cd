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

  it('names every variable that is wrong, what is wrong, and how to mend it', () => {
    const read = () => readConfig({ PORT: 'eighty', DEMO: 'perhaps', DATA_DIR: ' ', MAX_BATCH_EVENTS: '0' });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/PORT is "eighty": give a whole number from 0 to 65535\./);
    expect(read).toThrow(/DEMO is "perhaps": give one of: on, off\./);
    expect(read).toThrow(/DATA_DIR is empty/);
    expect(read).toThrow(/MAX_BATCH_EVENTS is "0"/);
  });

  it('lists every setting in the table with its default', () => {
    const table = settingsTable();
    for (const setting of Object.values(SETTINGS)) {
      expect(table).toContain(`| \`${setting.name}\` | \`${setting.byDefault}\` |`);
      expect(() => setting.read(setting.byDefault)).not.toThrow();
    }
  });
});
