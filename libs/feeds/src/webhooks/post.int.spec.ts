import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Postman } from './post.js';
import { Reach } from './reach.js';
import { Receiver } from './testdata/receiver.js';

const post = (url: string) => ({
  ...{ url, headers: {}, body: '{}', timeoutMs: 5_000, now: () => 0 },
  stop: new AbortController().signal,
});

describe('one message, posted', () => {
  it('goes nowhere that is not allowed, whatever was registered once', async () => {
    const channel = await Receiver.open();
    const postman = new Postman(new Reach(['public']));
    const { port } = new URL(channel.url);
    for (const url of [
      channel.url,
      `https://127.0.0.1:${port}/`,
      `https://localhost:${port}/`,
      `https://[::1]:${port}/`,
    ])
      expect([url, await postman.send(post(url))]).toEqual([
        url,
        { kind: 'unwell', status: null, reason: expect.stringContaining('not allowed'), waitMs: null },
      ]);
    expect(channel.received).toEqual([]);
    postman.close();
    await channel.close();
  });

  it('reuses a connection, and does not mind when the other side has closed it', async () => {
    const channel = await Receiver.open();
    const postman = new Postman(new Reach(['loopback']));
    for (let round = 0; round < 5; round += 1) {
      expect(await postman.send(post(channel.url))).toEqual({ kind: 'taken', status: 204 });
      // As a server does that is restarted behind its address.
      if (round % 2 === 0) channel.dropConnections();
    }
    expect(channel.taken).toHaveLength(5);
    postman.close();
    await channel.close();
  });
});

const made = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-post-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const args = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    ...names,
    '-keyout',
    key,
    '-out',
    certificate,
  ];
  const { status } = spawnSync('openssl', args, { stdio: 'ignore' });
  const texts = status === 0 ? { key: readFileSync(key), cert: readFileSync(certificate) } : null;
  rmSync(folder, { recursive: true });
  return texts;
})();
if (made === null)
  console.warn('SKIPPED a server that nobody vouches for: there is no openssl here to make a certificate.');

(made === null ? describe.skip : describe)(
  `a server that nobody vouches for${made === null ? ' (skipped: no openssl)' : ''}`,
  () => {
    let server: Server;

    beforeAll(async () => {
      server = createServer(made ?? {}, (_, response) => response.writeHead(204).end());
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    });
    afterAll(() => {
      server.close();
    });

    it('is told nothing', async () => {
      const postman = new Postman(new Reach(['loopback']));
      const { port } = server.address() as AddressInfo;
      expect(await postman.send(post(`https://localhost:${port}/`))).toMatchObject({
        ...{ kind: 'unwell', reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
      });
      postman.close();
    });
  },
);
