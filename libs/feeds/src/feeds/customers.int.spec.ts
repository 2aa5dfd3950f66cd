import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Channels } from '#platform';
import type { Database } from '#database';
import { liveSchema } from '#projections/schema';
import { profileOf } from '../relay/profile.js';
import { Relay } from '../relay/relay.js';
import { replayFeed } from '../relay/replay-feed.js';
import { STORES } from '../testdata/stores.js';
import { drainAll, DAY, Recording, World, type Read } from '../testdata/world.js';
import { CUSTOMERS } from './customers.js';

/** The content of a fully compacted topic: the last message of each key. */
function compacted(messages: readonly Read[]): Map<string, object> {
  const held = new Map<string, object>();
  for (const { topic, key, data, gone } of messages) {
    if (!topic.startsWith(CUSTOMERS.name)) continue;
    const { revision: _revision, ...profile } = data;
    if (gone) held.delete(key);
    else held.set(key, profile);
  }
  return held;
}

for (const { name, missing, open, stop } of STORES) {
  const title = `profiles from ${name}${missing === null ? '' : ` (skipped: ${missing})`}`;
  (missing === null ? describe : describe.skip)(title, () => {
    let database: Database;
    let world: World;
    let recording = new Recording();
    const relay = () =>
      new Relay({ database, channels: recording as unknown as Channels, clock: { now: () => world.now } });
    const published = () => recording.sent.filter(({ topic }) => topic === CUSTOMERS.name);
    /** The engine's own profiles of the customers who are not erased. */
    const believed = async (): Promise<Map<string, object>> => {
      const live = await liveSchema(database);
      const rows = await database.query<{ row: Record<string, unknown> }>(
        `SELECT to_jsonb(c) AS row FROM ${live}.customers c WHERE EXISTS (
           SELECT 1 FROM ${live}.subjects s WHERE s.customer_id = c.customer_id AND s.erased_at IS NULL)`,
      );
      return new Map(rows.map(({ row }) => [String(row['customer_id']), profileOf(row)]));
    };

    beforeAll(async () => {
      database = await open();
      world = await World.open(database);
    });
    afterAll(async () => {
      await world?.close();
      await database?.close();
      await stop();
    });

    it('are published for every customer, and the last one of each is the engine’s own', async () => {
      await world.lives(6);
      await drainAll(relay());
      expect(compacted(published())).toEqual(await believed());
      expect(compacted(published()).size).toBeGreaterThan(3);
    });

    it('are published once, however often the customer was marked, and not again where nothing changed', async () => {
      recording = new Recording();
      for (let n = 0; n < 3; n += 1) {
        await world.orders(world.now, { userId: 'often' });
        await world.waits(1_000);
      }
      await drainAll(relay());
      expect(published()).toHaveLength(1);
      await world.projector.rebuild();
      await drainAll(relay());
      expect(published()).toHaveLength(1);
    });

    it('are deleted when the customer is merged into another', async () => {
      const [user, browser] = [{ userId: 'late' }, { anonymousId: 'early' }];
      await world.happens(world.now, 'site-visited', browser);
      await world.orders(world.now, user);
      await world.waits(1_000);
      await drainAll(relay());
      recording = new Recording();
      await world.happens(world.now, 'site-visited', { ...user, ...browser });
      await world.waits(1_000);
      await drainAll(relay());
      const ids = published().map(({ key, gone }) => [key, gone]);
      expect(new Map(ids as [string, boolean][])).toEqual(
        new Map([
          [world.customerOf('anonymousId', 'early'), false],
          [world.customerOf('userId', 'late'), true],
        ]),
      );
      expect(published()).toHaveLength(2);
    });

    it('are deleted when the customer is erased, and nothing follows', async () => {
      const who = { userId: 'forget-me' };
      await world.orders(world.now, who);
      await world.waits(1_000);
      await drainAll(relay());
      recording = new Recording();
      await world.erases(who);
      await drainAll(relay());
      const id = world.customerOf('userId', 'forget-me');
      expect(published().map(({ key, gone }) => [key, gone])).toEqual([[id, true]]);
      await world.waits(400 * DAY);
      await world.projector.rebuild();
      await drainAll(relay());
      expect(published().filter(({ key }) => key === id)).toHaveLength(1);
    });

    it('are deleted too where the publication was not recorded', async () => {
      const who = { userId: 'not-recorded' };
      await drainAll(relay());
      await world.orders(world.now, who);
      await world.waits(1_000);
      recording = new Recording();
      // The broker receives the message, and its answer is lost.
      recording.failures = 10;
      await expect(relay().dispatch()).rejects.toThrow('the answer was lost');
      recording.failures = 0;
      const id = world.customerOf('userId', 'not-recorded');
      expect(compacted(published()).has(id)).toBe(true);
      await world.erases(who);
      await drainAll(relay());
      expect(compacted(published()).has(id)).toBe(false);
    });

    it('hold nothing personal: no identifier by which a channel knows the customer', async () => {
      await world.happens(
        world.now,
        'profile-updated',
        { userId: 'ann', email: 'ann@example.org' },
        { attributes: { name: 'Ann' } },
      );
      await world.happens(
        world.now,
        'consent-given',
        { userId: 'ann' },
        { purpose: 'marketing', evidence: 'ann@example.org' },
      );
      await world.waits(1_000);
      recording = new Recording();
      await drainAll(relay());
      const text = JSON.stringify(recording.sent);
      expect(text).toContain('"purpose":"marketing"');
      for (const word of ['ann@', 'Ann', '"ann"', 'evidence']) expect(text).not.toContain(word);
    });

    it('can be replayed: the current ones, with their original ids', async () => {
      await drainAll(relay());
      recording = new Recording();
      const { messages } = await replayFeed(database, recording as unknown as Channels, CUSTOMERS, { name: 'x' });
      expect(compacted(recording.sent)).toEqual(await believed());
      expect(messages).toBe((await believed()).size);
      const revisions = await database.query<{ id: string }>(
        `SELECT customer_id || '-' || revision AS id FROM perennial.customers_published WHERE hash IS NOT NULL`,
      );
      expect(new Set(recording.sent.map(({ id }) => id))).toEqual(new Set(revisions.map(({ id }) => id)));
    });

    it('are published from read models that another version made, and for every customer after the rebuild', async () => {
      const live = await liveSchema(database);
      await world.lives(2);
      await drainAll(relay());
      // As it was before profiles were published: no consents, no marks, no recorded publication.
      await database.exec(`
        ALTER TABLE ${live}.customers DROP COLUMN consents CASCADE, DROP COLUMN actions CASCADE;
        UPDATE perennial.versions SET model = 'customers@1' WHERE status = 'live';
        COMMENT ON SCHEMA perennial_bi IS 'another version’s';
        DELETE FROM perennial.customers_published; DELETE FROM perennial.customer_changes;
        INSERT INTO perennial.customer_changes (customer_id, changed_at) SELECT customer_id, now() FROM ${live}.customers c
          WHERE EXISTS (SELECT 1 FROM ${live}.subjects s WHERE s.customer_id = c.customer_id AND s.erased_at IS NULL) LIMIT 2;`);
      recording = new Recording();
      await drainAll(relay());
      expect(published()).toHaveLength(2);
      await world.restarts();
      await drainAll(relay());
      expect(compacted(recording.sent)).toEqual(await believed());
    });

    it('end up equal to the engine’s after any history, with relays that die between publishing and recording', async () => {
      let histories = 0;
      const step = fc.record({
        what: fc.constantFrom(
          'orders',
          'orders',
          'stage_periods',
          'logs in',
          'consents',
          'cancels',
          'waits',
          'relays',
          'dies',
          'rebuilds',
          'is erased',
        ),
        who: fc.integer({ min: 0, max: 3 }),
        days: fc.integer({ min: 0, max: 90 }),
      });
      const channel: Read[] = [];
      await drainAll(relay());
      recording = new Recording();
      // Published before: a consumer that begins now reads the topic from its beginning.
      await replayFeed(database, recording as unknown as Channels, CUSTOMERS, { name: 'y' });
      channel.push(...recording.sent);
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
          const run = `run-${(histories += 1)}`;
          recording = new Recording();
          for (const { what, who, days } of steps) {
            const [user, browser] = [{ userId: `${run}-${who}` }, { anonymousId: `${run}-${who}` }];
            if (what === 'orders') await world.orders(world.now - days * DAY, user);
            else if (what === 'stage_periods') await world.happens(world.now - days * DAY, 'site-visited', browser);
            else if (what === 'logs in') await world.happens(world.now, 'site-visited', { ...user, ...browser });
            else if (what === 'consents')
              await world.happens(world.now, 'consent-given', user, { purpose: 'marketing' });
            else if (what === 'cancels')
              await world.happens(world.now, 'order-cancelled', user, { orderId: `o-${who}` });
            else if (what === 'waits') await world.waits(days * DAY);
            else if (what === 'rebuilds') await world.projector.rebuild();
            else if (what === 'is erased') await world.forgets(user);
            else {
              await world.waits(0);
              if (what === 'dies') recording.failures = 1;
              await relay()
                .dispatch()
                .catch(() => undefined);
              recording.failures = 0;
            }
          }
          await world.waits(0);
          await drainAll(relay());
          channel.push(...recording.sent);
          expect(compacted(channel)).toEqual(await believed());
        }),
        { numRuns: name === 'PGlite' ? 12 : 6 },
      );
    }, 300_000);
  });
}
