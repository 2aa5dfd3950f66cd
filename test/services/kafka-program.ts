import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { freePort } from './port.js';

export const KAFKA_VERSION = '4.1.0';

/** The same broker at another port, which asks for TLS and a login: SASL PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
export interface SecuredAddress {
  readonly brokers: readonly string[];
  /** The authority of its certificate, PEM. */
  readonly ca: string;
  readonly username: string;
  readonly password: string;
}

/** A broker as it was started. */
export interface RunningBroker {
  readonly brokers: readonly string[];
  /** Where it has such a port. */
  readonly secured?: SecuredAddress;
  alive(): boolean;
  halt?(how: 'shutdown' | 'crash'): Promise<void>;
  start?(): Promise<void>;
  remove(): Promise<void>;
}

/** The jars are kept between runs, beside the other caches of what is installed; nothing of them is in the repository. */
const ROOT = resolve(import.meta.dirname, import.meta.url.endsWith('.ts') ? '../..' : '../../..');
const CACHE = process.env['PERENNIAL_TEST_CACHE'] ?? join(ROOT, 'node_modules/.cache');
const JARS = join(CACHE, `perennial-kafka/${KAFKA_VERSION}`);

const FAILURE = `${JARS}.failed`;
const FAILURE_MS = 10 * 60_000;

/** Why a broker cannot be run as a program here; null where it can. */
export function missingProgram(): string | null {
  if (!onPath('java')) return 'no java on this machine';
  if (!existsSync(JARS) && !onPath('mvn')) return 'no mvn on this machine to fetch the jars with';
  return null;
}

/** Fetches the jars where they are not here yet. Returns why they cannot be had; null where they can. */
export async function missingJars(): Promise<string | null> {
  if (existsSync(JARS)) return null;
  const known = await recentFailure();
  if (known !== null) return known;
  try {
    await fetchedJars();
    return null;
  } catch (error) {
    const { stdout = '', message } = error as { readonly stdout?: string; readonly message: string };
    const said = /\[ERROR\] (?:.*?: )?(Could not (?:transfer|resolve|find)[^\n(]*)/.exec(stdout)?.[1] ?? message;
    const reason = `mvn cannot fetch the jars: ${said.replace(/[()]/g, '').replace(/\s+/g, ' ').trim().slice(0, 200)}`;
    await mkdir(dirname(FAILURE), { recursive: true });
    await writeFile(FAILURE, reason);
    return reason;
  }
}

/** Why another suite could not fetch the jars just now: each suite would wait as long for the same answer. */
async function recentFailure(): Promise<string | null> {
  try {
    const { mtimeMs } = await stat(FAILURE);
    return Date.now() - mtimeMs < FAILURE_MS ? await readFile(FAILURE, 'utf8') : null;
  } catch {
    return null;
  }
}

/**
 * Starts Apache Kafka in one process, broker and controller both (KRaft), on 127.0.0.1, a given or a free port, and a folder of its own. The
 * first start of all fetches its jars with Maven. Nothing in it is meant to outlive the suite.
 */
export async function startKafkaProgram(at?: number): Promise<RunningBroker> {
  const jars = await fetchedJars();
  const folder = await mkdtemp(join(tmpdir(), 'perennial-kafka-'));
  let server: ChildProcess | null = null;
  try {
    const port = at ?? (await freePort());
    const secured = await securedAddress(folder);
    const properties = join(folder, 'server.properties');
    await writeFile(properties, settingsOf(port, await freePort(), folder, secured));
    const classpath = ['-cp', join(jars, '*')];
    // One in sixty-four begins with a dash: as a word of its own it would be taken for an option.
    const cluster = randomBytes(16).toString('base64url');
    const format = ['kafka.tools.StorageTool', 'format', `--cluster-id=${cluster}`, '-c', properties];
    // The user is there before the broker first starts, so that no client without credentials is needed to create it.
    const { username, password } = secured;
    const scram = SCRAM.flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${username},password=${password}]`]);
    execFileSync('java', [...classpath, ...format, ...scram], { stdio: 'ignore', cwd: folder });
    const log = join(folder, 'server.log');
    const start = (): void => {
      // Its own logging goes nowhere without a binding; what Java itself says before it dies is kept.
      server = spawn(
        'sh',
        ['-c', 'exec java "$@" >> server.log 2>&1', 'java', ...HEAP, ...classpath, 'kafka.Kafka', properties],
        { cwd: folder, stdio: 'ignore' },
      );
    };
    start();
    return {
      brokers: [`127.0.0.1:${port}`],
      secured,
      alive: () => server?.exitCode === null && server.signalCode === null,
      halt: (how) => ended(server, how === 'crash' ? 'SIGKILL' : 'SIGTERM'),
      start: () => Promise.resolve(start()),
      remove: async () => {
        await ended(server, 'SIGKILL');
        if (process.env['PERENNIAL_KEEP_KAFKA'] === undefined) await rm(folder, { recursive: true, force: true });
        else console.warn(await readFile(log, 'utf8').catch(() => ''));
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

const HEAP = ['-Xms192m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/** A certificate of its own, made by Java's own tool, and a user. */
async function securedAddress(folder: string): Promise<SecuredAddress> {
  const store = ['-keystore', join(folder, 'keys.p12'), '-storetype', 'PKCS12', '-storepass', STORE_PASSWORD];
  const names = ['-dname', 'CN=localhost', '-ext', 'SAN=dns:localhost,ip:127.0.0.1'];
  const generate = ['-genkeypair', '-alias', 'broker', '-keyalg', 'EC', '-validity', '7', ...names];
  execFileSync('keytool', [...generate, ...store], { stdio: 'ignore' });
  const ca = execFileSync('keytool', ['-exportcert', '-rfc', '-alias', 'broker', ...store], { encoding: 'utf8' });
  return { brokers: [`localhost:${await freePort()}`], ca, username: 'perennial', password: 'of-a-suite' };
}

const SCRAM = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];

const STORE_PASSWORD = 'of-a-suite';

function settingsOf(port: number, controllerPort: number, folder: string, secured: SecuredAddress): string {
  const [address = ''] = secured.brokers;
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
  const settings: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},SECURED://${address},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},SECURED://${address}`,
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:SASL_SSL',
    'listener.name.secured.ssl.keystore.location': join(folder, 'keys.p12'),
    'listener.name.secured.ssl.keystore.type': 'PKCS12',
    'listener.name.secured.ssl.keystore.password': STORE_PASSWORD,
    'listener.name.secured.sasl.enabled.mechanisms': ['PLAIN', ...SCRAM].join(','),
    'listener.name.secured.plain.sasl.jaas.config': `${login} user_${secured.username}="${secured.password}";`,
    ...Object.fromEntries(
      SCRAM.map((mechanism) => [
        `listener.name.secured.${mechanism.toLowerCase()}.sasl.jaas.config`,
        'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      ]),
    ),
    'log.dirs': join(folder, 'data'),
    // A topic that no test created is a mistake in a test, and must show as one.
    'auto.create.topics.enable': false,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** The folder of the jars; fetched into a folder beside it and moved, so that suites that start together see all of it or nothing. */
async function fetchedJars(): Promise<string> {
  if (existsSync(JARS)) return JARS;
  const making = `${JARS}.${process.pid}`;
  await mkdir(making, { recursive: true });
  try {
    const pom = join(making, 'pom.xml');
    await writeFile(pom, POM);
    const goals = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${making}`];
    execFileSync('mvn', ['-q', '-B', '-Dstyle.color=never', '-f', pom, ...goals], {
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    });
    await rm(pom);
    await rename(making, JARS).catch(async (error: unknown) => {
      if (!existsSync(JARS)) throw error;
    });
    return JARS;
  } finally {
    await rm(making, { recursive: true, force: true });
  }
}

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>perennial</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
  </dependencies>
</project>
`;

async function ended(server: ChildProcess | null, signal: NodeJS.Signals): Promise<void> {
  if (server === null || server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill(signal);
  await gone;
}

function onPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}
