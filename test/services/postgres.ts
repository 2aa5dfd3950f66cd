import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { findContainerEngine } from './engine.js';
import { noteServer, type Origin } from './ledger.js';
import { imageFor, startContainer } from './postgres-container.js';
import { installedPrograms, startProgram } from './postgres-program.js';

/** A PostgreSQL server for a suite. */
export interface TestPostgres {
  /** Address of an empty database; its user may do anything there. */
  readonly url: string;
  /** As the server tells it, such as `15.18`. */
  readonly version: string;
  /** Takes the server away and brings it back, on the same address; null where it is not ours to stop. */
  readonly outage: Outage | null;
  stop(): Promise<void>;
}

/** The server's own going and coming. */
export interface Outage {
  /** Ends the server: `crash` without a checkpoint, so that it must recover. */
  halt(how: 'shutdown' | 'crash'): Promise<void>;
  /** Starts it again and waits until it answers. */
  restart(): Promise<void>;
}

/** A server as it was started. */
export interface RunningServer {
  readonly url: string;
  alive(): boolean;
  halt?(how: 'shutdown' | 'crash'): Promise<void>;
  start?(): Promise<void>;
  remove(): Promise<void>;
}

/** A version of PostgreSQL that suites run on, and whether it can be had here. */
export interface PostgresOffer {
  /** For titles: `PostgreSQL 15`. */
  readonly name: string;
  readonly major: number;
  /** Why it cannot be had here; null when it can. For titles: `(skipped: …)`. */
  readonly missing: string | null;
  /** Whether it is started for the suite alone: then the suite may stop it, and change how it lets people in. */
  readonly ours: boolean;
  /** Starts one, with an empty database; at an address given, a database of its own is made there. */
  start(): Promise<TestPostgres>;
}

/** The oldest and the newest version that the engine works on: suites run on both. */
const MAJORS = [18, 15];

/** Found once, when a suite that needs a server is loaded: so that suites that cannot run are skipped and counted as such. */
export const POSTGRES_OFFERS: readonly PostgresOffer[] = await findOffers();

/** For suites that any version will do for: the newest that can be had here; one that tells why not when none can. */
export function anyPostgres(): PostgresOffer {
  const offer = POSTGRES_OFFERS.find(({ missing }) => missing === null) ?? POSTGRES_OFFERS[0];
  if (offer === undefined) throw new Error('No version is looked for.');
  return offer;
}

/** One in a container, whatever else there is; it tells why not where no Docker engine answers or no image is there. */
export async function containedPostgres(): Promise<PostgresOffer> {
  const engine = await findContainerEngine();
  for (const major of engine === null ? [] : MAJORS) {
    const name = `PostgreSQL ${major}`;
    const image = engine === null ? null : imageFor(major, engine);
    if (image === null) continue;
    const start = async () => serve(name, 'container', image, await startContainer(image));
    return { name, major, missing: null, ours: true, start };
  }
  const missing = `no container: ${engine === null ? 'no Docker engine answers' : 'no image of PostgreSQL is there'}`;
  console.warn(`SKIPPED ${missing}.`);
  return { name: 'PostgreSQL', major: 0, missing, ours: false, start: () => Promise.reject(new Error(missing)) };
}

/**
 * Looks for a server of each version, in this order: an address in the environment (TEST_POSTGRES_URL, or several of them with
 * commas between), a container where a Docker engine answers and has an image, a program on this machine. With TEST_POSTGRES_PREFER=program
 * a program goes before a container.
 */
async function findOffers(): Promise<PostgresOffer[]> {
  const given = await Promise.all(
    (process.env['TEST_POSTGRES_URL'] ?? '')
      .split(',')
      .map((url) => url.trim())
      .filter((url) => url !== '')
      .map(async (url) => ({ url, major: Math.floor(Number((await versionAt(url)).number) / 10_000) })),
  );
  const engine = await findContainerEngine();
  const programs = await installedPrograms();
  const majors = [...new Set([...given.map(({ major }) => major), ...MAJORS])];
  return majors.map((major) => {
    const name = `PostgreSQL ${major}`;
    const offer = (start: PostgresOffer['start'], ours = true): PostgresOffer => ({
      ...{ name, major, missing: null, ours, start },
    });
    const address = given.find((one) => one.major === major);
    if (address !== undefined) return offer(() => databaseAt(name, address.url), false);
    const program = programs.find((one) => one.major === major);
    const image = engine === null ? null : imageFor(major, engine);
    const isProgramPreferred = process.env['TEST_POSTGRES_PREFER'] === 'program' && program !== undefined;
    if (image !== null && !isProgramPreferred)
      return offer(async () => serve(name, 'container', image, await startContainer(image)));
    if (program !== undefined)
      return offer(async () => serve(name, 'program', program.what, await startProgram(program)));
    const missing = `no ${name}: no address in TEST_POSTGRES_URL, no image for a container, no program on this machine`;
    console.warn(`SKIPPED ${missing}.`);
    return { name, major, missing, ours: false, start: () => Promise.reject(new Error(missing)) };
  });
}

/** Waits until a server that was just started answers, and hands it over. */
async function serve(name: string, origin: Origin, what: string, server: RunningServer): Promise<TestPostgres> {
  try {
    const version = (await untilReady(server)).text;
    noteServer({ service: name, origin, version, what });
    const { halt, start } = server;
    return {
      url: server.url,
      version,
      outage:
        halt === undefined || start === undefined
          ? null
          : {
              halt,
              restart: () =>
                start()
                  .then(() => untilReady(server))
                  .then(() => undefined),
            },
      stop: () => server.remove(),
    };
  } catch (error) {
    await server.remove();
    throw error;
  }
}

/** A database of its own on a server that is there already. */
async function databaseAt(name: string, url: string): Promise<TestPostgres> {
  const database = `perennial_test_${process.pid}_${Date.now()}`;
  await runQuery(url, `CREATE DATABASE ${database}`);
  const own = new URL(url);
  own.pathname = `/${database}`;
  const { text } = await versionAt(url);
  noteServer({ service: name, origin: 'address', version: text, what: own.host });
  return {
    url: own.href,
    version: text,
    outage: null,
    stop: async () => {
      await runQuery(url, `DROP DATABASE ${database} WITH (FORCE)`);
    },
  };
}

async function runQuery(url: string, sql: string): Promise<Record<string, string>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Record<string, string>>(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function versionAt(url: string): Promise<{ number: string; text: string }> {
  const [row] = await runQuery(
    url,
    `SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS text`,
  );
  // Debian adds its own: "15.18 (Debian 15.18-0+deb12u1)".
  return { number: row?.['number'] ?? '0', text: (row?.['text'] ?? '').split(' ')[0] ?? '' };
}

async function untilReady(server: RunningServer): Promise<{ text: string }> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (!server.alive()) throw new Error('PostgreSQL ended as soon as it was started.');
    try {
      return await versionAt(server.url);
    } catch {
      await sleep(100);
    }
  }
  throw new Error('PostgreSQL was started and did not answer within 30 s.');
}
