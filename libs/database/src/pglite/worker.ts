/**
 * The thread of PGlite, which blocks its event loop while it works. Requests are answered in the order in which they come;
 * the other side decides their order.
 */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { PGlite } from '@electric-sql/pglite';
import { parentPort, workerData } from 'node:worker_threads';
import { emptyDatabase, unpack } from './empty-database.js';
import { failureOf } from './failure.js';
import { PgliteSession, type Step } from './session.js';
import { mustHaveRoom, mustHaveRoomForNew, roomNeeded } from './disk-space.js';
import { PARSERS } from '../values.js';
import type { Answer } from '#platform/threads';

export type Request =
  /** `whole`: they are a transaction, which ends with them. */
  | { readonly no: number; readonly op: 'run'; readonly steps: readonly Step[]; readonly whole?: true }
  | { readonly no: number; readonly op: 'close' };

const port = parentPort;
if (port === null) throw new Error('This file is the body of a worker thread.');

// A function of PGlite is made fast (by a second compiler, on every core) after so much work of its own. The default is so little
// that a start does it to hundreds of functions, a second of work for a command that takes one; those that matter get there all the same.
setFlagsFromString('--wasm-tiering-budget=20000000');

const { folder } = workerData as { folder: string | null };

/**
 * A new database is some seconds in the making, file by file, and one that was left half made would be taken for a whole one. So
 * a mark stands beside it in the meantime: where one is found, nothing was stored yet, and the database is made again.
 */
async function create(dataDir: string): Promise<PGlite> {
  const unfinished = `${dataDir}.unfinished`;
  if (existsSync(unfinished)) rmSync(dataDir, { recursive: true, force: true });
  const made = existsSync(join(dataDir, 'PG_VERSION'));
  if (!made) {
    mustHaveRoomForNew(dirname(dataDir));
    writeFileSync(unfinished, '');
  }
  const empty = made ? null : emptyDatabase();
  if (empty !== null) unpack(empty, dataDir);
  const pg = await PGlite.create({ dataDir, parsers: { ...PARSERS } });
  if (!made) rmSync(unfinished);
  return pg;
}

function createInMemory(): Promise<PGlite> {
  const empty = emptyDatabase();
  return PGlite.create({ parsers: { ...PARSERS }, ...(empty === null ? {} : { loadDataDir: new Blob([empty]) }) });
}

async function open(): Promise<{ pg: PGlite; session: PgliteSession }> {
  const pg = await (folder === null ? createInMemory() : create(folder));
  // Plans are bought by the millisecond here: no just-in-time compiler, and counting a table reads a tenth of what it
  // would. No other time zone than UTC.
  await pg.exec("SET TIME ZONE 'UTC'; SET jit = off; SET default_statistics_target = 10;");
  return { pg, session: new PgliteSession(pg) };
}

const opened = open();
// Each request is answered with the reason why it did not open.
opened.catch(() => undefined);

const run = (session: PgliteSession, steps: readonly Step[]) => session.run(steps);

async function runWhole(session: PgliteSession, steps: readonly Step[]): Promise<Record<string, unknown>[][]> {
  try {
    const results = await session.run([{ sql: 'BEGIN', params: [] }, ...steps, { sql: 'COMMIT', params: [] }]);
    return results.slice(1, -1);
  } catch (error) {
    await session.run([{ sql: 'ROLLBACK', params: [] }]).catch(() => undefined);
    throw error;
  }
}

async function answer(request: Request): Promise<Answer<Record<string, unknown>[][]>> {
  try {
    const { pg, session } = await opened;
    switch (request.op) {
      case 'run':
        mustHaveRoom(folder, roomNeeded(request.steps));
        return { no: request.no, value: await (request.whole === true ? runWhole : run)(session, request.steps) };
      case 'close':
        await pg.close();
        return { no: request.no, value: [] };
    }
  } catch (error) {
    return { no: request.no, failure: failureOf(error) };
  }
}

let queue: Promise<void> = Promise.resolve();
port.on('message', (request: Request) => {
  queue = queue.then(async () => {
    port.postMessage([await answer(request)]);
  });
});
