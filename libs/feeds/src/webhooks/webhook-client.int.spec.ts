import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WebhookClient } from './webhook-client.js';
import { EgressPolicy } from './egress-policy.js';
import { makeAuthority } from './testdata/certificates.js';
import { Receiver } from './testdata/receiver.js';

const post = (url: string) => ({
  ...{ url, headers: {}, body: '{}', timeoutMs: 5_000, now: () => 0 },
  stop: new AbortController().signal,
});

describe('one message, posted', () => {
  it('goes nowhere that is not allowed, whatever was registered once', async () => {
    const channel = await Receiver.open();
    const webhookClient = new WebhookClient(new EgressPolicy(['public']));
    const { port } = new URL(channel.url);
    for (const url of [
      channel.url,
      `https://127.0.0.1:${port}/`,
      `https://localhost:${port}/`,
      `https://[::1]:${port}/`,
    ])
      expect([url, await webhookClient.send(post(url))]).toEqual([
        url,
        { kind: 'failing', status: null, reason: expect.stringContaining('not allowed'), waitMs: null },
      ]);
    expect(channel.received).toEqual([]);
    webhookClient.close();
    await channel.close();
  });

  it('reuses a connection, and does not mind when the other side has closed it', async () => {
    const channel = await Receiver.open();
    const webhookClient = new WebhookClient(new EgressPolicy(['loopback']));
    for (let round = 0; round < 5; round += 1) {
      expect(await webhookClient.send(post(channel.url))).toEqual({ kind: 'taken', status: 204 });
      // As a server does that is restarted behind its address.
      if (round % 2 === 0) channel.dropConnections();
    }
    expect(channel.taken).toHaveLength(5);
    webhookClient.close();
    await channel.close();
  });
});

const folder = mkdtempSync(join(tmpdir(), 'perennial-post-'));
const authority = makeAuthority(folder);
if (authority === null) console.warn('SKIPPED servers that speak TLS: there is no openssl here to make certificates.');

(authority === null ? describe.skip : describe)(
  `servers that speak TLS${authority === null ? ' (skipped: no openssl)' : ''}`,
  () => {
    const servers: Server[] = [];
    const seen: string[] = [];
    let [right, wrong] = ['', ''];

    const serving = async (name: string): Promise<string> => {
      const server = createServer(authority?.vouchFor(name) ?? {}, (_, response) => {
        seen.push(name);
        response.writeHead(204).end();
      });
      servers.push(server);
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      return `https://localhost:${(server.address() as AddressInfo).port}/`;
    };

    beforeAll(async () => {
      right = await serving('localhost');
      wrong = await serving('another.example');
    });
    afterAll(() => {
      for (const server of servers) server.close();
      rmSync(folder, { recursive: true });
    });

    /** What became of a message to each, sent by a process that knows this authority beside those that Node knows; or none. */
    const sent = async (known: string | undefined): Promise<unknown[]> => {
      seen.length = 0;
      const program = fileURLToPath(new URL('./testdata/sending-child.ts', import.meta.url));
      const args = ['--conditions=source', '--import', '#from-source', program, right, wrong];
      const env = { ...process.env, NODE_OPTIONS: '', NODE_EXTRA_CA_CERTS: known ?? '' };
      const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
      const answers: unknown[] = [];
      createInterface({ input: child.stdout }).on('line', (line) => answers.push(JSON.parse(line)));
      const [code] = (await once(child, 'close')) as [number];
      expect(code).toBe(0);
      return answers;
    };

    it('are told what is said where somebody known vouches for them, and not where the certificate is another’s', async () => {
      expect(await sent(authority?.file)).toEqual([
        { kind: 'taken', status: 204 },
        { kind: 'failing', status: null, reason: 'ERR_TLS_CERT_ALTNAME_INVALID', waitMs: null },
      ]);
      expect(seen).toEqual(['localhost']);
    });

    it('are told nothing where nobody vouches for them, and the reason says so', async () => {
      const reason = 'UNABLE_TO_VERIFY_LEAF_SIGNATURE';
      const failing = { kind: 'failing', status: null, reason, waitMs: null };
      expect(await sent(undefined)).toEqual([failing, failing]);
      expect(seen).toEqual([]);
    });
  },
);
