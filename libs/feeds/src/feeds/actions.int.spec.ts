import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BUILT_IN_POLICIES } from '#lifecycle';
import type { Channels } from '#platform';
import type { Database } from '#database';
import { Relay } from '../relay/relay.js';
import { FEEDS } from '../registry.js';
import { replayFeed } from '../relay/replay-feed.js';
import { STORES } from '../testdata/stores.js';
import { drainAll, DAY, Recording, World } from '../testdata/world.js';
import { ACTIONS } from './actions.js';

const HOUR = DAY / 24;
const byMail = { purpose: 'marketing', medium: 'email' };

for (const { name, missing, open, stop } of STORES) {
  const title = `actions from ${name}${missing === null ? '' : ` (skipped: ${missing})`}`;
  (missing === null ? describe : describe.skip)(title, () => {
    let database: Database;
    let world: World;
    let recording = new Recording();
    let count = 0;
    /** A customer without events. */
    let user: Record<string, string>;
    let customerId: string;

    const relay = () =>
      new Relay({ database, channels: recording as unknown as Channels, clock: { now: () => world.now } });
    /** The action changes of a customer that were published since the last call, a line each. */
    const published = async (id = customerId): Promise<string[]> => {
      await drainAll(relay());
      const lines = recording.sent
        .filter(({ topic, key }) => topic === ACTIONS.name && key === id)
        .map(({ data }) => {
          const { kind, action, medium, reason } = data as Record<string, string>;
          return `${kind} ${action} by ${medium}${reason === undefined ? '' : `: ${reason}`}`;
        });
      recording = new Recording();
      return lines;
    };
    const given = (at = world.now, data: object = byMail) => world.happens(at, 'consent-given', user, data);

    beforeAll(async () => {
      database = await open();
      world = await World.open(database);
    });
    beforeEach(async () => {
      user = { userId: `user-${(count += 1)}` };
      customerId = world.customerOf('userId', `user-${count}`);
      recording = new Recording();
      await world.waits(0);
    });
    afterAll(async () => {
      await world?.close();
      await database?.close();
      await stop();
    });

    it('are proposed with the customer’s consent, and not without it', async () => {
      await world.orders(world.now, user);
      await world.waits(0);
      expect(await published()).toEqual([]);
      await world.waits(HOUR);
      await given();
      await world.waits(0);
      expect(await published()).toEqual(['proposed welcome by email']);
      // A second consent changes nothing.
      await given();
      await world.waits(0);
      expect(await published()).toEqual([]);
    });

    it('are withdrawn with the consent', async () => {
      await given();
      await world.orders(world.now, user);
      await world.waits(HOUR);
      expect(await published()).toEqual(['proposed welcome by email']);
      await world.happens(world.now, 'consent-withdrawn', user, byMail);
      await world.waits(0);
      expect(await published()).toEqual(['withdrawn welcome by email: consent-withdrawn']);
    });

    it('are withdrawn when the customer leaves the phase, and those of the next one proposed', async () => {
      await given();
      await world.waits(0);
      expect(await published()).toEqual(['proposed introduce by email']);
      await world.waits(HOUR);
      await world.orders(world.now, user);
      await world.waits(0);
      expect(await published()).toEqual(['withdrawn introduce by email: phase-left', 'proposed welcome by email']);
    });

    it('are withdrawn at the instant at which they expire', async () => {
      const begun = world.now;
      await given();
      await world.orders(world.now, user);
      await world.waits(0);
      await world.waits(30 * DAY - 1);
      expect(await published()).toEqual(['proposed welcome by email']);
      await world.waits(1);
      const [row] = await database.query<{ published_at: number; valid_until: number }>(
        `SELECT published_at, valid_until FROM perennial.actions WHERE customer_id = $1 AND kind = 'withdrawn'`,
        [customerId],
      );
      expect(row).toEqual({ published_at: begun + 30 * DAY, valid_until: begun + 30 * DAY });
      expect(await published()).toEqual(['withdrawn welcome by email: expired']);
      // Without events the customer becomes at-risk, which has a treatment of its own.
      await world.waits(60 * DAY);
      expect(await published()).toEqual(['proposed ask what is missing by email']);
    });

    it('end with a consent that expires', async () => {
      await given(world.now, { ...byMail, expiresAt: new Date(world.now + 2 * DAY).toISOString() });
      await world.orders(world.now, user);
      await world.waits(DAY);
      expect(await published()).toEqual(['proposed welcome by email']);
      await world.waits(DAY);
      expect(await published()).toEqual(['withdrawn welcome by email: expired']);
    });

    it('are not proposed for what lay in the past when it became known: an import proposes nothing', async () => {
      await given(world.now - 100 * DAY);
      await world.orders(world.now - 20 * DAY, user);
      await world.waits(0);
      expect(await published()).toEqual([]);
    });

    it('are withdrawn when a late event shows that the customer had left the phase before', async () => {
      await given();
      await world.happens(world.now, 'product-viewed', user, { sku: 's', category: 'wine' });
      await world.waits(0);
      await world.waits(2 * DAY);
      expect(await published()).toEqual(['proposed advise by email']);
      await world.orders(world.now - 2 * DAY + HOUR, user);
      await world.waits(0);
      // The customer has been in the new phase for more than a day: its treatment is not proposed.
      expect(await published()).toEqual(['withdrawn advise by email: phase-left']);
    });

    it('stay proposed where a late event only moves the beginning of the stage period', async () => {
      await given();
      await world.orders(world.now, user);
      await world.waits(0);
      expect(await published()).toEqual(['proposed welcome by email']);
      await world.happens(world.now - HOUR, 'site-visited', user);
      await world.waits(0);
      expect(await published()).toEqual([]);
    });

    it('of a merged customer are withdrawn, and proposed for the customer into which it merged', async () => {
      const browser = { anonymousId: `browser-${count}` };
      const browsing = world.customerOf('anonymousId', `browser-${count}`);
      await world.happens(world.now, 'site-visited', browser);
      await world.happens(world.now, 'consent-given', browser, byMail);
      await world.waits(0);
      expect(await published(browsing)).toEqual(['proposed introduce by email']);
      await world.orders(world.now, user);
      await world.waits(HOUR);
      // This event merges the buyer into the browser, who came first; the phase is the one that the purchase led to.
      await world.happens(world.now, 'site-visited', { ...user, ...browser });
      await world.waits(0);
      await drainAll(relay());
      const all = [...recording.sent];
      recording = new Recording();
      const lines = all
        .filter(({ topic }) => topic === ACTIONS.name)
        .map(
          ({ key, data }) =>
            `${key === browsing ? 'browsing' : 'buying'} ${String(data['kind'])} ${String(data['action'])} ${String(data['reason'])}`,
        );
      expect(lines).toEqual(['browsing withdrawn introduce merge', 'browsing proposed welcome undefined']);
    });

    it('are withdrawn for an erased customer, and not proposed again', async () => {
      await given();
      await world.orders(world.now, user);
      await world.waits(0);
      expect(await published()).toEqual(['proposed welcome by email']);
      await world.erases(user);
      expect(await published()).toEqual(['withdrawn welcome by email: erased']);
      await world.waits(200 * DAY);
      expect(await published()).toEqual([]);
    });

    it('are withdrawn for a parked customer, because a withdrawn consent would go unseen', async () => {
      await given();
      await world.orders(world.now, user);
      await world.waits(0);
      expect(await published()).toEqual(['proposed welcome by email']);
      await world.confuses(customerId);
      expect(await published()).toEqual(['withdrawn welcome by email: parked']);
      await world.projector.release(customerId);
      await world.waits(0);
      // Still parked: there is nothing more to withdraw.
      expect(await published()).toEqual([]);
    });

    it('are neither published again nor forgotten by a rebuild', async () => {
      await given();
      await world.orders(world.now, user);
      await world.waits(0);
      expect(await published()).toEqual(['proposed welcome by email']);
      await world.projector.rebuild();
      expect(await published()).toEqual([]);
      await world.waits(HOUR);
      await world.happens(world.now, 'unsubscribed', user);
      await world.waits(0);
      expect(await published()).toEqual(['withdrawn welcome by email: consent-withdrawn']);
      expect(await world.projector.verify()).toMatchObject({ equal: true });
    });

    it('are corrected by a rebuild where the published ones differ from the read models', async () => {
      await given();
      await world.orders(world.now, user);
      await world.waits(0);
      expect(await published()).toEqual(['proposed welcome by email']);
      // As another version of the program may have left it: another treatment is published, and this one is not.
      await database.query(`UPDATE perennial.actions SET treatment = 'wave' WHERE customer_id = $1`, [customerId]);
      await world.projector.rebuild();
      expect(await published()).toEqual(['withdrawn wave by email: rebuild', 'proposed welcome by email']);
    });

    it('are those that the policy names, from its publication on', async () => {
      const { retail } = BUILT_IN_POLICIES;
      await given();
      await given(world.now, { purpose: 'service' });
      await world.orders(world.now, user);
      await world.waits(0);
      expect(await published()).toEqual(['proposed welcome by email']);
      const rule = { name: 'call', purpose: 'service', media: ['phone', 'sms'], validDays: 3 };
      await world.publishes({ ...retail, name: `other`, version: 1, treatments: { retention: { onboarding: rule } } });
      await world.waits(HOUR);
      expect(await published()).toEqual([
        'withdrawn welcome by email: policy-changed',
        'proposed call by phone',
        'proposed call by sms',
      ]);
    });

    it('can be replayed with their original ids', async () => {
      const again = new Recording();
      await replayFeed(database, again as unknown as Channels, ACTIONS, { name: 'x' });
      const [row] = await database.query<{ n: number }>('SELECT count(*)::int AS n FROM perennial.actions');
      expect(again.sent).toHaveLength(row?.n ?? -1);
      expect(new Set(again.sent.map(({ id }) => id)).size).toBe(again.sent.length);
      // Every withdrawal follows its proposal; the other proposals are standing.
      const standing = new Set<string>();
      for (const { data } of again.sent) {
        const id = String(data['actionId']);
        if (data['kind'] === 'proposed') standing.add(id);
        else expect(standing.delete(id)).toBe(true);
      }
      const rows = await database.query<{ action_id: string }>(
        'SELECT action_id FROM perennial.actions WHERE standing',
      );
      expect([...standing].sort()).toEqual(rows.map(({ action_id }) => action_id).sort());
      expect(FEEDS).toContain(ACTIONS);
    });
  });
}
