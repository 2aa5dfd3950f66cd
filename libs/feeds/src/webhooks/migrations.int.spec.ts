import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Database } from '#database';
import { STORES } from '../testdata/stores.js';
import { WEBHOOK_MIGRATIONS } from './migrations.js';
import { prepareTables } from './tables.js';
import { Receiver } from './testdata/receiver.js';
import { drainAll, World } from './testdata/world.js';

/** The schema as the releases before the standard names left it. */
const RELEASED = WEBHOOK_MIGRATIONS.slice(0, 2);

for (const { name, missing, open, stop } of STORES) {
  const title = `a webhook database with the former names, on ${name}${missing === null ? '' : ` (skipped: ${missing})`}`;
  (missing === null ? describe : describe.skip)(title, () => {
    let database: Database;
    let world: World;
    let receiver: Receiver;
    let id: string;

    /** The same endpoint, registered in a database of today's: its row and its secret. */
    const registeredRow = async (): Promise<{ secret: string }> => {
      const [row] = await database.query<{ secret: string }>(
        'SELECT secret FROM perennial_webhooks.endpoints WHERE endpoint_id = $1',
        [id],
      );
      if (row === undefined) throw new Error('There is no such endpoint.');
      return row;
    };

    beforeAll(async () => {
      database = await open();
      world = await World.open(database);
      receiver = await Receiver.open();
      await prepareTables(database);
      id = (await world.endpoints.register(receiver.url, ['perennial.stage-changes', 'perennial.customers']))?.endpoint
        .id as string;
      const { secret } = await registeredRow();
      await database.exec('DROP SCHEMA perennial_webhooks CASCADE');
      await prepareTables(database, RELEASED);
      await database.exec(`
        CREATE TRIGGER webhooks AFTER INSERT ON perennial.outbox REFERENCING NEW TABLE AS said
          FOR EACH STATEMENT EXECUTE FUNCTION perennial_webhooks.note_changes();
        CREATE TRIGGER webhooks AFTER INSERT ON perennial.actions REFERENCING NEW TABLE AS said
          FOR EACH STATEMENT EXECUTE FUNCTION perennial_webhooks.note_actions();
        CREATE TRIGGER webhooks AFTER INSERT ON perennial.customer_changes REFERENCING NEW TABLE AS said
          FOR EACH STATEMENT EXECUTE FUNCTION perennial_webhooks.note_dossiers();
        CREATE TRIGGER webhooks_again AFTER UPDATE ON perennial.customer_changes REFERENCING NEW TABLE AS said
          FOR EACH STATEMENT EXECUTE FUNCTION perennial_webhooks.note_dossiers();`);
      await database.query(
        `INSERT INTO perennial_webhooks.endpoints (endpoint_id, url, feeds, status, secret, created_at, taken, failures, last_tried_at, last_taken_at,
                                                   last_status, last_reason, missed, missed_from, missed_since)
         VALUES ($1, $2, '{perennial.stage-changes,perennial.customers}', 'active', $3, now(), 41, 2, now(), now(), 503, 'answered 503', 3, 1, now())`,
        [id, receiver.url, secret],
      );
    }, 120_000);
    afterAll(async () => {
      await world?.close();
      await receiver?.close();
      await database?.close();
      await stop();
    });

    it('keeps its rows in every table, under the new names', async () => {
      // The triggers write changes and marks to `waiting`.
      await world.lives('ann');
      await database.query(
        `INSERT INTO perennial_webhooks.deliveries (endpoint_id, message_id, feed, key, headers, body, created_at, tries, dead_at)
         VALUES ($1, 'pending', 'perennial.stage-changes', 'k', '{"ce-id":"pending"}', '{}', now(), 2, NULL),
                ($1, 'dead', 'perennial.stage-changes', 'k', '{"ce-id":"dead"}', '{}', now(), 5, now())`,
        [id],
      );
      await database.exec(`
        INSERT INTO perennial_webhooks.dossiers_told VALUES ('gone', NULL), ('known', 'hash');
        INSERT INTO perennial_webhooks.replays (endpoint_id, replay_id, from_position, began_at, source, told)
          VALUES ('${id}', 'r', 0, now(), 'dossier', 7)`);
      const [before] = await database.query<{ rows: number; profiles: number }>(
        `SELECT count(*)::int AS rows, (count(*) FILTER (WHERE source = 'dossier'))::int AS profiles FROM perennial_webhooks.waiting`,
      );
      expect(before?.profiles).toBeGreaterThan(0);
      await prepareTables(database);
      const [after] = await database.query(
        `SELECT count(*)::int AS rows, (count(*) FILTER (WHERE source = 'profile'))::int AS profiles FROM perennial_webhooks.pending`,
      );
      expect(after).toEqual(before);
      expect(await world.endpoints.find(id)).toMatchObject({
        ...{ delivered: 41, failures: 2, lastStatus: 503, lastReason: 'answered 503', missed: 3, missedFrom: 1 },
        ...{ pending: 1, deadLetters: 1, replay: { id: 'r', fromPosition: 0, enqueued: 7 } },
      });
      expect(await world.endpoints.deliveries(id, { dead: true, after: 0, limit: 9 })).toMatchObject([
        { id: 'dead', attempts: 5 },
      ]);
      expect(
        await database.query('SELECT customer_id, hash FROM perennial_webhooks.profiles_delivered ORDER BY 1'),
      ).toEqual([
        { customer_id: 'gone', hash: null },
        { customer_id: 'known', hash: 'hash' },
      ]);
      expect(await database.query(`SELECT source FROM perennial_webhooks.replays`)).toEqual([{ source: 'profile' }]);
    });

    it('goes on delivering: what was pending first, then what is published from now on', async () => {
      const dispatcher = world.dispatcher();
      await drainAll(dispatcher, database);
      const ids = receiver.accepted.map((request) => request.id);
      expect(ids[0]).toBe('pending');
      const before = ids.length;
      // One stage change and one profile at least, and the customer that the replay finds gone.
      expect(before).toBeGreaterThan(3);
      await world.lives('ben');
      await drainAll(dispatcher, database);
      expect(receiver.accepted.length).toBeGreaterThan(before);
      expect(await world.endpoints.find(id)).toMatchObject({ pending: 0, failures: 0, replay: null });
      expect(await world.endpoints.replayDeadLetters(id, null)).toBe(1);
      await drainAll(dispatcher, database);
      expect(receiver.accepted.at(-1)?.id).toBe('dead');
    });

    it('is left as it is by a second migration', async () => {
      await prepareTables(database);
      const steps = await database.query('SELECT number FROM perennial_webhooks.steps ORDER BY number');
      expect(steps).toHaveLength(WEBHOOK_MIGRATIONS.length);
      const triggers = await database.query(
        `SELECT tgname FROM pg_trigger WHERE tgname LIKE 'webhooks%' AND pg_get_triggerdef(oid) LIKE '%AS written%'`,
      );
      expect(triggers).toHaveLength(6);
    });
  });
}
