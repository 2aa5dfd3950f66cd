import { Default, Describe, documentReader, FormerName, ListOf, OneOf, Secret, Text, Whole } from '#contracts';
import type { RateSettings } from '../access/rates.js';
import type { KafkaConnection } from '../channels/kafka/connection.js';
import { FORMER_NAMES } from './former-names.js';
import {
  ErasureJournalPlace,
  EventLogPlace,
  HashKey,
  JsonFile,
  KafkaBrokers,
  KafkaSasl,
  KafkaTls,
  OnOff,
  PolicyOrFile,
  PostgresUrlOr,
  RateLimitList,
  WebhookHosts,
  type JournalPlace,
  type LogPlace,
  type PolicySetting,
} from './setting-kinds.js';
import { ClaimPointer, DocumentOrNone, NameOrNone, SecretOrNone, SecureUrlOrOff } from './sign-in-kinds.js';

const MEGABYTE = 1024 * 1024;
const PORT_MAX = 65_535;

/** Every setting of the engine, by the name of its environment variable. The table in the README is made of this class. */
export class Settings {
  @Default(3000)
  @Whole(0, PORT_MAX)
  @Describe('Port of the engine in one process (standalone); 0 picks a free one')
  readonly PORT!: number;

  @Default('127.0.0.1')
  @Text()
  @Describe('Address that the HTTP server binds; keep it local unless a proxy in front of it speaks TLS')
  readonly HOST!: string;

  @Default('./data')
  @Text(4_096)
  @Describe('Folder of the log, the keys and the read models, where these are embedded; one process owns it')
  readonly DATA_DIR!: string;

  @Default('sqlite')
  @Secret()
  @EventLogPlace()
  @Describe(
    'Where the event log is: sqlite (the file log.db in DATA_DIR, which has one owner), or the esdb:// address of an EventStoreDB, with #NAME at its end where it holds several logs',
  )
  readonly EVENT_LOG!: LogPlace;

  @Default('embedded')
  @Secret()
  @PostgresUrlOr('embedded')
  @Describe(
    'Where the read models are: embedded (PGlite in DATA_DIR, which has one owner), or the postgres:// address of a database',
  )
  readonly POSTGRES_URL!: string | null;

  @Default('sqlite')
  @Secret()
  @PostgresUrlOr('sqlite')
  @Describe(
    'Where the keys are: sqlite (the file keys.db in DATA_DIR, which has one owner), or the postgres:// address of a database, with a role that has no access to the read models',
  )
  readonly KEYS_URL!: string | null;

  @Default('own')
  @Secret()
  @HashKey()
  @Describe(
    'The key that subject ids are derived with: own (made once and kept with the keys), 64 hex characters, or file: and the path of a file that holds them. It never changes: a start with another is rejected',
  )
  readonly HASH_KEY!: Uint8Array | null;

  @Default('off')
  @ErasureJournalPlace()
  @Describe(
    'Where erasures are recorded apart from DATA_DIR, so that a restored backup cannot undo them: off, the path of a file on another disk, or kafka: and a topic. An erasure is acknowledged only after it is recorded there',
  )
  readonly ERASURE_JOURNAL!: JournalPlace | null;

  @Default('both')
  @OneOf('indexer', 'workers', 'both')
  @Describe(
    'What a projector does: indexer (follows the log and the clock), workers (fold customers), or both. Any number of each may run; one indexes at a time',
  )
  readonly PROJECTOR_ROLE!: 'indexer' | 'workers' | 'both';

  @Default(3001)
  @Whole(0, PORT_MAX)
  @Describe('Port of the process intake; 0 picks a free one')
  readonly INTAKE_PORT!: number;

  @Default(3002)
  @Whole(0, PORT_MAX)
  @Describe('Port of the process projector; 0 picks a free one')
  readonly PROJECTOR_PORT!: number;

  @Default(3003)
  @FormerName(FORMER_NAMES.RELAY_PORT)
  @Whole(0, PORT_MAX)
  @Describe('Port of the process relay; 0 picks a free one')
  readonly RELAY_PORT!: number;

  @Default(3000)
  @Whole(0, PORT_MAX)
  @Describe('Port of the process api; 0 picks a free one')
  readonly API_PORT!: number;

  @Default('off')
  @KafkaBrokers()
  @Describe('Where the brokers of the channels are: off (no Kafka), or host:port, with commas between several')
  readonly KAFKA_BROKERS!: readonly string[] | null;

  @Default('off')
  @KafkaTls()
  @Describe(
    'Whether connections to the brokers use TLS: off, on, or file: and the path of the authority’s certificates (PEM)',
  )
  readonly KAFKA_TLS!: KafkaConnection['tls'];

  @Default('none')
  @Secret()
  @KafkaSasl()
  @Describe(
    'Login at the brokers: none, plain:USER:PASSWORD, scram-sha-256:USER:PASSWORD, scram-sha-512:USER:PASSWORD, or file: and the path of a file that holds it',
  )
  readonly KAFKA_SASL!: KafkaConnection['sasl'];

  @Default(['touchpoints.*', 'facts.*'])
  @ListOf(Text(249), 1)
  @Describe(
    'Topics that touchpoints, and facts of the business (facts.*), are read from, with commas between several; * matches any text',
  )
  readonly KAFKA_TOPICS!: readonly string[];

  @Default('perennial-intake')
  @Text()
  @Describe('Consumer group in which intake reads: all processes of one engine share it')
  readonly KAFKA_GROUP!: string;

  @Default('none')
  @JsonFile()
  @Describe(
    'How topics whose messages have a form of their own are read: none, or the path of a JSON file with a mapping per topic',
  )
  readonly KAFKA_MAPPINGS!: unknown;

  @Default('none')
  @JsonFile()
  @Describe(
    'Which sources each topic speaks for: none (every topic for all), or the path of a JSON file with a name or a list of names (shop, shop/*) per topic',
  )
  readonly KAFKA_SOURCES!: unknown;

  @Default('public,loopback')
  @WebhookHosts()
  @Describe(
    'Where webhooks may be sent, with commas between several: public (any address of the internet, by https only), loopback, and host names, addresses or CIDR blocks (by http too); or none',
  )
  readonly WEBHOOK_HOSTS!: readonly string[];

  @Default(100_000)
  @FormerName(FORMER_NAMES.WEBHOOK_PENDING_MAX)
  @Whole(1, 100_000_000)
  @Describe(
    'Most messages pending for one webhook; above it the webhook is suspended, and a replay delivers what is published from then on',
  )
  readonly WEBHOOK_PENDING_MAX!: number;

  @Default(7)
  @FormerName(FORMER_NAMES.WEBHOOK_PENDING_DAYS)
  @Whole(1, 3_650)
  @Describe('Days that a message may be pending for one webhook; after them the webhook is suspended likewise')
  readonly WEBHOOK_PENDING_DAYS!: number;

  @Default('retail')
  @PolicyOrFile()
  @Describe(
    'First policy of a log, for all of its past: the path of a policy file, or retail, subscription, durable or seasonal (published before the first touchpoint, unless another policy was)',
  )
  readonly POLICY!: PolicySetting;

  @Default('on')
  @OnOff()
  @Describe('Whether an empty log is filled with a demonstration: on or off')
  readonly DEMO!: boolean;

  @Default('info')
  @OneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent')
  @Describe('Least severe message that is logged: trace, debug, info, warn, error, fatal or silent')
  readonly LOG_LEVEL!: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

  @Default('auto')
  @OneOf('auto', 'json', 'text')
  @Describe('json, text, or auto: text on a terminal, JSON elsewhere')
  readonly LOG_FORMAT!: 'auto' | 'json' | 'text';

  @Default(4 * MEGABYTE)
  @Whole(1_024, 1_024 * MEGABYTE)
  @Describe(
    'Largest request body in bytes, unpacked; above it 413. No other request is answered while a body is parsed, so keep it small. NDJSON is streamed: there it limits one line',
  )
  readonly MAX_BODY_BYTES!: number;

  @Default(30)
  @Whole(1, 3_600)
  @Describe('Seconds in which at least 1,024 bytes of a request body must arrive, or its end; else 408')
  readonly BODY_IDLE_SECONDS!: number;

  @Default(120)
  @Whole(1, 86_400)
  @Describe('Seconds in which a request body must have arrived; else 408. NDJSON may take as long as it keeps arriving')
  readonly BODY_SECONDS!: number;

  @Default(10_000)
  @Whole(1, 1_000_000)
  @Describe('Most events in one batch; above it 413. NDJSON is streamed: there it is the size of one commit')
  readonly MAX_BATCH_EVENTS!: number;

  @Default(32 * 1_024)
  @Whole(1_024, 16 * MEGABYTE)
  @Describe(
    'Largest call of an analytics library in bytes; a single larger one gets 400, one of a batch is quarantined',
  )
  readonly MAX_TRACKING_EVENT_BYTES!: number;

  @Default(500 * 1_024)
  @Whole(1_024, 1_024 * MEGABYTE)
  @Describe('Largest batch of an analytics library in bytes, unpacked; above it 400')
  readonly MAX_TRACKING_BATCH_BYTES!: number;

  @Default(128 * MEGABYTE)
  @Whole(1_024, 16_384 * MEGABYTE)
  @Describe(
    'Most bytes of request bodies in flight at one time, of one API key half of them; above it 503 with Retry-After',
  )
  readonly MAX_IN_FLIGHT_BYTES!: number;

  @Default(256)
  @Whole(1, 100_000)
  @Describe('Most requests in flight at one time, of one API key half of them; above it 429 with Retry-After')
  readonly MAX_IN_FLIGHT_REQUESTS!: number;

  @Default('default')
  @RateLimitList()
  @Describe(
    'What each principal may do in a minute, in each process: events=1200000,rejected=1200,requests=12000,opened=12000 by default, of a role such as marketer.requests=120, off for no limit; above it 429 with Retry-After',
  )
  readonly RATE_LIMITS!: RateSettings;

  @Default('off')
  @SecureUrlOrOff()
  @Describe(
    'The identity provider of people (OpenID Connect), by its issuer: off (API keys alone), or its https address exactly as its tokens name it in iss',
  )
  readonly OIDC_ISSUER!: string | null;

  @Default('perennial')
  @Text(512)
  @Describe('The audience (aud) that an access token of a person must have')
  readonly OIDC_AUDIENCE!: string;

  @Default('/roles')
  @ClaimPointer()
  @Describe(
    'The claim that says what a person may do, as a JSON pointer into the token: /roles, /groups, /realm_access/roles',
  )
  readonly OIDC_ROLES!: string;

  @Default('none')
  @DocumentOrNone()
  @Describe(
    'What each value of that claim allows: the path of a JSON or YAML file with roles and scopes for each value; required with OIDC_ISSUER',
  )
  readonly OIDC_MAP!: unknown;

  @Default('any')
  @OneOf('any', 'at+jwt')
  @Describe(
    'Which type the header of an access token must have: any (many identity providers write JWT, or nothing), or at+jwt (RFC 9068)',
  )
  readonly OIDC_TOKEN_TYPE!: 'any' | 'at+jwt';

  @Default('none')
  @NameOrNone()
  @Describe(
    'The client at the identity provider that people sign in with in a browser: none (no sign-in here), or its id',
  )
  readonly OIDC_CLIENT_ID!: string | null;

  @Default('none')
  @Secret()
  @SecretOrNone()
  @Describe(
    'The secret of that client: none (a public client), the secret, or file: and the path of a file that holds it',
  )
  readonly OIDC_CLIENT_SECRET!: string | null;

  @Default('none')
  @NameOrNone()
  @Describe('The public client at the identity provider that `perennial login` uses (device grant): none, or its id')
  readonly OIDC_CLI_CLIENT_ID!: string | null;

  @Default(['openid', 'profile', 'email'])
  @ListOf(Text(200), 1, 50)
  @Describe(
    'The scopes that people are signed in with, with commas between several; some providers need groups, or a scope of an API',
  )
  readonly OIDC_SCOPES!: readonly string[];

  @Default('off')
  @SecureUrlOrOff()
  @Describe(
    'Where browsers reach the engine: off (at 127.0.0.1 or localhost alone), or its https address behind a proxy. People sign in at no other address',
  )
  readonly PUBLIC_URL!: string | null;

  @Default(30)
  @Whole(1, 1_440)
  @Describe('Minutes without a request after which a session of a browser ends')
  readonly SESSION_IDLE_MINUTES!: number;

  @Default(12)
  @Whole(1, 168)
  @Describe('Hours after which a session of a browser ends in any case')
  readonly SESSION_HOURS!: number;
}

/** Reads the settings from the texts of the environment. */
export const SETTINGS = documentReader(Settings, { texts: { ignoreCase: true, trim: true } });
