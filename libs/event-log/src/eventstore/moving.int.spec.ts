import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { collect, Samples } from '../../conformance/fixture.js';
import { moveLog } from '../moving/move-log.js';
import type { RecordedEvent } from '../port.js';
import { openSqliteLog } from '../sqlite/sqlite-log.js';
import { SqliteMoveTarget } from '../sqlite/sqlite-move-target.js';
import { onFakeServer } from './testdata/on-fake-server.js';

const on = onFakeServer();
const samples = new Samples();
const moved = (events: readonly RecordedEvent[]) => events.map(({ position: _, ...rest }) => rest);

describe('moving house to EventStoreDB and back', () => {
  it('keeps order, ids, recordedAt and meta, goes on where it stopped, and rejects a target that is in use', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'perennial-move-'));
    const clock = { at: Date.UTC(2020, 0, 1), now: () => clock.at };
    const from = await openSqliteLog({ file: join(folder, 'log.db'), clock, writing: 'here' });
    const streams = Array.from({ length: 7 }, () => samples.stream());
    for (let i = 0; i < 30; i += 1) {
      clock.at += 86_400_000;
      await from.appendMany(
        Array.from({ length: 10 }, (_, n) => ({
          stream: streams[(n * n) % 7] as string,
          event: samples.event({ meta: JSON.stringify({ correlationId: `${i}`, n }) }),
        })),
      );
    }
    const original = await collect(from.readAll(0, { with: 'contentHash' }));

    const server = await on.server();
    const { log, settle } = await on.log(server, { name: 'house' });
    // The first attempt is interrupted: part of the log is there already.
    await log.importEvents((original as (RecordedEvent & { contentHash: Uint8Array })[]).slice(0, 113));
    const there = await moveLog({ from, to: log });
    expect(there).toMatchObject({ outcome: 'done', events: 300, copied: 187 });
    expect(there.digest?.from).toBe(there.digest?.to);
    const held = await collect(log.readAll(0, { with: 'contentHash' }));
    expect(moved(held)).toEqual(moved(original));
    // A stream read alone tells the same: when the old log took each event, not when the server did.
    for (const stream of streams) {
      const kept = held.filter((event) => event.stream === stream);
      expect(await collect(log.read(stream, 0, { with: 'contentHash' }))).toEqual(kept);
      expect((await log.readStreams([stream])).map(({ recordedAt }) => recordedAt)).toEqual(
        kept.map(({ recordedAt }) => recordedAt),
      );
    }
    // Later events are recorded later, and a name stays a name.
    await settle();
    const [first] = original as [RecordedEvent & { contentHash: Uint8Array }];
    expect(await log.appendMany([{ stream: first.stream, event: first }])).toEqual([
      { status: 'duplicate', position: held[0]?.position },
    ]);
    expect(await log.positionAt(Date.UTC(2020, 0, 11, 12))).toBe(held[99]?.position);

    const back = new SqliteMoveTarget(join(folder, 'back.db'));
    expect(await moveLog({ from: log, to: back })).toMatchObject({
      outcome: 'done',
      events: 300,
      digest: there.digest,
    });
    back.close();

    const other = await on.log(server, { name: 'lived-in' });
    await other.log.appendMany(samples.items(2));
    await expect(moveLog({ from, to: other.log })).rejects.toMatchObject({ name: 'LogMoveError' });
    await from.close();
    rmSync(folder, { recursive: true, force: true });
  });
});
