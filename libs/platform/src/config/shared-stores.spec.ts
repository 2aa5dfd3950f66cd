import { describe, expect, it } from '@jest/globals';
import { readConfig } from './config.js';
import { requireSharedStores } from './shared-stores.js';

const SHARED = {
  EVENT_LOG: 'esdb://host:2113',
  POSTGRES_URL: 'postgres://models@host/perennial',
  KEYS_URL: 'postgres://keys@host/perennial',
};

describe('one process of several', () => {
  it('starts on stores that several may open', () => {
    expect(() => requireSharedStores(readConfig(SHARED), 'intake')).not.toThrow();
  });

  it.each(Object.keys(SHARED))('is rejected where %s is embedded, with what to do', (name) => {
    const start = () => requireSharedStores(readConfig({ ...SHARED, [name]: undefined }), 'intake');
    expect(start).toThrow(new RegExp(`^${name} names an embedded store, and intake is one process of several`));
    expect(start).toThrow(/or run everything in one process/);
  });
});
