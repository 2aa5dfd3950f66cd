import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type ServerResponse } from 'node:http';
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

const request = (url: string) => ({
  ...{ url, headers: {}, body: '{}', timeoutMs: 5_000, now: () => 0 },
  abort: new AbortController().signal,
});

describe('the webhook client', () => {
  it('sends to no address that the policy does not allow, whatever was registered', async () => {
    const channel = await Receiver.open();
    const webhookClient = new WebhookClient(new EgressPolicy(['public']));
    const { port } = new URL(channel.url);
    for (const url of [
      channel.url,
      `https://127.0.0.1:${port}/`,
      `https://localhost:${port}/`,
      `https://[::1]:${port}/`,
    ])
      expect([url, await webhookClient.send(request(url))]).toEqual([
        url,
        { kind: 'failing', status: null, reason: expect.stringContaining('not allowed'), waitMs: null },
      ]);
    expect(channel.received).toEqual([]);
    webhookClient.close();
    await channel.close();
  });

  it.each([
    ['never ends', (answer: ServerResponse) => void answer.writeHead(200, { 'content-length': '1000' }).write('{')],
    ['never begins', (answer: ServerResponse) => answer.writeHead(200, { 'content-length': '1000' }).flushHeaders()],
    [
      'breaks off',
      (answer: ServerResponse) =>
        void answer.writeHead(200, { 'content-length': '1000' }).write('{', () => answer.destroy()),
    ],
    ['has no end', (answer: ServerResponse) => void setInterval(() => answer.write('x'.repeat(1_000)), 10).unref()],
  ])('takes the status as the receipt, though the rest of the answer %s', async (_, answerWith) => {
    const server = createHttpServer((_request, answer) => answerWith(answer)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const webhookClient = new WebhookClient(new EgressPolicy(['loopback']));
    const { port } = server.address() as AddressInfo;
    const result = await webhookClient.send({ ...request(`http://127.0.0.1:${port}/`), timeoutMs: 600 });
    expect(result).toEqual({ kind: 'delivered', status: 200 });
    webhookClient.close();
    server.closeAllConnections();
    server.close();
  });

  it('reuses a connection, and connects again when the server has closed it', async () => {
    const channel = await Receiver.open();
    const webhookClient = new WebhookClient(new EgressPolicy(['loopback']));
    for (let round = 0; round < 5; round += 1) {
      expect(await webhookClient.send(request(channel.url))).toEqual({ kind: 'delivered', status: 204 });
      // As a restarting server does.
      if (round % 2 === 0) channel.dropConnections();
    }
    expect(channel.accepted).toHaveLength(5);
    webhookClient.close();
    await channel.close();
  });
});

const folder = mkdtempSync(join(tmpdir(), 'perennial-webhook-client-'));
const authority = makeAuthority(folder);
if (authority === null) console.warn('SKIPPED servers with TLS: openssl is not installed, and makes the certificates.');

(authority === null ? describe.skip : describe)(
  `servers with TLS${authority === null ? ' (skipped: no openssl)' : ''}`,
  () => {
    const servers: Server[] = [];
    const seen: string[] = [];
    let [right, wrong] = ['', ''];

    const serving = async (name: string): Promise<string> => {
      const server = createServer(authority?.certificateFor(name) ?? {}, (_, response) => {
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

    /** The result of a message to each server, sent by a process that trusts this authority too, beside those that Node knows. */
    const sent = async (known: string | undefined): Promise<unknown[]> => {
      seen.length = 0;
      const program = fileURLToPath(new URL('./testdata/send-in-child.ts', import.meta.url));
      const args = ['--conditions=source', '--import', '#from-source', program, right, wrong];
      const env = { ...process.env, NODE_OPTIONS: '', NODE_EXTRA_CA_CERTS: known ?? '' };
      const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
      const answers: unknown[] = [];
      createInterface({ input: child.stdout }).on('line', (line) => answers.push(JSON.parse(line)));
      const [code] = (await once(child, 'close')) as [number];
      expect(code).toBe(0);
      return answers;
    };

    it('get messages where a trusted authority signed their certificate, and not where it is for another host', async () => {
      expect(await sent(authority?.file)).toEqual([
        { kind: 'delivered', status: 204 },
        { kind: 'failing', status: null, reason: 'ERR_TLS_CERT_ALTNAME_INVALID', waitMs: null },
      ]);
      expect(seen).toEqual(['localhost']);
    });

    it('get no messages where no trusted authority signed their certificate, and the reason says so', async () => {
      const reason = 'UNABLE_TO_VERIFY_LEAF_SIGNATURE';
      const failing = { kind: 'failing', status: null, reason, waitMs: null };
      expect(await sent(undefined)).toEqual([failing, failing]);
      expect(seen).toEqual([]);
    });
  },
);
