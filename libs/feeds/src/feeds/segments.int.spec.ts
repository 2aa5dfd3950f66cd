import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DefineSegment, ManageSegments, RemoveSegment } from '#ingestion';
import type { Channels } from '#platform';
import type { Database } from '#database';
import { Relay } from '../relay/relay.js';
import { replayFeed } from '../relay/replay-feed.js';
import { STORES } from '../testdata/stores.js';
import { drainAll, DAY, Recording, World } from '../testdata/world.js';
import { SEGMENTS } from './segments.js';

const VISITORS = { id: 'visitors', name: 'Visitors', when: { did: 'site-visited', withinDays: 10 } };
const ANNA = { userId: 'anna' };

for (const { name, missing, open, stop } of STORES) {
  const title = `changes of segments from ${name}${missing === null ? '' : ` (skipped: ${missing})`}`;
  (missing === null ? describe : describe.skip)(title, () => {
    let database: Database;
    let world: World;
    let recording = new Recording();

    const relay = () =>
      new Relay({ database, channels: recording as unknown as Channels, clock: { now: () => world.now } });
    /** The messages that were published since the last call, with their ids. */
    const published = async (): Promise<Record<string, unknown>[]> => {
      await drainAll(relay());
      const messages = recording.sent.filter(({ topic }) => topic === SEGMENTS.name);
      recording = new Recording();
      return messages.map(({ key, data }) => ({ key, ...(data as Record<string, unknown>) }));
    };

    beforeAll(async () => {
      database = await open();
      world = await World.open(database);
      const segments = new ManageSegments(world.log, { now: () => world.now });
      expect(await segments.define(new DefineSegment(VISITORS))).toMatchObject({ ok: true });
      await world.waits(0);
    }, 60_000);
    beforeEach(() => {
      recording = new Recording();
    });
    afterAll(async () => {
      await world?.close();
      await database?.close();
      await stop();
    });

    it('say who entered with which event, who left when by the mere passing of time, and who left a removed segment', async () => {
      const customerId = world.customerOf('userId', 'anna');
      const at = world.now;
      await world.happens(at, 'site-visited', ANNA);
      await world.waits(0);
      const [entered, ...more] = await published();
      expect(more).toEqual([]);
      expect(entered).toMatchObject({
        ...{ key: customerId, customerId, segmentId: 'visitors', version: 1, number: 1, kind: 'entered' },
        ...{ at: new Date(at).toISOString().replace('.000Z', 'Z'), historical: false },
        cause: { kind: 'event', events: [{ source: 'shop', id: 'e-1' }] },
      });
      await world.waits(12 * DAY);
      expect(await published()).toMatchObject([
        {
          ...{ number: 2, kind: 'left', cause: { kind: 'time', events: [] }, historical: true },
          at: new Date(at + 10 * DAY).toISOString().replace('.000Z', 'Z'),
        },
      ]);
      expect(await published()).toEqual([]);
      await world.happens(world.now, 'site-visited', ANNA);
      await world.waits(0);
      const segments = new ManageSegments(world.log, { now: () => world.now });
      await segments.remove(new RemoveSegment('visitors'));
      await world.waits(0);
      expect(
        (await published()).map(({ number, kind, cause }) => [number, kind, (cause as { kind: string }).kind]),
      ).toEqual([
        [3, 'entered', 'event'],
        [4, 'left', 'removal'],
      ]);
    });

    it('are replayed with their ids', async () => {
      const again = new Recording();
      await replayFeed(database, again as unknown as Channels, SEGMENTS, { name: 'x' });
      expect(again.sent.map(({ id }) => id)).toEqual(
        [1, 2, 3, 4].map((number) => `segment-${world.customerOf('userId', 'anna')}-${number}`),
      );
    });
  });
}
