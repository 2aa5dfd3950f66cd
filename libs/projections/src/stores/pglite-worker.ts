/**
 * The thread in which PGlite lives: it stalls its event loop while it works, so it gets one of its own.
 * Requests are answered in the order in which they come; who may ask when is decided on the other side.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { gunzipSync } from 'node:zlib';
import { PGlite } from '@electric-sql/pglite';
import { parentPort, workerData } from 'node:worker_threads';
import { PgliteSession, type Step } from './pglite-session.js';
import { PARSERS } from './values.js';

export type Request =
  | { readonly id: number; readonly op: 'run'; readonly steps: readonly Step[] }
  | { readonly id: number; readonly op: 'close' };

export type Answer =
  /** The rows of each step. */
  | { readonly id: number; readonly results: Record<string, unknown>[][] }
  | { readonly id: number; readonly error: { readonly message: string; readonly code: string } };

const port = parentPort;
if (port === null) throw new Error('This file is the body of a worker thread.');

// A function of PGlite is made fast (by a second compiler, on every core) after so much work of its own. The default is so little
// that a start does it to hundreds of functions, a second of work for a command that takes one; those that matter get there all the same.
setFlagsFromString('--wasm-tiering-budget=100000000');

const { folder } = workerData as { folder: string | null };

/** The empty database that the build made, where there is one: to make a new one takes some seconds, to unpack it a few tenths. */
function fromTemplate(): { readonly loadDataDir?: Blob } {
  const itself = new URL('../package.json', import.meta.resolve('@electric-sql/pglite'));
  const { version } = JSON.parse(readFileSync(itself, 'utf8')) as { version: string };
  // From dist/libs/projections/src/stores, or from the source.
  const upwards = import.meta.url.endsWith('.ts') ? '../../../../dist/' : '../../../../';
  const file = fileURLToPath(new URL(`${upwards}pglite-${version}.tar.gz`, import.meta.url));
  return existsSync(file) ? { loadDataDir: new Blob([gunzipSync(readFileSync(file))]) } : {};
}

/**
 * A new database is some seconds in the making, file by file, and one that was left half made would be taken for a whole one. So
 * a mark stands beside it meanwhile: where one is found, nobody has put anything in yet, and it is made anew.
 */
async function create(dataDir: string): Promise<PGlite> {
  const unfinished = `${dataDir}.unfinished`;
  if (existsSync(unfinished)) rmSync(dataDir, { recursive: true, force: true });
  const made = existsSync(join(dataDir, 'PG_VERSION'));
  if (!made) writeFileSync(unfinished, '');
  const pg = await PGlite.create({ dataDir, parsers: { ...PARSERS }, ...(made ? {} : fromTemplate()) });
  if (!made) rmSync(unfinished);
  return pg;
}

async function open(): Promise<{ pg: PGlite; session: PgliteSession }> {
  const pg = await (folder === null ? PGlite.create({ parsers: { ...PARSERS }, ...fromTemplate() }) : create(folder));
  // Plans are bought by the millisecond here: no just-in-time compiler, and counting a table reads a tenth of what it
  // would. No other time zone than UTC.
  await pg.exec("SET TIME ZONE 'UTC'; SET jit = off; SET default_statistics_target = 10;");
  return { pg, session: new PgliteSession(pg) };
}

const opened = open();

async function answer(request: Request): Promise<Answer> {
  try {
    const { pg, session } = await opened;
    switch (request.op) {
      case 'run':
        return { id: request.id, results: await session.run(request.steps) };
      case 'close':
        await pg.close();
        return { id: request.id, results: [] };
    }
  } catch (error) {
    const { message, code } = error as { message?: string; code?: string };
    return { id: request.id, error: { message: message ?? String(error), code: code ?? '' } };
  }
}

let line: Promise<void> = Promise.resolve();
port.on('message', (request: Request) => {
  line = line.then(async () => {
    port.postMessage(await answer(request));
  });
});
