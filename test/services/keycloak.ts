import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './port.js';

const VERSION = '26.0.7';
/** Unpacked and built once, beside the other caches of what is installed; nothing of it is in the repository. */
const CACHE = process.env['PERENNIAL_TEST_CACHE'] ?? resolve(import.meta.dirname, '../../node_modules/.cache');
const HOME = join(CACHE, `perennial-keycloak/${VERSION}`);
const REALM = join(import.meta.dirname, 'keycloak-realm.json');
const UP_WITHIN_MS = 240_000;

/** A Keycloak with the realm `shop` of keycloak-realm.json. */
export interface TestKeycloak {
  /** The issuer: the address of the realm. */
  readonly issuer: string;
  stop(): Promise<void>;
}

/** Why a Keycloak cannot be had here; null where it can. For titles: `(skipped: …)`. The first call of all fetches it with Maven. */
export async function missingKeycloak(): Promise<string | null> {
  const missing = onPath('java') ? await missingProgram() : 'no java on this machine';
  if (missing === null) return null;
  const reason = `no Keycloak: ${missing}`;
  console.warn(`SKIPPED ${reason}.`);
  return reason;
}

async function missingProgram(): Promise<string | null> {
  if (existsSync(HOME)) return null;
  if (!onPath('mvn')) return 'no mvn on this machine to fetch it with';
  const making = `${HOME}.${process.pid}`;
  await mkdir(making, { recursive: true });
  try {
    const artifact = `-Dartifact=org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`;
    // Maven leaves its marks in the folder that it runs in.
    mvn(making, 'dependency:unpack', artifact, `-DoutputDirectory=${making}`);
    const unpacked = join(making, `keycloak-${VERSION}`);
    execFileSync('bash', [join(unpacked, 'bin/kc.sh'), 'build', '--db=dev-mem'], {
      stdio: 'ignore',
      env: environment(),
    });
    await rename(unpacked, HOME).catch((error: unknown) => {
      if (!existsSync(HOME)) throw error;
    });
    return null;
  } catch (error) {
    const { stdout = '', message } = error as { readonly stdout?: string; readonly message: string };
    const said = /\[ERROR\] (?:.*?: )?(Could not (?:transfer|resolve|find)[^\n(]*)/.exec(stdout)?.[1] ?? message;
    return `it cannot be fetched: ${said.replace(/[()]/g, '').replace(/\s+/g, ' ').trim().slice(0, 200)}`;
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

const mvn = (cwd: string, ...goals: readonly string[]): string =>
  execFileSync('mvn', ['-q', '-B', '-Dstyle.color=never', ...goals], {
    cwd,
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
  });

/** Starts a Keycloak on 127.0.0.1, on a free port and in a folder of its own, for an engine at this address. */
export async function startKeycloak(engine: string): Promise<TestKeycloak> {
  const folder = await mkdtemp(join(tmpdir(), 'perennial-keycloak-'));
  const home = join(folder, 'keycloak');
  await cp(HOME, home, { recursive: true });
  await mkdir(join(home, 'data/import'), { recursive: true });
  await writeFile(join(home, 'data/import/shop-realm.json'), readFileSync(REALM, 'utf8').replaceAll('ENGINE', engine));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const options = [
    '--http-enabled=true',
    '--http-host=127.0.0.1',
    `--http-port=${port}`,
    `--hostname=${url}`,
    '--cache=local',
  ];
  const server = spawn('bash', [join(home, 'bin/kc.sh'), 'start', '--optimized', '--import-realm', ...options], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    // kc.sh may start Java as a child: the whole group is ended.
    detached: true,
  });
  let printed = '';
  for (const stream of [server.stdout, server.stderr])
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const stop = async (): Promise<void> => {
    await ended(server);
    await rm(folder, { recursive: true, force: true });
  };
  const issuer = `${url}/realms/shop`;
  for (const until = Date.now() + UP_WITHIN_MS; ; await sleep(500)) {
    const isUp = await fetch(`${issuer}/.well-known/openid-configuration`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return { issuer, stop };
    if (server.exitCode === null && Date.now() < until) continue;
    await stop();
    throw new Error(`Keycloak did not start:\n${printed}`);
  }
}

const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1 -Xmx512m',
});

async function ended(server: ChildProcess): Promise<void> {
  if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once('exit', resolve));
  process.kill(-server.pid, 'SIGKILL');
  await gone;
}

function onPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}
