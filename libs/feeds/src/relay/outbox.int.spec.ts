import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Projector } from '#projections';
import { type Database } from '#database';
import { memoryLog } from '#testing';
import { STORES } from '../testdata/stores.js';
import { PROFILES_SOURCE } from './profiles.js';
import { STAGE_CHANGES_OUTBOX } from '../feeds/stage-changes.js';
import { ACTIONS_OUTBOX } from './actions.js';
import type { OutboxMessage } from '../outbox-message.js';
import { drainOutbox, claimSql, type OutboxTable } from './outbox.js';

interface Message {
  readonly customerId: string;
  readonly n: number;
}

/** More customers than a batch holds, whose messages are written again and again; and one whose id comes after all of theirs. */
const MANY = 3_000;
const LAST = 'z';
const BATCHES = 6;

for (const { name, missing, open, stop } of STORES) {
  const title = `the outbox on ${name}${missing === null ? '' : ` (skipped: ${missing})`}`;
  (missing === null ? describe : describe.skip)(title, () => {
    let database: Database;
    const outboxOf = (keepsPublished: boolean): OutboxTable<Message> => ({
      owner: 'customer_id',
      ownerOf: ({ customerId }) => customerId,
      table: keepsPublished ? 'messages_kept' : 'messages',
      keepsPublished,
      sequence: 'n',
      sequenceOf: ({ n }) => n,
      read: async (on, which, params) =>
        (
          await on.query<{ customer_id: string; n: number }>(
            `WITH o AS (${which}) SELECT * FROM o ORDER BY customer_id, n`,
            params,
          )
        ).map(({ customer_id, n }) => ({ customerId: customer_id, n })),
    });

    beforeAll(async () => {
      database = await open();
      const clock = { now: () => 0 };
      await Projector.open({ database, log: memoryLog({ clock }), clock });
      for (const kept of [false, true]) {
        const { table } = outboxOf(kept);
        await database.exec(`CREATE TABLE ${table} (
            customer_id text COLLATE "C", n int, ${kept ? 'sent_at timestamptz(3),' : ''} PRIMARY KEY (customer_id, n));
          ${kept ? `CREATE INDEX ${table}_pending ON ${table} (customer_id, n) WHERE sent_at IS NULL;` : ''}`);
      }
    }, 120_000);
    afterAll(async () => {
      await database?.close();
      await stop();
    });

    for (const kept of [false, true])
      it(`gives every customer a turn while more is pending for others than a batch holds${kept ? ', where published rows are kept' : ''}`, async () => {
        const outbox = outboxOf(kept);
        const insert = `INSERT INTO ${outbox.table} (customer_id, n)`;
        await database.query(`${insert} VALUES ($1, 1), ($1, 2)`, [LAST]);
        const last = new Map<string, number>();
        const cursor = { after: '' };
        for (let batch = 1; batch <= BATCHES && !last.has(LAST); batch += 1) {
          await database.query(`${insert} SELECT 'c' || i, $1::int FROM generate_series(1, ${MANY}) i`, [batch]);
          await drainOutbox(
            database,
            outbox,
            (messages) => {
              for (const { customerId, n } of messages) {
                // Each customer's in order, none left out and none twice.
                expect(n).toBe((last.get(customerId) ?? 0) + 1);
                last.set(customerId, n);
              }
              return Promise.resolve();
            },
            () => 0,
            cursor,
          );
        }
        expect(last.get(LAST)).toBe(2);
      }, 60_000);

    it('gives every marked customer a turn while the profiles of others change faster than they are published', async () => {
      const mark = 'INSERT INTO perennial.customer_changes (customer_id, changed_at)';
      const again = `ON CONFLICT (customer_id) DO UPDATE SET revision = nextval('perennial.customer_revisions')`;
      await database.query(`${mark} VALUES ($1, now())`, [LAST]);
      const published = new Set<string>();
      const cursor = { after: '' };
      for (let batch = 1; batch <= BATCHES && !published.has(LAST); batch += 1) {
        await database.query(`${mark} SELECT 'c' || i, now() FROM generate_series(1, ${MANY}) i ${again}`);
        const publish = (messages: readonly OutboxMessage[]) => {
          for (const message of messages) if ('customerId' in message) published.add(message.customerId);
          return Promise.resolve();
        };
        await PROFILES_SOURCE.drain(database, publish, () => 0, cursor);
        // So that every profile is published again, instead of found unchanged.
        await database.query(`DELETE FROM perennial.customers_published`);
      }
      expect(published).toContain(LAST);
    }, 60_000);

    it('is claimed by an index in the order of its keys, however much is pending', async () => {
      await database.exec(`
        INSERT INTO perennial.outbox (customer_id, publication, created_at)
          SELECT md5(i::text), n, now() FROM generate_series(1, 20000) i, generate_series(1, 3) n;
        INSERT INTO perennial.actions
          SELECT customer_id, publication, 'proposed', '', '', '', '', 1, '', '', now(), '', '', now(), now(), NULL, 1, now(), false, NULL FROM perennial.outbox;
        ANALYZE perennial.outbox; ANALYZE perennial.actions`);
      for (const outbox of [STAGE_CHANGES_OUTBOX, ACTIONS_OUTBOX])
        for (const which of ['>', '<='] as const) {
          const plan = await database.transaction(async (tx) => {
            await tx.query(`SET LOCAL enable_seqscan = off`);
            return tx.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${claimSql(outbox, which)}`.replace('$1', `'8'`));
          });
          const lines = plan.map((row) => row['QUERY PLAN']).join('\n');
          expect(lines).not.toMatch(/Sort|Seq Scan|Hash/);
          expect(lines).toMatch(/Index/);
        }
      await database.exec('DELETE FROM perennial.outbox; DELETE FROM perennial.actions');
    }, 60_000);
  });
}
