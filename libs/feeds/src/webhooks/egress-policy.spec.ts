import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EgressPolicy } from './egress-policy.js';

const rejection = (entries: readonly string[], url: string) => new EgressPolicy(entries).rejection(new URL(url));

describe('the egress policy of webhooks', () => {
  it.each([
    ['https://hooks.example/x', ['public']],
    ['https://93.184.216.34/', ['public']],
    ['https://[2606:2800:220:1::1]/', ['public']],
    ['http://127.0.0.1:8080/', ['loopback']],
    ['http://[::1]:8080/', ['loopback']],
    ['http://localhost/', ['loopback']],
    ['http://crm.internal./', ['crm.internal']],
    ['http://10.1.2.3/', ['10.0.0.0/8']],
    ['https://10.1.2.3/', ['10.1.2.3']],
  ])('%s is allowed by %j', (url, entries) => {
    expect(rejection(entries, url)).toBeNull();
  });

  it.each([
    ['http://hooks.example/', ['public', 'loopback']],
    ['https://hooks.example/', ['loopback']],
    ['https://hooks.example/', ['none']],
    ['http://127.0.0.1/', ['public']],
    ['https://localhost.example/', ['loopback']],
    ['https://169.254.169.254/latest/meta-data/', ['public', 'loopback']],
    ['https://[fe80::1]/', ['public']],
    ['https://[::ffff:169.254.169.254]/', ['public']],
    ['https://[64:ff9b::a9fe:a9fe]/', ['public']],
    ['https://[2002:7f00:1::]/', ['public']],
    ['https://[2001::1]/', ['public']],
    ['https://[fc00::1]/', ['public']],
    ['https://[4000::1]/', ['public']],
    ['https://100.64.0.1/', ['public']],
    ['https://198.19.255.1/', ['public']],
    ['https://203.0.113.7/', ['public']],
    ['https://255.255.255.255/', ['public']],
    // Other spellings of 127.0.0.1 and 10.0.0.1.
    ['https://2130706433/', ['public']],
    ['https://0x7f.1/', ['public']],
    ['https://0/', ['public', 'loopback']],
    ['https://012.1/', ['public']],
    ['ftp://hooks.example/', ['public']],
    ['https://me:word@hooks.example/', ['public']],
    ['file:///etc/passwd', ['public']],
  ])('%s is rejected by %j', (url, entries) => {
    expect(rejection(entries, url)).toEqual(expect.any(String));
  });

  it('allows no host whose address is private, whatever its name', () => {
    const policy = new EgressPolicy(['public', 'loopback']);
    const octet = fc.integer({ min: 0, max: 255 });
    const inside = fc.oneof(
      fc.tuple(fc.constant(10), octet, octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
    );
    fc.assert(
      fc.property(inside, fc.boolean(), (parts, mapped) => {
        const address = `${mapped ? '::ffff:' : ''}${parts.join('.')}`;
        expect(policy.permits('hooks.example', address, true)).toBe(false);
      }),
    );
  });

  it('looks a name up at each connection, and returns only allowed addresses', async () => {
    const lookUp = (entries: readonly string[]) =>
      new Promise((resolve) => {
        new EgressPolicy(entries).lookup(true)('localhost', { all: true }, (error, found) => resolve(error ?? found));
      });
    expect(await lookUp(['public'])).toMatchObject({ message: expect.stringContaining('not allowed') });
    expect(await lookUp(['loopback'])).toContainEqual(expect.objectContaining({ address: '127.0.0.1' }));
  });
});
