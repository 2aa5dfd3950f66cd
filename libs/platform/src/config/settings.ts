import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { KafkaPlace } from '../channels/kafka/place.js';

/** One setting: the environment variable, what it means, its default, and how its text becomes a value. */
export interface Setting<T> {
  readonly name: string;
  /** As the reader of the table sees it, with the unit where there is one. */
  readonly meaning: string;
  /** The text that stands for an absent variable. */
  readonly byDefault: string;
  /** Gives the value, or throws `Misfit` with what is wrong and how to fix it. */
  readonly read: (text: string) => T;
}

/** What is wrong with the text of a setting, and how to fix it. */
export class Misfit extends Error {
  constructor(
    readonly reason: string,
    readonly hint: string,
  ) {
    super(reason);
  }
}

const text = (value: string): string => {
  if (value.trim() === '') throw new Misfit('is empty', 'give it a value, or unset it to take the default');
  return value.trim();
};

const whole =
  (from: number, to: number) =>
  (value: string): number => {
    const number = /^\d{1,15}$/.test(value.trim()) ? Number(value) : NaN;
    if (!(number >= from && number <= to))
      throw new Misfit(`is "${value}"`, `give a whole number from ${from} to ${to}`);
    return number;
  };

const oneOf =
  <T extends string>(...choices: readonly T[]) =>
  (value: string): T => {
    const choice = choices.find((each) => each === value.trim().toLowerCase());
    if (choice === undefined) throw new Misfit(`is "${value}"`, `give one of: ${choices.join(', ')}`);
    return choice;
  };

/** Where the event log is. */
export type LogPlace = { readonly kind: 'sqlite' } | { readonly kind: 'eventstore'; readonly url: string };

// An address may hold a password: what is wrong with it is told without repeating it.
function logPlace(value: string): LogPlace {
  const place = value.trim();
  if (place.toLowerCase() === 'sqlite') return { kind: 'sqlite' };
  if (/^(?:esdb|kurrentdb)(?:\+discover)?:\/\/[^/]/.test(place)) return { kind: 'eventstore', url: place };
  throw new Misfit(
    'is no place of a log',
    'give sqlite, or an address such as esdb://user:password@host:2113?tls=true',
  );
}

/** The address of a PostgreSQL database, or null for the embedded store that goes by this name. */
const postgresOr =
  (embedded: string) =>
  (value: string): string | null => {
    const place = value.trim();
    if (place.toLowerCase() === embedded) return null;
    const url = URL.canParse(place) ? new URL(place) : null;
    if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol) || url.pathname.length < 2)
      throw new Misfit(
        'is no address of a PostgreSQL database',
        `give ${embedded}, or an address such as postgres://user:password@host:5432/database`,
      );
    return place;
  };

/** The 32 bytes of the hash key, or null where the key store keeps its own. */
function hashKey(value: string): Uint8Array | null {
  const given = value.trim();
  if (given.toLowerCase() === 'own') return null;
  const hex = given.startsWith('file:') ? contentOf(given) : given;
  if (!/^[0-9a-f]{64}$/i.test(hex))
    throw new Misfit('is no key', 'give own, 64 hex characters (32 bytes of chance), or file: and a path');
  return Buffer.from(hex, 'hex');
}

/** `host:port`, with commas between several, or null. */
function brokers(value: string): readonly string[] | null {
  if (value.trim().toLowerCase() === 'off') return null;
  const list = value.split(',').map((broker) => broker.trim());
  if (!list.every((broker) => /^(?:\[[0-9a-f:]+\]|[^\s:/]+):\d{1,5}$/i.test(broker)))
    throw new Misfit('is no list of brokers', 'give off, or host:port, with commas between several');
  return list;
}

const words = (value: string): readonly string[] =>
  text(value)
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/** Null for a connection in the clear; with the authority of a file, or with those that Node knows. */
function kafkaTls(value: string): { readonly ca: string | null } | null {
  const given = value.trim();
  if (given.toLowerCase() === 'off') return null;
  if (given.toLowerCase() === 'on') return { ca: null };
  if (given.startsWith('file:')) return { ca: contentOf(given) };
  throw new Misfit('says neither', 'give off, on, or file: and the path of the authority’s certificates (PEM)');
}

/** Who we are to the brokers. It holds a secret: what is wrong with it is told without repeating it. */
function kafkaSasl(value: string): KafkaPlace['sasl'] {
  const given = value.trim();
  if (given.toLowerCase() === 'none') return null;
  const [, mechanism, username, password] =
    /^(plain|scram-sha-256|scram-sha-512):([^:]+):(.+)$/i.exec(given.startsWith('file:') ? contentOf(given) : given) ??
    [];
  if (mechanism === undefined || username === undefined || password === undefined)
    throw new Misfit(
      'is no login',
      'give none, plain:USER:PASSWORD, scram-sha-256:USER:PASSWORD, scram-sha-512:USER:PASSWORD, or file: and the path of a file that holds it',
    );
  return { mechanism: mechanism.toLowerCase() as NonNullable<KafkaPlace['sasl']>['mechanism'], username, password };
}

/** A JSON document in a file, or null. */
function jsonFile(value: string): unknown {
  const given = value.trim();
  if (given.toLowerCase() === 'none') return null;
  const content = contentOf(`file:${given}`);
  try {
    return JSON.parse(content) as unknown;
  } catch {
    throw new Misfit('names a file that is not JSON', 'fix the file');
  }
}

function contentOf(given: string): string {
  try {
    return readFileSync(given.slice('file:'.length), 'utf8').trim();
  } catch (error) {
    throw new Misfit(
      `names a file that cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`,
      'give the path of a file that this user may read',
    );
  }
}

/** Names, addresses and blocks of addresses, and the words for whole worlds of them. */
function webhookHosts(value: string): readonly string[] {
  const list = words(value).map((word) => word.toLowerCase());
  const isBlock = (word: string): boolean => {
    const [address = '', prefix = '0', ...more] = word.split('/');
    const family = isIP(address);
    return family !== 0 && more.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
  };
  if (!list.every((word) => isBlock(word) || /^(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?$/.test(word)))
    throw new Misfit(
      'is no list of hosts',
      'give none, or public, loopback, names, addresses or CIDR blocks, with commas between several',
    );
  return list;
}

const port = (byDefault: number, name: string, meaning: string): Setting<number> => ({
  name,
  meaning,
  byDefault: String(byDefault),
  read: whole(0, 65_535),
});

const MEGABYTE = 1024 * 1024;

/** Every setting there is. README's table is this one. */
export const SETTINGS = {
  port: {
    name: 'PORT',
    meaning: 'Port of the engine in one process (standalone); 0 takes a free one',
    byDefault: '3000',
    read: whole(0, 65_535),
  },
  host: {
    name: 'HOST',
    meaning: 'Address the HTTP server binds; keep it local unless something in front of it speaks TLS',
    byDefault: '127.0.0.1',
    read: text,
  },
  dataDir: {
    name: 'DATA_DIR',
    meaning: 'Folder of the log, the keys and the read models, where these are embedded; one process owns it',
    byDefault: './data',
    read: text,
  },
  eventLog: {
    name: 'EVENT_LOG',
    meaning:
      'Where the event log is: sqlite (the file log.db in DATA_DIR, which has one owner), or the esdb:// address of an EventStoreDB, with #NAME at its end where several logs lie there',
    byDefault: 'sqlite',
    read: logPlace,
  },
  postgresUrl: {
    name: 'POSTGRES_URL',
    meaning:
      'Where the read models are: embedded (PGlite in DATA_DIR, which has one owner), or the postgres:// address of a database',
    byDefault: 'embedded',
    read: postgresOr('embedded'),
  },
  keysUrl: {
    name: 'KEYS_URL',
    meaning:
      'Where the keys are: sqlite (the file keys.db in DATA_DIR, which has one owner), or the postgres:// address of a database, with a role that has nothing to do with the read models',
    byDefault: 'sqlite',
    read: postgresOr('sqlite'),
  },
  hashKey: {
    name: 'HASH_KEY',
    meaning:
      'The key that names subjects: own (made once and kept with the keys), 64 hex characters, or file: and the path of a file that holds them. It never changes: a start with another is refused',
    byDefault: 'own',
    read: hashKey,
  },
  projectorRole: {
    name: 'PROJECTOR_ROLE',
    meaning:
      'What a projector does: indexer (follows the log and the clock), workers (fold customers), or both. Any number of each may run; one indexes at a time',
    byDefault: 'both',
    read: oneOf('indexer', 'workers', 'both'),
  },
  intakePort: port(3001, 'INTAKE_PORT', 'Port of the process intake; 0 takes a free one'),
  projectorPort: port(3002, 'PROJECTOR_PORT', 'Port of the process projector; 0 takes a free one'),
  relayPort: port(3003, 'RELAY_PORT', 'Port of the process relay; 0 takes a free one'),
  apiPort: port(3000, 'API_PORT', 'Port of the process api; 0 takes a free one'),
  kafkaBrokers: {
    name: 'KAFKA_BROKERS',
    meaning: 'Where the channels’ brokers are: off (no Kafka), or host:port, with commas between several',
    byDefault: 'off',
    read: brokers,
  },
  kafkaTls: {
    name: 'KAFKA_TLS',
    meaning:
      'Whether the brokers are spoken to in TLS: off, on, or file: and the path of the authority’s certificates (PEM)',
    byDefault: 'off',
    read: kafkaTls,
  },
  kafkaSasl: {
    name: 'KAFKA_SASL',
    meaning:
      'Login at the brokers: none, plain:USER:PASSWORD, scram-sha-256:USER:PASSWORD, scram-sha-512:USER:PASSWORD, or file: and the path of a file that holds it',
    byDefault: 'none',
    read: kafkaSasl,
  },
  kafkaTopics: {
    name: 'KAFKA_TOPICS',
    meaning: 'Topics that touchpoints are taken from, with commas between several; * stands for anything',
    byDefault: 'touchpoints.*',
    read: words,
  },
  kafkaGroup: {
    name: 'KAFKA_GROUP',
    meaning: 'Consumer group in which intake reads: all processes of one engine share it',
    byDefault: 'perennial-intake',
    read: text,
  },
  kafkaMappings: {
    name: 'KAFKA_MAPPINGS',
    meaning:
      'How topics whose messages have a form of their own are read: none, or the path of a JSON file with a mapping per topic',
    byDefault: 'none',
    read: jsonFile,
  },
  webhookHosts: {
    name: 'WEBHOOK_HOSTS',
    meaning:
      'Where webhooks may be sent, with commas between several: public (any address of the internet, by https), loopback, and names, addresses or CIDR blocks; to all but public, http will do. Or none',
    byDefault: 'public,loopback',
    read: webhookHosts,
  },
  webhookWaitingMax: {
    name: 'WEBHOOK_WAITING_MAX',
    meaning:
      'Messages that may wait for one webhook; with more it is suspended, and what is said from then on is told to it by a replay',
    byDefault: '100000',
    read: whole(1, 100_000_000),
  },
  webhookWaitingDays: {
    name: 'WEBHOOK_WAITING_DAYS',
    meaning: 'Days for which a message may wait for one webhook; after them it is suspended likewise',
    byDefault: '7',
    read: whole(1, 3_650),
  },
  policy: {
    name: 'POLICY',
    meaning: 'Policy published into an empty log: retail, subscription, durable or seasonal',
    byDefault: 'retail',
    read: oneOf('retail', 'subscription', 'durable', 'seasonal'),
  },
  demo: {
    name: 'DEMO',
    meaning: 'Whether an empty log is filled with a demonstration: on or off',
    byDefault: 'on',
    read: (value: string): boolean => oneOf('on', 'off')(value) === 'on',
  },
  logLevel: {
    name: 'LOG_LEVEL',
    meaning: 'Least serious message that is logged: trace, debug, info, warn, error, fatal or silent',
    byDefault: 'info',
    read: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
  },
  logFormat: {
    name: 'LOG_FORMAT',
    meaning: 'json, text, or auto: text on a terminal, JSON elsewhere',
    byDefault: 'auto',
    read: oneOf('auto', 'json', 'text'),
  },
  maxBodyBytes: {
    name: 'MAX_BODY_BYTES',
    meaning: 'Largest request body in bytes; above it 413. NDJSON is streamed: there it bounds one line',
    byDefault: String(16 * MEGABYTE),
    read: whole(1_024, 1_024 * MEGABYTE),
  },
  maxBatchEvents: {
    name: 'MAX_BATCH_EVENTS',
    meaning: 'Most events in one batch; above it 413. NDJSON is streamed: there it is the size of one commit',
    byDefault: '10000',
    read: whole(1, 1_000_000),
  },
  maxInFlightBytes: {
    name: 'MAX_IN_FLIGHT_BYTES',
    meaning: 'Bytes of request bodies being taken in at one time; above it 503 with Retry-After',
    byDefault: String(128 * MEGABYTE),
    read: whole(1_024, 16_384 * MEGABYTE),
  },
  maxInFlightRequests: {
    name: 'MAX_IN_FLIGHT_REQUESTS',
    meaning: 'Requests being taken in at one time; above it 429 with Retry-After',
    byDefault: '256',
    read: whole(1, 100_000),
  },
} as const satisfies Record<string, Setting<unknown>>;
