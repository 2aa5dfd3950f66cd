import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../config/config.js';
import { DEFAULT_RATES, parseRates } from './rates.js';

describe('rates as text', () => {
  it('name what is counted, and how many in a minute', () => {
    expect(parseRates('events=60000, Requests=OFF,marketer.opened=7')).toEqual([
      { role: null, name: 'events', perMinute: 60_000 },
      { role: null, name: 'requests', perMinute: null },
      { role: 'marketer', name: 'opened', perMinute: 7 },
    ]);
  });

  it.each([
    '',
    'events',
    'events=',
    'events=0',
    'events=-1',
    'events=1.5',
    'events=1e3',
    'events=1000000001',
    'clicks=1',
  ])('are not %j', (text) => expect(parseRates(text)).toBeNull());

  it('of the setting are the general ones and those of the roles; a role that does not exist is said', () => {
    expect(readConfig({}).rateLimits.general).toEqual(DEFAULT_RATES);
    const { general, roles } = readConfig({
      RATE_LIMITS: 'requests=600,marketer.requests=60,auditor.opened=off',
    }).rateLimits;
    expect(general).toEqual({ ...DEFAULT_RATES, requests: 600 });
    expect(roles).toMatchObject({ marketer: { requests: 60 }, auditor: { opened: null }, channel: {} });
    expect(() => readConfig({ RATE_LIMITS: 'markter.requests=1' })).toThrow(
      /names the role markter, which does not exist/,
    );
    expect(() => readConfig({ RATE_LIMITS: 'requests=0' })).toThrow(/RATE_LIMITS must be default, or rates a minute/);
  });
});
