import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Projector } from '#projections';
import { type Database } from '#database';
import { memoryLog } from '#testing';
import { STORES } from '../testdata/stores.js';
import { PROFILES } from './customers.js';
import { OUTBOX } from './changes.js';
import { ACTIONS_SAID } from './actions.js';
import { carryUnsent, claiming, type Unsent } from './outbox.js';

interface Word {
  readonly customerId: string;
  readonly n: number;
}

/** More of whom something is said, again and again, than are carried at one time; and one whose id comes after all of theirs. */
const MANY = 3_000;
const LAST = 'z';
const HELPINGS = 6;

for (const { name, missing, open, stop } of STORES) {
  const title = `what is still to be told, on ${name}${missing === null ? '' : ` (skipped: ${missing})`}`;
  (missing === null ? describe : describe.skip)(title, () => {
    let database: Database;
    const words = (kept: boolean): Unsent<Word> => ({
      ...{ table: kept ? 'words_kept' : 'words', kept, number: 'n', numberOf: ({ n }) => n },
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
        const { table } = words(kept);
        await database.exec(`CREATE TABLE ${table} (
            customer_id text COLLATE "C", n int, ${kept ? 'sent_at timestamptz(3),' : ''} PRIMARY KEY (customer_id, n));
          ${kept ? `CREATE INDEX ${table}_unsent ON ${table} (customer_id, n) WHERE sent_at IS NULL;` : ''}`);
      }
    }, 120_000);
    afterAll(async () => {
      await database?.close();
      await stop();
    });

    for (const kept of [false, true])
      it(`comes to everybody in turn, while more is said of others than can be told${kept ? '; where what was told stays' : ''}`, async () => {
        const unsent = words(kept);
        const say = `INSERT INTO ${unsent.table} (customer_id, n)`;
        await database.query(`${say} VALUES ($1, 1), ($1, 2)`, [LAST]);
        const last = new Map<string, number>();
        const round = { after: '' };
        for (let helping = 1; helping <= HELPINGS && !last.has(LAST); helping += 1) {
          await database.query(`${say} SELECT 'c' || i, $1::int FROM generate_series(1, ${MANY}) i`, [helping]);
          await carryUnsent(
            database,
            unsent,
            (told) => {
              for (const { customerId, n } of told) {
                // Each customer's in their order, none left out and none twice.
                expect(n).toBe((last.get(customerId) ?? 0) + 1);
                last.set(customerId, n);
              }
              return Promise.resolve();
            },
            () => 0,
            round,
          );
        }
        expect(last.get(LAST)).toBe(2);
      }, 60_000);

    it('comes in turn to everybody whose profile may have changed, while those of others change more often than they can be told', async () => {
      const mark = 'INSERT INTO perennial.customer_changes (customer_id, changed_at)';
      const again = `ON CONFLICT (customer_id) DO UPDATE SET revision = nextval('perennial.customer_revisions')`;
      await database.query(`${mark} VALUES ($1, now())`, [LAST]);
      const told = new Set<string>();
      const round = { after: '' };
      for (let helping = 1; helping <= HELPINGS && !told.has(LAST); helping += 1) {
        await database.query(`${mark} SELECT 'c' || i, now() FROM generate_series(1, ${MANY}) i ${again}`);
        const tell = (said: readonly { readonly customerId: string }[]) => {
          for (const { customerId } of said) told.add(customerId);
          return Promise.resolve();
        };
        await PROFILES.carry(database, tell, () => 0, round);
        // So that everybody is told again, and not only counted as told.
        await database.query(`DELETE FROM perennial.customers_published`);
      }
      expect(told).toContain(LAST);
    }, 60_000);

    it('is claimed by an index that has it in its order, however much it is', async () => {
      await database.exec(`
        INSERT INTO perennial.outbox (customer_id, publication, created_at)
          SELECT md5(i::text), n, now() FROM generate_series(1, 20000) i, generate_series(1, 3) n;
        INSERT INTO perennial.actions
          SELECT customer_id, publication, 'proposed', '', '', '', '', 1, '', '', now(), '', '', now(), now(), NULL, 1, now(), false, NULL FROM perennial.outbox;
        ANALYZE perennial.outbox; ANALYZE perennial.actions`);
      for (const unsent of [OUTBOX, ACTIONS_SAID])
        for (const which of ['>', '<='] as const) {
          const plan = await database.transaction(async (tx) => {
            await tx.query(`SET LOCAL enable_seqscan = off`);
            return tx.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${claiming(unsent, which)}`.replace('$1', `'8'`));
          });
          const lines = plan.map((row) => row['QUERY PLAN']).join('\n');
          expect(lines).not.toMatch(/Sort|Seq Scan|Hash/);
          expect(lines).toMatch(/Index/);
        }
      await database.exec('DELETE FROM perennial.outbox; DELETE FROM perennial.actions');
    }, 60_000);
  });
}
