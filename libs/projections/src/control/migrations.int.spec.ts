import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { migrate } from '../versions/migrate.js';
import { CONTROL_MIGRATIONS } from './migrations.js';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';

describeOnEachStore('the schema that survives rebuilds, of an earlier version', (name) => {
  let store: OpenedStore;

  beforeAll(async () => {
    store = await openStore(name);
  }, 120_000);
  afterAll(async () => {
    await store.stop();
  });

  it('keeps of its outbox what is still to be told, and nothing twice', async () => {
    await store.wipe();
    const { database } = store;
    await database.exec(`CREATE SCHEMA perennial;
      CREATE TABLE perennial.migrations (
        number int PRIMARY KEY, name text NOT NULL, applied_at timestamptz(3) NOT NULL DEFAULT now())`);
    for (const { number, name, sql } of CONTROL_MIGRATIONS.filter((each) => each.number < 10)) {
      await database.exec(sql);
      await database.query('INSERT INTO perennial.migrations (number, name) VALUES ($1, $2)', [number, name]);
    }
    await database.exec(`INSERT INTO perennial.outbox (message_id, customer_id, publication, kind, historical, created_at, sent_at)
      VALUES ('m1', 'anna', 1, 'entered', true, now(), now()), ('m2', 'anna', 2, 'left', true, now(), NULL),
             ('m3', 'bert', 1, 'entered', false, now(), NULL)`);
    await migrate(database);
    await migrate(database);
    expect(await database.query('SELECT customer_id, publication FROM perennial.outbox ORDER BY 1, 2')).toEqual([
      { customer_id: 'anna', publication: 2 },
      { customer_id: 'bert', publication: 1 },
    ]);
  }, 60_000);
});
