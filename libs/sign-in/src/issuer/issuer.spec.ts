import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
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

describe('an identity provider that answers too much, too slowly, or never', () => {
  let stop: () => void = () => undefined;
  afterEach(() => stop());

  /** A provider in this process, whose keys are answered so. */
  const served = async (keys: RequestListener, metadata?: RequestListener, timeoutMs = 300): Promise<Issuer> => {
    const server = createServer((request, response) => {
      if (!request.url?.endsWith('openid-configuration')) keys(request, response);
      else if (metadata !== undefined) metadata(request, response);
      else response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/keys` }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    stop = () => {
      server.closeAllConnections();
      server.close();
    };
    return new Issuer(url, { timeoutMs });
  };

  it('has its keys not read beyond 256 KiB', async () => {
    let noteClosed: () => void = () => undefined;
    const closed = new Promise<void>((resolve) => (noteClosed = resolve));
    const keys: RequestListener = (_, response) => {
      response.on('close', noteClosed);
      response.write('{"keys":[');
      response.write(`"${'x'.repeat(1024 * 1024)}",`);
    };
    // It is about size: no answer takes so long.
    const issuer = await served(keys, undefined, 60_000);
    await expect(issuer.metadata()).rejects.toThrow(/keys answers with more than 256 KiB, which is not read/);
    // The connection is closed: nothing more of it is taken.
    await closed;
  });

  it('is given up when the answer trickles', async () => {
    const issuer = await served((_, response) => {
      response.write('{"keys":[');
      const trickle = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(trickle));
    });
    await expect(issuer.metadata()).rejects.toThrow(/the answer of .*keys breaks off, or takes longer than 0.3 s/);
  });

  it('is given up when it never answers', async () => {
    const never: RequestListener = () => undefined;
    await expect((await served(never, never)).metadata()).rejects.toThrow(/openid-configuration does not answer/);
  });
});
