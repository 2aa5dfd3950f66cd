import { hash } from 'node:crypto';
import { camelCase, readConfig, type Config } from './config.js';
import type { Settings } from './settings.js';

/** What of a setting goes into the digest: its value; of an address that may hold a password, the part that is none; of a secret, whether there is one. */
type Counted = 'value' | 'address' | 'presence' | 'not';

/** Whether what the log proves, who has access, or what leaves the engine rests on a setting: the compiler asks it of every new one. */
const COUNTED: Readonly<Record<keyof Settings, Counted>> = {
  PORT: 'not',
  HOST: 'value',
  // Where the files of the machine lie; the log in them has an identity of its own.
  DATA_DIR: 'not',
  EVENT_LOG: 'address',
  // Derived from the log.
  POSTGRES_URL: 'not',
  KEYS_URL: 'address',
  HASH_KEY: 'presence',
  ERASURE_JOURNAL: 'value',
  PROJECTOR_ROLE: 'not',
  INTAKE_PORT: 'not',
  PROJECTOR_PORT: 'not',
  RELAY_PORT: 'not',
  API_PORT: 'not',
  KAFKA_BROKERS: 'value',
  KAFKA_TLS: 'value',
  KAFKA_SASL: 'presence',
  KAFKA_TOPICS: 'value',
  KAFKA_GROUP: 'not',
  KAFKA_MAPPINGS: 'value',
  KAFKA_SOURCES: 'value',
  WEBHOOK_HOSTS: 'value',
  WEBHOOK_PENDING_MAX: 'not',
  WEBHOOK_PENDING_DAYS: 'not',
  // Policies are on record themselves.
  POLICY: 'not',
  DEMO: 'not',
  LOG_LEVEL: 'not',
  LOG_FORMAT: 'not',
  MAX_BODY_BYTES: 'not',
  BODY_IDLE_SECONDS: 'not',
  BODY_SECONDS: 'not',
  MAX_BATCH_EVENTS: 'not',
  MAX_TRACKING_EVENT_BYTES: 'not',
  MAX_TRACKING_BATCH_BYTES: 'not',
  MAX_IN_FLIGHT_BYTES: 'not',
  MAX_IN_FLIGHT_REQUESTS: 'not',
  RATE_LIMITS: 'value',
  OIDC_ISSUER: 'value',
  OIDC_AUDIENCE: 'value',
  OIDC_ROLES: 'value',
  OIDC_MAP: 'value',
  OIDC_TOKEN_TYPE: 'value',
  OIDC_CLIENT_ID: 'value',
  OIDC_CLIENT_SECRET: 'presence',
  OIDC_CLI_CLIENT_ID: 'value',
  OIDC_SCOPES: 'value',
  PUBLIC_URL: 'value',
  SESSION_IDLE_MINUTES: 'value',
  SESSION_HOURS: 'value',
};

/** The settings of a process that proof and access rest on, in a form that may stand in the log. */
export interface AccountableSettings {
  /** SHA-256 over their names and values. No secret goes into it: of an address what stands before `@` and behind `?` is left out, of any other secret whether there is one. */
  readonly digest: string;
  /** The names of those that are not at their default, sorted. */
  readonly notDefault: readonly string[];
}

export function accountableSettings(config: Config): AccountableSettings {
  const defaults = readConfig({});
  const names = (Object.keys(COUNTED) as (keyof Settings)[]).filter((name) => COUNTED[name] !== 'not').sort();
  const textOf = (name: keyof Settings, from: Config): string => JSON.stringify(from[camelCase(name)]);
  const values = names.map((name) => [name, countedOf(name, config[camelCase(name)])]);
  return {
    digest: hash('sha256', JSON.stringify(values), 'hex'),
    notDefault: names.filter((name) => textOf(name, config) !== textOf(name, defaults)),
  };
}

function countedOf(name: keyof Settings, value: unknown): unknown {
  if (COUNTED[name] === 'value') return value;
  if (COUNTED[name] === 'presence') return value !== null;
  const address = typeof value === 'object' && value !== null && 'url' in value ? value.url : value;
  return typeof address === 'string' ? address.replace(/\/\/[^@/]*@/, '//').replace(/\?[^#]*/, '') : value;
}
