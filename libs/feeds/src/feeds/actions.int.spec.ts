import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BUILT_IN_POLICIES } from '#lifecycle';
import type { Channels } from '#platform';
import type { Database } from '#database';
import { Relay } from '../relay/relay.js';
import { OUTPUTS } from '../outputs.js';
import { replayFeed } from '../replaying/replay.js';
import { STORES } from '../testdata/stores.js';
import { carryAll, DAY, Recording, World } from '../testdata/world.js';
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
    /** Somebody of whom nothing is known yet. */
    let she: Record<string, string>;
    let customerId: string;

    const relay = () =>
      new Relay({ database, channels: recording as unknown as Channels, clock: { now: () => world.now } });
    /** What a channel was told of their actions since it was last asked, a line each. */
    const told = async (id = customerId): Promise<string[]> => {
      await carryAll(relay());
      const lines = recording.sent
        .filter(({ topic, key }) => topic === ACTIONS.name && key === id)
        .map(({ data }) => {
          const { kind, action, medium, reason } = data as Record<string, string>;
          return `${kind} ${action} by ${medium}${reason === undefined ? '' : `: ${reason}`}`;
        });
      recording = new Recording();
      return lines;
    };
    const given = (at = world.now, data: object = byMail) => world.happens(at, 'consent-given', she, data);

    beforeAll(async () => {
      database = await open();
      world = await World.open(database);
    });
    beforeEach(async () => {
      she = { userId: `their-${(count += 1)}` };
      customerId = world.customerOf('userId', `their-${count}`);
      recording = new Recording();
      await world.waits(0);
    });
    afterAll(async () => {
      await world?.close();
      await database?.close();
      await stop();
    });

    it('are proposed where the customer consented, and not where they did not', async () => {
      await world.orders(world.now, she);
      await world.waits(0);
      expect(await told()).toEqual([]);
      await world.waits(HOUR);
      await given();
      await world.waits(0);
      expect(await told()).toEqual(['proposed welcome by email']);
      // Twice is the same as once.
      await given();
      await world.waits(0);
      expect(await told()).toEqual([]);
    });

    it('are withdrawn with the consent', async () => {
      await given();
      await world.orders(world.now, she);
      await world.waits(HOUR);
      expect(await told()).toEqual(['proposed welcome by email']);
      await world.happens(world.now, 'consent-withdrawn', she, byMail);
      await world.waits(0);
      expect(await told()).toEqual(['withdrawn welcome by email: consent-withdrawn']);
    });

    it('are withdrawn when the customer leaves the phase, and those of the next one proposed', async () => {
      await given();
      await world.waits(0);
      expect(await told()).toEqual(['proposed introduce by email']);
      await world.waits(HOUR);
      await world.orders(world.now, she);
      await world.waits(0);
      expect(await told()).toEqual(['withdrawn introduce by email: phase-left', 'proposed welcome by email']);
    });

    it('are withdrawn when they are valid no longer, at that instant', async () => {
      const begun = world.now;
      await given();
      await world.orders(world.now, she);
      await world.waits(0);
      await world.waits(30 * DAY - 1);
      expect(await told()).toEqual(['proposed welcome by email']);
      await world.waits(1);
      const [row] = await database.query<{ published_at: number; valid_until: number }>(
        `SELECT published_at, valid_until FROM perennial.actions WHERE customer_id = $1 AND kind = 'withdrawn'`,
        [customerId],
      );
      expect(row).toEqual({ published_at: begun + 30 * DAY, valid_until: begun + 30 * DAY });
      expect(await told()).toEqual(['withdrawn welcome by email: expired']);
      // What silence does goes on: at risk, and asked what is missing.
      await world.waits(60 * DAY);
      expect(await told()).toEqual(['proposed ask what is missing by email']);
    });

    it('end with a consent that expires', async () => {
      await given(world.now, { ...byMail, expiresAt: new Date(world.now + 2 * DAY).toISOString() });
      await world.orders(world.now, she);
      await world.waits(DAY);
      expect(await told()).toEqual(['proposed welcome by email']);
      await world.waits(DAY);
      expect(await told()).toEqual(['withdrawn welcome by email: expired']);
    });

    it('are not proposed for what lay long back when it became known: an import is silent', async () => {
      await given(world.now - 100 * DAY);
      await world.orders(world.now - 20 * DAY, she);
      await world.waits(0);
      expect(await told()).toEqual([]);
    });

    it('are taken back exactly when a late event shows that they had left the phase before', async () => {
      await given();
      await world.happens(world.now, 'product-viewed', she, { sku: 's', category: 'wine' });
      await world.waits(0);
      await world.waits(2 * DAY);
      expect(await told()).toEqual(['proposed advise by email']);
      await world.orders(world.now - 2 * DAY + HOUR, she);
      await world.waits(0);
      // The treatment of the phase in which they have been for more than a day is none any more.
      expect(await told()).toEqual(['withdrawn advise by email: phase-left']);
    });

    it('stand where a late event only moves the beginning of their stay', async () => {
      await given();
      await world.orders(world.now, she);
      await world.waits(0);
      expect(await told()).toEqual(['proposed welcome by email']);
      await world.happens(world.now - HOUR, 'site-visited', she);
      await world.waits(0);
      expect(await told()).toEqual([]);
    });

    it('of who turns out to be another are withdrawn, and the other is treated as who they are', async () => {
      const browser = { anonymousId: `browser-${count}` };
      const browsing = world.customerOf('anonymousId', `browser-${count}`);
      await world.happens(world.now, 'site-visited', browser);
      await world.happens(world.now, 'consent-given', browser, byMail);
      await world.waits(0);
      expect(await told(browsing)).toEqual(['proposed introduce by email']);
      await world.orders(world.now, she);
      await world.waits(HOUR);
      // By this they bought under both names: they are who browsed first, and stands where the purchase put them.
      await world.happens(world.now, 'site-visited', { ...she, ...browser });
      await world.waits(0);
      await carryAll(relay());
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

    it('are none for whom we were asked to forget', async () => {
      await given();
      await world.orders(world.now, she);
      await world.waits(0);
      expect(await told()).toEqual(['proposed welcome by email']);
      await world.erases(she);
      expect(await told()).toEqual(['withdrawn welcome by email: erased']);
      await world.waits(200 * DAY);
      expect(await told()).toEqual([]);
    });

    it('are withdrawn of who cannot be folded, since nobody would hear what the customer takes back', async () => {
      await given();
      await world.orders(world.now, she);
      await world.waits(0);
      expect(await told()).toEqual(['proposed welcome by email']);
      await world.confuses(customerId);
      expect(await told()).toEqual(['withdrawn welcome by email: parked']);
      await world.projector.release(customerId);
      await world.waits(0);
      // Still broken: there is nothing to take back again.
      expect(await told()).toEqual([]);
    });

    it('are neither said again nor forgotten by a rebuild', async () => {
      await given();
      await world.orders(world.now, she);
      await world.waits(0);
      expect(await told()).toEqual(['proposed welcome by email']);
      await world.projector.rebuild();
      expect(await told()).toEqual([]);
      await world.waits(HOUR);
      await world.happens(world.now, 'unsubscribed', she);
      await world.waits(0);
      expect(await told()).toEqual(['withdrawn welcome by email: consent-withdrawn']);
      expect(await world.projector.verify()).toMatchObject({ equal: true });
    });

    it('are put right by a rebuild where what was said is not what is believed', async () => {
      await given();
      await world.orders(world.now, she);
      await world.waits(0);
      expect(await told()).toEqual(['proposed welcome by email']);
      // As another program would have believed: another treatment stands, and this one was never said.
      await database.query(`UPDATE perennial.actions SET treatment = 'wave' WHERE customer_id = $1`, [customerId]);
      await world.projector.rebuild();
      expect(await told()).toEqual(['withdrawn wave by email: rebuild', 'proposed welcome by email']);
    });

    it('are those that the policy names, from its publication on', async () => {
      const { retail } = BUILT_IN_POLICIES;
      await given();
      await given(world.now, { purpose: 'service' });
      await world.orders(world.now, she);
      await world.waits(0);
      expect(await told()).toEqual(['proposed welcome by email']);
      const rule = { name: 'call', purpose: 'service', media: ['phone', 'sms'], validDays: 3 };
      await world.publishes({ ...retail, name: `other`, version: 1, treatments: { retention: { onboarding: rule } } });
      await world.waits(HOUR);
      expect(await told()).toEqual([
        'withdrawn welcome by email: policy-changed',
        'proposed call by phone',
        'proposed call by sms',
      ]);
    });

    it('can be told again, under the names that they had', async () => {
      const again = new Recording();
      await replayFeed(database, again as unknown as Channels, ACTIONS, { name: 'x' });
      const [row] = await database.query<{ n: number }>('SELECT count(*)::int AS n FROM perennial.actions');
      expect(again.sent).toHaveLength(row?.n ?? -1);
      expect(new Set(again.sent.map(({ id }) => id)).size).toBe(again.sent.length);
      // Every withdrawal follows its proposal, and what is left stands.
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
      expect(OUTPUTS).toContain(ACTIONS);
    });
  });
}
