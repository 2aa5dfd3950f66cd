import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { issueOfFlaw, readJson, TextAs, unicodeDocument, unreadable } from '#contracts';
import { DEFAULT_RATES, parseRates, RATE_MAX, type RateSettings, type RateText } from '../access/rates.js';
import { ROLE_NAMES } from '../access/roles.js';
import type { KafkaConnection } from '../channels/kafka/connection.js';
import { DocumentFileError, readDocumentFile } from './document-file.js';

/**
 * Kinds of settings whose text stands for something else: an address, a key, the content of a file. Where a text may hold a secret, no issue
 * repeats it.
 */

type Kind = PropertyDecorator;
type Parsed<T> = { readonly value: T } | ReturnType<typeof unreadable>;

/** Where the event log is. */
export type LogPlace = { readonly kind: 'sqlite' } | { readonly kind: 'eventstore'; readonly url: string };

/** `on` or `off`, as true or false. */
export function OnOff(): Kind {
  return TextAs('on or off', (text): Parsed<boolean> => {
    const word = text.toLowerCase();
    return word === 'on' || word === 'off'
      ? { value: word === 'on' }
      : unreadable(`must be on or off (got ${JSON.stringify(text)})`, 'give on or off');
  });
}

export function EventLogPlace(): Kind {
  return TextAs('sqlite, or the address of an EventStoreDB', (text): Parsed<LogPlace> => {
    if (text.toLowerCase() === 'sqlite') return { value: { kind: 'sqlite' } };
    if (/^(?:esdb|kurrentdb)(?:\+discover)?:\/\/[^/]/.test(text)) return { value: { kind: 'eventstore', url: text } };
    return unreadable(
      'must be sqlite, or the address of an EventStoreDB',
      'give sqlite, or an address such as esdb://user:password@host:2113?tls=true',
    );
  });
}

/** The address of a PostgreSQL database; null for the embedded store that this word names. */
export function PostgresUrlOr(embedded: string): Kind {
  return TextAs(`${embedded}, or the address of a PostgreSQL database`, (text): Parsed<string | null> => {
    if (text.toLowerCase() === embedded) return { value: null };
    const url = URL.canParse(text) ? new URL(text) : null;
    return url !== null && /^postgres(?:ql)?:$/.test(url.protocol) && url.pathname.length > 1
      ? { value: text }
      : unreadable(
          `must be ${embedded}, or the address of a PostgreSQL database`,
          `give ${embedded}, or an address such as postgres://user:password@host:5432/database`,
        );
  });
}

/** The 32 bytes of the hash key; null where the key store keeps its own. */
export function HashKey(): Kind {
  return TextAs('own, 64 hex characters, or file: and a path', (text): Parsed<Uint8Array | null> => {
    if (text.toLowerCase() === 'own') return { value: null };
    const hex = contentOf(text);
    if (typeof hex !== 'string') return hex;
    return /^[0-9a-f]{64}$/i.test(hex)
      ? { value: Buffer.from(hex, 'hex') }
      : unreadable(
          'must be own, 64 hex characters (32 random bytes), or file: and the path of a file that holds them',
          'make one with: openssl rand -hex 32',
        );
  });
}

/** Where erasures are recorded apart from the data folder. */
export type JournalPlace =
  { readonly kind: 'file'; readonly file: string } | { readonly kind: 'topic'; readonly topic: string };

/** Null for `off`; the path of a file becomes absolute. */
export function ErasureJournalPlace(): Kind {
  return TextAs('off, the path of a file, or kafka: and a topic', (text): Parsed<JournalPlace | null> => {
    if (text.toLowerCase() === 'off') return { value: null };
    if (!text.startsWith('kafka:')) return { value: { kind: 'file', file: resolve(text) } };
    const topic = text.slice('kafka:'.length);
    return /^[a-zA-Z0-9._-]{1,249}$/.test(topic)
      ? { value: { kind: 'topic', topic } }
      : unreadable(
          'must be off, the path of a file, or kafka: and the name of a topic',
          'give such as /mnt/safe/erasures.ndjson or kafka:perennial-erasures',
        );
  });
}

/** `host:port`, with commas between several; null for `off`. */
export function KafkaBrokers(): Kind {
  return TextAs('off, or host:port', (text): Parsed<readonly string[] | null> => {
    if (text.toLowerCase() === 'off') return { value: null };
    const list = text.split(',').map((broker) => broker.trim());
    return list.every((broker) => /^(?:\[[0-9a-f:]+\]|[^\s:/]+):\d{1,5}$/i.test(broker))
      ? { value: list }
      : unreadable(
          'must be off, or host:port, with commas between several',
          'give off, or such as kafka-1:9092,kafka-2:9092',
        );
  });
}

/** Null for connections in the clear; `ca` is null where Node.js knows the authority of the certificates. */
export function KafkaTls(): Kind {
  return TextAs('off, on, or file: and a path', (text): Parsed<KafkaConnection['tls']> => {
    const word = text.toLowerCase();
    if (word === 'off') return { value: null };
    if (word === 'on') return { value: { ca: null } };
    if (!text.startsWith(FILE))
      return unreadable('must be off, on, or file: and a path', 'give the path of the authority’s certificates (PEM)');
    const ca = contentOf(text);
    return typeof ca === 'string' ? { value: { ca } } : ca;
  });
}

const LOGIN_FORMS = 'none, plain:USER:PASSWORD, scram-sha-256:USER:PASSWORD, scram-sha-512:USER:PASSWORD';

/** The engine's login at the brokers; null for `none`. */
export function KafkaSasl(): Kind {
  return TextAs(`${LOGIN_FORMS}, or file: and a path`, (text): Parsed<KafkaConnection['sasl']> => {
    if (text.toLowerCase() === 'none') return { value: null };
    const login = contentOf(text);
    if (typeof login !== 'string') return login;
    const [, mechanism, username, password] = /^(plain|scram-sha-256|scram-sha-512):([^:]+):(.+)$/i.exec(login) ?? [];
    if (mechanism === undefined || username === undefined || password === undefined)
      return unreadable(`must be ${LOGIN_FORMS}, or file: and a path`, 'give none, or a login in one of these forms');
    return {
      value: {
        mechanism: mechanism.toLowerCase() as NonNullable<KafkaConnection['sasl']>['mechanism'],
        username,
        password,
      },
    };
  });
}

/** The JSON document in a file; null for `none`. */
export function JsonFile(): Kind {
  return TextAs('none, or the path of a JSON file', (text): Parsed<unknown> => {
    if (text.toLowerCase() === 'none') return { value: null };
    const content = contentOf(`${FILE}${text}`);
    if (typeof content !== 'string') return content;
    return jsonOf(content);
  });
}

/** The first policy: a built-in one by its name, or the document of a file. */
export type PolicySetting =
  | { readonly kind: 'built-in'; readonly name: (typeof BUILT_IN)[number] }
  | { readonly kind: 'file'; readonly path: string; readonly document: unknown };

const BUILT_IN = ['retail', 'subscription', 'durable', 'seasonal'] as const;

export function PolicyOrFile(): Kind {
  return TextAs('the name of a built-in policy, or the path of a policy file', (text): Parsed<PolicySetting> => {
    const name = BUILT_IN.find((each) => each === text.toLowerCase());
    if (name !== undefined) return { value: { kind: 'built-in', name } };
    try {
      return { value: { kind: 'file', path: text, document: readDocumentFile(text).value } };
    } catch (error) {
      if (!(error instanceof DocumentFileError)) throw error;
      const isName = /^[a-z-]+$/i.test(text);
      return unreadable(
        isName
          ? `must be ${BUILT_IN.join(', ')}, or the path of a policy file (got ${JSON.stringify(text)})`
          : `names the policy file ${text}, which ${error.detail}`,
        isName ? 'give one of these names, or a path' : error.hint,
      );
    }
  });
}

/** The rates that differ from the general ones, and those of roles. */
export function RateLimitList(): Kind {
  return TextAs('default, or a list of rates', (text): Parsed<RateSettings> => {
    const rates = text.toLowerCase() === 'default' ? [] : parseRates(text);
    if (rates === null)
      return unreadable(
        `must be default, or rates a minute from 1 to ${RATE_MAX.toLocaleString('en')} or off, with commas between several`,
        'give such as events=60000,requests=600,marketer.requests=120,auditor.opened=off',
      );
    const unknown = rates.find(({ role }) => role !== null && !(ROLE_NAMES as readonly string[]).includes(role));
    if (unknown !== undefined)
      return unreadable(`names the role ${unknown.role}, which does not exist`, `give one of ${ROLE_NAMES.join(', ')}`);
    const of = (role: string | null): { readonly [name: string]: number | null } =>
      Object.fromEntries(
        rates.filter((rate: RateText) => rate.role === role).map((rate) => [rate.name, rate.perMinute]),
      );
    return {
      value: {
        general: { ...DEFAULT_RATES, ...of(null) },
        roles: Object.fromEntries(ROLE_NAMES.map((role) => [role, of(role)])),
      },
    };
  });
}

/** Host names, addresses, CIDR blocks, and the words for whole ranges of them. */
export function WebhookHosts(): Kind {
  return TextAs('a list of hosts', (text): Parsed<readonly string[]> => {
    const list = text
      .split(',')
      .map((word) => word.trim().toLowerCase())
      .filter((word) => word !== '');
    return list.length > 0 && list.every((word) => isAddressBlock(word) || HOST_NAME.test(word))
      ? { value: list }
      : unreadable(
          'must be none, or public, loopback, host names, addresses or CIDR blocks, with commas between several',
          'give such as public,10.0.0.0/8,hooks.shop.example',
        );
  });
}

const HOST_NAME = /^(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?$/;

function isAddressBlock(word: string): boolean {
  const [address = '', prefix = '0', ...more] = word.split('/');
  const family = isIP(address);
  return family !== 0 && more.length === 0 && /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128);
}

const FILE = 'file:';

/** A JSON document without a key that stands twice, and without a number that loses digits. */
function jsonOf(content: string): Parsed<unknown> {
  const reading = readJson(content);
  if (reading === null) return unreadable('names a file that is not JSON', 'fix the file');
  const [flaw] = reading.flaws;
  if (flaw === undefined) return { value: reading.value };
  const { pointer, detail, hint } = issueOfFlaw(flaw);
  return unreadable(`names a file in which ${pointer} ${detail}`, hint);
}

/** The text itself, or the content of the file that it names. */
export function contentOf(text: string): string | ReturnType<typeof unreadable> {
  if (!text.startsWith(FILE)) return text;
  try {
    const decoded = unicodeDocument(readFileSync(text.slice(FILE.length)));
    return decoded?.text.trim() ?? unreadable('names a file that is not UTF-8', 'save the file as UTF-8');
  } catch (error) {
    return unreadable(
      `names a file that cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`,
      'give the path of a file that the process may read',
    );
  }
}
