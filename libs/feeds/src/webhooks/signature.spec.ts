import { describe, expect, it } from '@jest/globals';
import { newSecret, signed } from './signature.js';

describe('the signature of a webhook', () => {
  it('is the one that Standard Webhooks gives for its example', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' };
    expect(signed(message, [secret], 1_614_265_330_000)).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('stands there once for each secret while one is being changed, the newest first', () => {
    const [young, old] = [newSecret(), newSecret()];
    const message = { id: 'a', body: '' };
    const of = (...secrets: string[]) => signed(message, secrets, 0)['webhook-signature'];
    expect(of(young, old)).toBe(`${of(young)} ${of(old)}`);
    expect(of(young)).not.toBe(of(old));
  });

  it('is made with a secret of 32 bytes of chance', () => {
    expect(newSecret()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(newSecret()).not.toBe(newSecret());
  });
});
