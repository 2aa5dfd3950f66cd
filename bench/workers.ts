import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openSqliteLog } from '#event-log';
import { SYSTEM_CLOCK } from '#platform';
import { openDatabase, type Database } from '#database';
import { Projector } from '#projections';
import { requestFrom, nextMessage, startProgram, stopProgram } from './measuring/children.js';
import { openFolder, simulateInto } from './measuring/simulated-log.js';
import { perSecond, percent, report, seconds } from './measuring/table.js';
import type { Usage } from './measuring/usage.js';

/**
 * Folding dirty customers with 1, 2 and 4 processes that claim them from one PostgreSQL: how much faster two or four are than
 * one, and which share of the machine's cores each side uses. One process indexes first, and marks customers dirty; then only folding
 * is timed. The digest must be the same each time.
 *
 *     npm run bench -- workers --postgres postgres://… [--customers 4000]
 */
const { values: options } = parseArgs({
  options: { postgres: { type: 'string' }, customers: { type: 'string', default: '4000' } },
});
if (options.postgres === undefined) throw new Error('Give the address of an empty database: --postgres postgres://…');
const url = options.postgres;

interface Measured {
  readonly workers: number;
  readonly elapsedMs: number;
  /** Processor time of all workers together. */
  readonly cpuMs: number;
  readonly digest: string;
}

const folder = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
const file = join(folder, 'log.db');
const database = await openDatabase({ kind: 'postgres', url });
try {
  const data = await openFolder(folder);
  const touchpoints = await simulateInto(data, Number(options.customers));
  await data.close();
  console.error(`${touchpoints} touchpoints`);
  const log = await openSqliteLog({ file, writing: 'here' });
  let dirty = 0;
  const measured: Measured[] = [];
  for (const workers of [1, 2, 4, 1]) {
    await wipe(database);
    const indexer = await Projector.open({ database, log, clock: SYSTEM_CLOCK, role: 'indexer', buildFrom: Infinity });
    indexer.start();
    while ((await indexer.status()).lag > 0) await sleep(100);
    await indexer.stop();
    dirty = (await indexer.status()).dirty;
    measured.push(await fold(workers, indexer));
    console.error(JSON.stringify(measured.at(-1)));
  }
  await log.close();
  const digests = new Set(measured.map(({ digest }) => digest));
  if (digests.size !== 1) throw new Error(`The digests differ: ${[...digests].join(', ')}`);
  // The first round warms the server up: the last one is the comparison.
  const one = measured.at(-1)?.elapsedMs ?? NaN;
  report(
    `Folding ${dirty.toLocaleString('en')} dirty customers of ${touchpoints.toLocaleString('en')} touchpoints from SQLite into PostgreSQL; ` +
      `${availableParallelism()} cores, Node ${process.version}. Equal digests: ${[...digests].join()}`,
    measured.slice(1).map(({ workers, elapsedMs, cpuMs }) => ({
      what: `${workers} folding`,
      raw: `workers use ${percent(cpuMs / elapsedMs / availableParallelism())} of the cores`,
      ours: `${seconds(elapsedMs)} (${perSecond(touchpoints, elapsedMs)})`,
      ratio: (one / elapsedMs).toFixed(2),
      goal: '(to know)',
    })),
    [
      'The server and the workers share the cores of this machine: more workers can gain only the share that one worker leaves unused.',
      'On machines of their own, workers share only the server: its processor time per customer, and the sums that they update.',
    ],
  );
} finally {
  await database.close();
  rmSync(folder, { recursive: true, force: true });
}

async function fold(workers: number, indexer: Projector): Promise<Measured> {
  const children = await Promise.all(
    Array.from({ length: workers }, async () => {
      const child = startProgram('bench/processes/worker', { POSTGRES_URL: url, LOG_FILE: file });
      await nextMessage(child);
      return child;
    }),
  );
  const used = async (): Promise<number> => {
    const usages = await Promise.all(children.map((child) => requestFrom<Usage>(child, 'usage')));
    return usages.reduce((sum, usage) => sum + usage.cpuMs, 0);
  };
  const before = await used();
  const begun = performance.now();
  for (const child of children) child.send('go');
  while ((await indexer.status()).dirty > 0) await sleep(20);
  const elapsedMs = performance.now() - begun;
  const cpuMs = (await used()) - before;
  await Promise.all(children.map(stopProgram));
  const { overall } = await indexer.digest();
  return { workers, elapsedMs, cpuMs, digest: overall };
}

/** Empties the database: each round begins as the first did. */
async function wipe(on: Database): Promise<void> {
  const schemas = await on.query<{ name: string }>(
    `SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'perennial%' OR nspname LIKE 'rm\\_%'`,
  );
  for (const { name } of schemas) await on.exec(`DROP SCHEMA IF EXISTS ${name} CASCADE`);
}
