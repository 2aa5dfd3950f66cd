/**
 * A projector in a process of its own, which stops in the middle of a page while it holds the indexer's lock, and prints HOLDING. A spec
 * kills or freezes it. Arguments: the address of the database, the seed of the world, the clock.
 */
import { memoryLog } from '#testing';
import type { Database, Transaction } from '#database';
import { Projector } from '../processor/projector.js';
import { openDatabase } from '#database';
import { appendAll } from './touchpoints.js';
import { world } from './world.js';

const [url = '', seed = '1', at = '0', idleMs = '60000'] = process.argv.slice(2);
const clock = { now: () => Number(at) };
const log = memoryLog({ clock });
await appendAll(log, world(Number(seed)));

const real = await openDatabase({ kind: 'postgres', url, idleInTransactionTimeoutMs: Number(idleMs) });
const stopping: Database = {
  kind: real.kind,
  query: (sql, params) => real.query(sql, params),
  exec: (sql) => real.exec(sql),
  batch: (steps) => real.batch(steps),
  copyIn: (table, columns, rows) => real.copyIn(table, columns, rows),
  close: () => real.close(),
  transaction: (work, options) => real.transaction((tx) => work(stopsAtTheCheckpoint(tx)), options),
};
const projector = await Projector.open({ database: stopping, log, clock, pageSize: 50 });
await projector.catchUp();

function stopsAtTheCheckpoint(tx: Transaction): Transaction {
  const hold = (): Promise<never> => {
    process.stdout.write('HOLDING\n');
    return new Promise(() => setInterval(() => undefined, 60_000));
  };
  const stops = (sql: string): boolean => sql.startsWith('UPDATE checkpoint SET position');
  return {
    exec: (sql) => tx.exec(sql),
    copyIn: (table, columns, rows) => tx.copyIn(table, columns, rows),
    query: async (sql, params) => {
      const rows = await tx.query<never>(sql, params);
      return stops(sql) ? hold() : rows;
    },
    batch: async (steps) => {
      const results = await tx.batch(steps);
      return steps.some((step) => 'sql' in step && stops(step.sql)) ? hold() : results;
    },
  };
}
