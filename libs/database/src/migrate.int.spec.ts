import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';
import { LOCKS } from './locks.js';
import { applyMigrations, type Migration } from './migrate.js';

const STEPS: readonly Migration[] = [
  { number: 1, name: 'things', sql: 'CREATE TABLE perennial_spec.things (id int PRIMARY KEY)' },
  {
    number: 2,
    name: 'thing names',
    sql: `ALTER TABLE perennial_spec.things ADD COLUMN name text;
          INSERT INTO perennial_spec.things VALUES (1, 'one')`,
  },
];

describeOnEachStore('the migrator', (store) => {
  let opened: OpenedStore;
  const apply = (steps: readonly Migration[] = STEPS, table?: string): Promise<readonly number[]> =>
    opened.database.transaction((tx) =>
      applyMigrations(tx, {
        ...{ schema: 'perennial_spec', lock: LOCKS.migration, steps },
        ...(table === undefined ? {} : { table }),
      }),
    );
  const applied = (table = 'migrations') =>
    opened.database.query(`SELECT number, name FROM perennial_spec.${table} ORDER BY number`);

  beforeAll(async () => {
    opened = await openStore(store);
  });
  afterAll(() => opened.stop());
  beforeEach(() => opened.wipe());

  it('applies all steps to a new database, in order, and each once', async () => {
    expect(await apply(STEPS.slice(0, 1))).toEqual([1]);
    expect(await apply()).toEqual([2]);
    expect(await apply()).toEqual([]);
    expect(await applied()).toEqual([
      { number: 1, name: 'things' },
      { number: 2, name: 'thing names' },
    ]);
    expect(await opened.database.query('SELECT * FROM perennial_spec.things')).toEqual([{ id: 1, name: 'one' }]);
  });

  it('leaves nothing of a step that fails, nor of those before it', async () => {
    const broken = { number: 3, name: 'broken', sql: 'CREATE TABLE perennial_spec.others (id nothing)' };
    await expect(apply([...STEPS, broken])).rejects.toMatchObject({ code: '42704' });
    expect(await opened.database.query(`SELECT to_regnamespace('perennial_spec') IS NULL AS gone`)).toEqual([
      { gone: true },
    ]);
    expect(await apply()).toEqual([1, 2]);
  });

  it('applies each step once when several start together', async () => {
    const numbers = await Promise.all([apply(), apply(), apply()]);
    expect(numbers.flat().sort()).toEqual([1, 2]);
  });

  it('recognises the table of an earlier release, which kept numbers alone', async () => {
    await opened.database.exec(`
      CREATE SCHEMA perennial_spec;
      CREATE TABLE perennial_spec.steps (number int PRIMARY KEY, applied_at timestamptz(3) NOT NULL DEFAULT now());
      ${STEPS[0]?.sql ?? ''};
      INSERT INTO perennial_spec.steps (number) VALUES (1);`);
    expect(await apply(STEPS, 'steps')).toEqual([2]);
    expect(await applied('steps')).toEqual([
      { number: 1, name: '' },
      { number: 2, name: 'thing names' },
    ]);
  });
});
