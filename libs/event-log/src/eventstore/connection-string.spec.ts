import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { clientFor, logAt } from './connection-string.js';

describe('the connection string of a server', () => {
  const said: unknown[] = [];
  beforeEach(() => {
    said.length = 0;
    for (const how of ['warn', 'error', 'log'] as const)
      jest.spyOn(console, how).mockImplementation((...words) => void said.push(...words));
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each([
    'esdb://127.0.0.1:2113?tls=false',
    'esdb://user:pa%20ss@a:2113,b:2113?tls=true&nodePreference=leader&throwOnAppendFailure=false',
    'esdb+discover://user:pass@cluster.example:2113',
  ])('takes %s', (connectionString) => {
    expect(clientFor(connectionString)).toBeDefined();
    expect(said).toEqual([]);
  });

  it.each([
    ['esdb://me:hunter2@host:2113?tlsVerify=false', /no option tlsVerify/],
    ['esdb://me:hunter2@host:2113?tls=true&tlsVerifyCert=false', /tlsCaFile/],
    ['esdb://me:hunter2@host:2113?tls=perhaps', /not of the form/],
    ['http://me:hunter2@host:2113', /not of the form/],
    ['esdb://me:hunter2@host:2113?tlsCaFile=/nowhere/ca.crt', /certificate/],
  ])('says what is odd in %s, and not the password', (connectionString, reason) => {
    expect(() => clientFor(connectionString)).toThrow(reason);
    expect(() => clientFor(connectionString)).not.toThrow(/hunter2/);
    expect(said.join('\n')).not.toContain('hunter2');
  });

  it.each([
    ['esdb://host:2113?tls=false', 'esdb://host:2113?tls=false', null],
    ['esdb://host:2113?tls=false#shop', 'esdb://host:2113?tls=false', 'shop'],
    ['esdb+discover://a@host#shop-2', 'esdb+discover://a@host', 'shop-2'],
    ['esdb://me:p#w@host:2113', 'esdb://me:p#w@host:2113', null],
    ['kurrentdb://host:2113', 'esdb://host:2113', null],
    ['kurrentdb+discover://host:2113#shop', 'esdb+discover://host:2113', 'shop'],
  ])('finds the server and the name of the log in %s', (text, connectionString, name) => {
    expect(logAt(text)).toEqual({ connectionString, name });
  });
});
