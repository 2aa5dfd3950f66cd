import { describe, expect, it } from '@jest/globals';
import { Samples } from '../../conformance/fixture.js';
import { MemoryIdTable } from './memory-ids.js';
import { openEventStoreLog } from './open-eventstore-log.js';
import { onFakeServer } from './testdata/on-fake-server.js';

describe('the end of a long stream', () => {
  const fake = onFakeServer();
  const samples = new Samples();

  it('is read from its end: what came since is found without what came before', async () => {
    const server = await fake.server();
    // Without a follower: what a process has just received is not read at all.
    const log = await openEventStoreLog({
      ...{ connectionString: server.connectionString, ids: new MemoryIdTable() },
      timeouts: { attemptMs: 60_000, silenceMs: 120_000 },
    });
    const stream = samples.stream();
    for (let part = 0; part < 5; part += 1) await log.appendMany(samples.items(500, stream));
    const { position: after } = await log.head();
    const [latest] = await log.appendMany(samples.items(1, stream));
    const { position: upTo } = await log.head();
    const before = server.calls.read;
    expect((await log.readStreams([stream], { after, upTo })).map(({ position }) => position)).toEqual([
      latest?.status === 'accepted' ? latest.position : 0,
    ]);
    expect(server.calls.read - before).toBe(1);
    // All of it is longer than a page, in either direction.
    const [first] = await log.readStreams([stream], { upTo });
    expect(await log.readStreams([stream], { after: first?.position ?? 0, upTo })).toHaveLength(2_500);
    await log.close();
  });
});
