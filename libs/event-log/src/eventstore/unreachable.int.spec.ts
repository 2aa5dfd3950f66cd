import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { openEventStoreLog } from './open-eventstore-log.js';
import { MemoryIdTable } from './memory-ids.js';

describe('opening the log of a server that is not there', () => {
  let mute: Server | null = null;
  const calls = new Set<Socket>();
  afterEach(() => {
    for (const call of calls) call.destroy();
    mute?.close();
    mute = null;
  });

  /** A port that accepts connections and never answers, or that no process listens on. */
  async function port(listening: boolean): Promise<number> {
    const server = createServer((call) => void calls.add(call));
    await new Promise<void>((up) => server.listen(0, '127.0.0.1', up));
    const { port: free } = server.address() as { port: number };
    if (listening) mute = server;
    else await new Promise((down) => server.close(down));
    return free;
  }

  it.each([
    ['no process listens', false],
    ['who listens says nothing', true],
  ])(
    'ends within the time that it is given where %s, with what to look at and without the password',
    async (_, listening) => {
      const connectionString = `esdb://me:hunter2@127.0.0.1:${await port(listening)}?tls=false`;
      const opening = openEventStoreLog({ connectionString, ids: new MemoryIdTable(), openMs: 300 });
      await expect(opening).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(/No EventStoreDB answers at esdb:\/\/127\.0\.0\.1:\d+ .*tls=true or tls=false/),
      });
      await expect(opening).rejects.toMatchObject({ message: expect.not.stringContaining('hunter2') });
    },
  );
});
