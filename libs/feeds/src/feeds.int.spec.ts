import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { connectChannels, type Channels, type OutgoingMessage } from '#platform';
import { openDatabase, type Database } from '#database';
import { KAFKA_OFFER, type TestKafka } from '../../../test/services/kafka.js';
import { Relay } from './relay/relay.js';
import type { Feed } from './feed.js';
import { FEEDS } from './registry.js';
import { replayFeed } from './relay/replay-feed.js';
import { STORES } from './testdata/stores.js';
import { drainAll, readOf, Recording, World, type Read } from './testdata/world.js';

/** The state of a consumer that applies every entered and left, removes what was retracted, and ignores repeated ids. */
function stateOf(messages: readonly Read[]): string[] {
  const state = new Map<string, string>();
  const seen = new Set<string>();
  for (const { topic, id, data } of messages) {
    if (!topic.startsWith('perennial.stage-changes') || seen.has(id)) continue;
    seen.add(id);
    const { customerId, publication, kind, retracts, cycle, stage, phase, at } = data as Record<string, string>;
    if (kind === 'retracted') expect(state.delete(`${customerId} ${retracts}`)).toBe(true);
    else state.set(`${customerId} ${publication}`, `${customerId} ${kind} ${cycle} ${stage}/${phase} ${at}`);
  }
  return [...state.values()].sort();
}

/** Expects each customer's publications, where they come first, in the order 1, 2, 3, … */
function expectOrder(messages: readonly Read[]): void {
  const last = new Map<string, number>();
  for (const { topic, key, data } of messages) {
    if (!topic.startsWith('perennial.stage-changes')) continue;
    const publication = data['publication'] as number;
    const before = last.get(key) ?? 0;
    // A repeated one was there before; a new one is the next.
    expect(publication).toBeLessThanOrEqual(before + 1);
    last.set(key, Math.max(before, publication));
  }
}

for (const { name, missing, open, stop } of STORES) {
  const title = `feeds from ${name}${missing === null ? '' : ` (skipped: ${missing})`}`;
  (missing === null ? describe : describe.skip)(title, () => {
    let database: Database;
    let world: World;
    const clock = { now: () => world.now };
    const recording = new Recording();
    const relay = () => new Relay({ database, channels: recording as unknown as Channels, clock });

    beforeAll(async () => {
      database = await open();
      world = await World.open(database);
    });
    afterAll(async () => {
      await world?.close();
      await database?.close();
      await stop();
    });

    it('publish each customer’s changes in order, and a consumer that applies them has the engine’s state', async () => {
      await world.lives(12);
      recording.failures = 2;
      await drainAll(relay());
      expectOrder(recording.sent);
      expect(stateOf(recording.sent)).toEqual(await world.believed());
      expect(recording.sent.some(({ data }) => data['kind'] === 'retracted')).toBe(true);
    });

    it('publish each merge once, with the customer into which it merged', () => {
      const merged = recording.sent.filter(({ topic }) => topic === 'perennial.identity');
      const ids = new Set(merged.map(({ id }) => id));
      expect(ids.size).toBe(6);
      for (const { key, data } of merged) {
        expect(data).toMatchObject({ customerId: key, kind: 'merged' });
        expect(data['into']).not.toBe(key);
      }
    });

    it('give the cause of what was entered, and the reason of what was retracted', () => {
      const changes = recording.sent.filter(({ topic }) => topic === 'perennial.stage-changes');
      const identity = recording.sent.filter(({ topic }) => topic === 'perennial.identity');
      const merged = new Map(identity.map(({ key, data }) => [key, data['into']]));
      expect(merged.size).toBeGreaterThan(0);
      for (const { key, data } of changes) {
        // Also for a change that was retracted since: its cause is stored with it.
        if (data['kind'] !== 'retracted')
          expect(data).toMatchObject({ cause: { rule: expect.any(String) }, policyVersion: 'retail@1' });
        else expect(data['reason']).toEqual(expect.any(String));
        if (data['reason'] === 'merge' && merged.has(key)) expect(data['into']).toEqual(merged.get(key));
        else expect(data['into']).toBeUndefined();
      }
    });

    it('replay messages with their original ids, and leave the outbox as it is', async () => {
      const again = new Recording();
      const feed = FEEDS[0] as Feed;
      await world.orders(world.now, { userId: 'u1' });
      await world.projector.catchUp();
      const pending = async () => database.query('SELECT * FROM perennial.outbox ORDER BY customer_id, publication');
      const before = await pending();
      expect(before.length).toBeGreaterThan(0);
      const { topic, messages } = await replayFeed(database, again as unknown as Channels, feed, { name: 'x' });
      expect(await pending()).toEqual(before);
      expect(topic).toBe('perennial.stage-changes.replay-x');
      await drainAll(relay());
      const live = recording.sent.filter((each) => each.topic === 'perennial.stage-changes');
      expect(messages).toBe(again.sent.length);
      expect(new Set(again.sent.map(({ id }) => id))).toEqual(new Set(live.map(({ id }) => id)));
      expect(stateOf(again.sent)).toEqual(stateOf(live));
      const some = await replayFeed(database, again as unknown as Channels, feed, { name: 'y', fromPosition: 10 });
      expect(some.messages).toBeGreaterThan(0);
      expect(some.messages).toBeLessThan(messages);
    });

    it('keep the order and leave nothing out with several relays, some of which fail', async () => {
      await world.lives(10);
      recording.failures = 5;
      await Promise.all(Array.from({ length: name === 'PGlite' ? 1 : 4 }, () => drainAll(relay())));
      expectOrder(recording.sent);
      expect(stateOf(recording.sent)).toEqual(await world.believed());
    });

    it('publish nothing while the clock is not to be trusted, and everything after it', async () => {
      await world.orders(world.now, { userId: 'paused' });
      await world.projector.catchUp();
      const before = recording.sent.length;
      let paused = true;
      const turns: number[] = [];
      const watched = new Relay({
        ...{ database, channels: recording as unknown as Channels, clock, paused: () => paused },
        observer: { succeeded: () => turns.push(recording.sent.length) },
      });
      watched.start();
      while (turns.length === 0) await sleep(10);
      expect(turns).toEqual([before]);
      paused = false;
      while (recording.sent.length === before) await sleep(50);
      await watched.stop();
      await drainAll(relay());
      expect(stateOf(recording.sent)).toEqual(await world.believed());
    });

    it('publish nothing while the read models are rebuilt, and nothing after it where nothing changed', async () => {
      const before = recording.sent.length;
      await world.projector.rebuild();
      await drainAll(relay());
      expect(recording.sent.slice(before)).toEqual([]);
    });
  });
}

const title = KAFKA_OFFER.missing === null ? 'feeds on Kafka' : `feeds on Kafka (skipped: ${KAFKA_OFFER.missing})`;
(KAFKA_OFFER.missing === null ? describe : describe.skip)(title, () => {
  let kafka: TestKafka;
  let database: Database;
  let world: World;
  const stops: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    kafka = await KAFKA_OFFER.start();
    database = await openDatabase({ kind: 'pglite', folder: null });
    world = await World.open(database);
  });
  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  });
  afterAll(async () => {
    await world?.close();
    await database?.close();
    await kafka?.stop();
  });

  it('reach a channel in the order of each customer, through a restart of the broker', async () => {
    const silent = { warn: () => undefined, info: () => undefined, debug: () => undefined };
    const channels = await connectChannels({ brokers: kafka.brokers, tls: null, sasl: null }, silent);
    const run = randomUUID();
    // Topics of this run's own: other suites may use the same broker.
    const feeds = FEEDS.map((feed) => ({ ...feed, name: `${feed.name}.${run}` }));
    const relay = new Relay({ database, channels, clock: { now: () => world.now }, feeds });
    relay.start();
    stops.push(() => relay.stop());
    const read: Read[] = [];
    const consumer = channels.consumer({
      ...{ group: run, topicPollMs: 500, subscribes: (topic) => topic.endsWith(run) },
      handle: ({ topic, messages }) => {
        for (const { key, value, headers } of messages)
          read.push(readOf({ topic, key, value, headers: headers as OutgoingMessage['headers'] }));
        return Promise.resolve();
      },
    });
    stops.push(() => consumer.close());
    await world.lives(5);
    if (kafka.outage !== null) {
      await kafka.outage.halt('crash');
      await world.lives(5);
      await kafka.outage.restart();
    }
    await world.lives(5);
    const believed = await world.believed();
    while (stateOf(read).join('\n') !== believed.join('\n')) await sleep(100);
    expectOrder(read);
  }, 300_000);
});
