import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { newSecret, signatureHeaders } from './signature.js';

describe('the signature of a webhook', () => {
  it('equals the one that Standard Webhooks gives for its example', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' };
    expect(signatureHeaders(message, [secret], 1_614_265_330_000)).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('is given once for each secret during a change of secrets, the newest first', () => {
    const [newest, former] = [newSecret(), newSecret()];
    const message = { id: 'a', body: '' };
    const of = (...secrets: string[]) => signatureHeaders(message, secrets, 0)['webhook-signature'];
    expect(of(newest, former)).toBe(`${of(newest)} ${of(former)}`);
    expect(of(newest)).not.toBe(of(former));
  });

  it('is accepted by the reference implementation of Standard Webhooks, and by no other secret', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.json(), (id, body) => {
        const [newest, former, other] = [newSecret(), newSecret(), newSecret()];
        const headers = signatureHeaders({ id, body }, [newest, former], Date.now());
        for (const secret of [newest, former])
          expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
        expect(() => new Webhook(other).verify(body, headers)).toThrow('No matching signature found');
        expect(() => new Webhook(newest).verify(`${body} `, headers)).toThrow('No matching signature found');
      }),
      { numRuns: 50 },
    );
  });

  it('is made with a secret of 32 random bytes', () => {
    expect(newSecret()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(newSecret()).not.toBe(newSecret());
  });
});
