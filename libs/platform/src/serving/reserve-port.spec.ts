import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { ListenError, ReservedPort } from './reserve-port.js';

const HERE = { host: '127.0.0.1', portSetting: 'PORT' };

describe('the port of a process', () => {
  it('answers that the process is starting, and then what the application answers, on the same socket', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    const reserved = await ReservedPort.open({ ...HERE, port });
    const url = `http://127.0.0.1:${port}`;
    const early = await fetch(`${url}/v1/keys`);
    expect([early.status, early.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await early.json()).toMatchObject({ status: 503, detail: expect.stringContaining('starting') as unknown });
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    const server = createServer((_, response) => response.end('ready'));
    reserved.handTo(server);
    await new Promise<void>((resolve) => server.listen({ port, host: '127.0.0.1' }, resolve));
    expect(server.address()).toMatchObject({ port });
    for (let times = 0; times < 3; times += 1) expect(await (await fetch(url)).text()).toBe('ready');
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    await expect(fetch(url)).rejects.toThrow();
    // Free again.
    (await ReservedPort.open({ ...HERE, port })).close();
  });

  it('that is taken is refused in a sentence that names the setting', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const opening = ReservedPort.open({ ...HERE, port, portSetting: 'RELAY_PORT' });
    await expect(opening).rejects.toThrow(ListenError);
    await expect(opening).rejects.toThrow(
      `Port ${port} of 127.0.0.1 is taken by another process. Stop that process, or choose another port: RELAY_PORT=${port + 1}. Nothing was written.`,
    );
    other.close();
  });

  it.each([
    ['203.0.113.9', 'is not an address of this machine'],
    ['no-such-host.invalid', 'has no address here'],
  ])('at the host %s is refused in a sentence', async (host, sentence) => {
    await expect(ReservedPort.open({ ...HERE, host, port: 0 })).rejects.toThrow(sentence);
  });
});
