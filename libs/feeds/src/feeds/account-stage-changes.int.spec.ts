import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Database } from '#database';
import type { Channels } from '#platform';
import { Relay } from '../relay/relay.js';
import { replayFeed } from '../relay/replay-feed.js';
import { STORES } from '../testdata/stores.js';
import { DAY, drainAll, Recording, World } from '../testdata/world.js';
import { enqueueDeliveries } from '../webhooks/fan-out.js';
import { beginReplay, enqueueReplays } from '../webhooks/replay.js';
import { createTriggers, prepareTables } from '../webhooks/tables.js';
import { ACCOUNT_STAGE_CHANGES } from './account-stage-changes.js';

const [BUYER, COLLEAGUE] = [{ userId: 'buyer' }, { userId: 'colleague' }];
const LIMITS = { messagesMax: 1_000, ageMsMax: DAY };

for (const { name, missing, open, stop } of STORES) {
  const title = `stage changes of accounts from ${name}${missing === null ? '' : ` (skipped: ${missing})`}`;
  (missing === null ? describe : describe.skip)(title, () => {
    let database: Database;
    let world: World;
    beforeAll(async () => {
      database = await open();
      world = await World.open(database);
      await prepareTables(database);
      expect(await createTriggers(database)).toBe(true);
      await database.query(
        `INSERT INTO perennial_webhooks.endpoints (endpoint_id, url, feeds, status, secret, created_at)
         VALUES ('one', 'https://crm.example/x', ARRAY['perennial.account-stage-changes'], 'active', 's', now())`,
      );
      const { now } = world;
      await world.happens(now, 'account-joined', BUYER, { accountId: 'acme', kind: 'company' });
      await world.happens(now, 'account-joined', COLLEAGUE, { accountId: 'acme' });
      await world.waits(60_000);
      await world.orders(world.now, COLLEAGUE);
      await world.waits(0);
    });
    afterAll(async () => {
      await world?.close();
      await database?.close();
      await stop();
    });

    const published = async (): Promise<Recording['sent']> => {
      const recording = new Recording();
      await drainAll(
        new Relay({ database, channels: recording as unknown as Channels, clock: { now: () => world.now } }),
      );
      return recording.sent.filter(({ topic }) => topic === ACCOUNT_STAGE_CHANGES.name);
    };
    const linesOf = (sent: Recording['sent']): string[] =>
      sent.map(({ data }) => {
        const { publication, kind, phase, retracts } = data as Record<string, string>;
        return `${publication} ${kind} ${phase}${retracts === undefined ? '' : ` of ${retracts}`}`;
      });
    let ids: readonly string[] = [];

    it('are published once, by account and in order; the stage changes of members go their own way', async () => {
      const sent = await published();
      expect(linesOf(sent)).toEqual(['1 entered awareness', '2 left awareness', '3 entered onboarding']);
      expect(new Set(sent.map(({ key }) => key)).size).toBe(1);
      expect(sent[0]?.data).toMatchObject({
        source: 'shop',
        reference: 'acme',
        accountKind: 'company',
        historical: false,
      });
      ids = sent.map(({ id }) => id);
      expect(await published()).toEqual([]);
    });

    it('are enqueued for the endpoints that name the feed, under the same ids', async () => {
      while ((await enqueueDeliveries(database, () => world.now, LIMITS)) > 0);
      const rows = await database.query<{ message_id: string; feed: string }>(
        'SELECT message_id, feed FROM perennial_webhooks.deliveries ORDER BY seq',
      );
      expect(rows).toEqual(ids.map((message_id) => ({ message_id, feed: ACCOUNT_STAGE_CHANGES.name })));
    });

    it('are retracted when a late event shows that they never were', async () => {
      await world.orders(world.now - 30_000, BUYER);
      await world.waits(0);
      expect(linesOf(await published())).toEqual([
        '4 retracted onboarding of 3',
        '5 retracted awareness of 2',
        '6 left awareness',
        '7 entered onboarding',
        '8 left onboarding',
        '9 entered active',
      ]);
    });

    it('are replayed with their original ids, to a topic and to an endpoint', async () => {
      const again = new Recording();
      await replayFeed(database, again as unknown as Channels, ACCOUNT_STAGE_CHANGES, { name: 'x' });
      expect(again.sent.map(({ id }) => id).slice(0, 3)).toEqual(ids);
      expect(again.sent).toHaveLength(9);
      await database.query('DELETE FROM perennial_webhooks.deliveries');
      expect(await beginReplay(database, 'one', 0, world.now)).toBe('begun');
      // A batch that holds no message of the feed enqueues none.
      for (let batch = 0; batch < 10; batch += 1) await enqueueReplays(database, () => world.now);
      const rows = await database.query<{ message_id: string }>(
        'SELECT message_id FROM perennial_webhooks.deliveries ORDER BY seq',
      );
      expect(rows.map(({ message_id }) => message_id)).toEqual(again.sent.map(({ id }) => id));
    });

    it('move by silence, at the instant at which it fell due', async () => {
      await world.waits(120 * DAY);
      const sent = await published();
      expect(linesOf(sent)).toContain('11 entered at-risk');
      const [at] = sent.filter(({ data }) => data['phase'] === 'at-risk' && data['kind'] === 'entered');
      expect(at?.data).toMatchObject({ historical: true, cause: { rule: 'silence-at-risk' } });
    });
  });
}
