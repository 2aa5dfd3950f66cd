import { beforeEach, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, type JWTHeaderParameters } from 'jose';
import { HOUR, MINUTE } from '#contracts';
import { Issuer } from './issuer.js';
import { IssuerAwayError } from './issuer-away.js';

const URL_OF_IT = 'https://login.example';

describe('the identity provider', () => {
  let now: number;
  let sent: number;
  let kids: string[];
  let isAway: boolean;
  let issuer: Issuer;

  beforeEach(async () => {
    [now, sent, kids, isAway] = [0, 0, ['a'], false];
    const jwk = await exportJWK((await generateKeyPair('ES256', { extractable: true })).publicKey);
    issuer = new Issuer(URL_OF_IT, {
      now: () => now,
      fetch: async (url) => {
        sent += 1;
        if (isAway) throw new TypeError('fetch failed');
        return Response.json(
          url.endsWith('openid-configuration')
            ? { issuer: URL_OF_IT, jwks_uri: `${URL_OF_IT}/keys` }
            : { keys: kids.map((kid) => ({ ...jwk, kid, alg: 'ES256', use: 'sig' })) },
        );
      },
    });
  });
  const find = (kid: string) =>
    issuer.keyOf({ alg: 'ES256', kid } as JWTHeaderParameters, { payload: '', signature: '' });

  it('is asked once for however many tokens', async () => {
    await Promise.all([find('a'), find('a'), find('a')]);
    await find('a');
    expect(sent).toBe(2);
  });

  it('is asked again for a key that is not known, and no sooner than ten seconds after the last time', async () => {
    await find('a');
    kids = ['b'];
    now = 9_999;
    await expect(find('b')).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    expect(sent).toBe(2);
    now = 10_000;
    await find('b');
    expect(sent).toBe(4);
    await expect(find('a')).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  });

  it('is asked again after ten minutes: a key that was withdrawn is not accepted for longer', async () => {
    await find('a');
    kids = ['b'];
    now = 10 * MINUTE - 1;
    await find('a');
    now = 10 * MINUTE;
    await expect(find('a')).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
  });

  it('may be away for a day: the keys that were read last go on', async () => {
    await find('a');
    isAway = true;
    now = 24 * HOUR;
    await find('a');
    now += 1;
    await expect(find('a')).rejects.toThrow(IssuerAwayError);
  });

  it('that is away is not asked again for five seconds', async () => {
    isAway = true;
    await expect(find('a')).rejects.toThrow('https://login.example/.well-known/openid-configuration does not answer');
    await expect(find('a')).rejects.toThrow(IssuerAwayError);
    expect(sent).toBe(1);
    isAway = false;
    now = 5_000;
    await find('a');
  });
});
