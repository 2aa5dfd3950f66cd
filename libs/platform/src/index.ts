/** Config, clock, logging, health, access, sealing, channels. Knows nothing of ours, and nothing of Nest: see `nest.ts`. */
export { SYSTEM_CLOCK, type Clock } from './clock.js';
export { Bell } from './bell.js';
export {
  ACCESS,
  CLOCK,
  CONFIG,
  DATABASE,
  EVENT_LOG,
  HEALTH,
  ID_TABLE,
  KEY_STORE,
  LOGGER,
  METRICS,
  SAID,
  SEALER,
} from './tokens.js';
export { ConfigError, readConfig, settingsTable, type Config, type ConfigProblem } from './config/config.js';
export { SETTINGS, type LogPlace, type Setting } from './config/settings.js';
export { requireSharedStores } from './config/separate.js';
export { KeyStoreError, type Destroyed, type KeyState, type KeyStore, type SubjectKey } from './sealing/key-store.js';
export { openSqliteKeyStore, SqliteKeyStore, type SqliteKeyStoreOptions } from './sealing/sqlite-key-store.js';
export { copyKeyStore } from './sealing/copy-key-store.js';
export { replaceKeys } from './sealing/rekeyed-key-store.js';
export type { ReplaceableKeyStore } from './sealing/replaceable-key-store.js';
export { EarlierNames, renamedUnder } from './sealing/earlier-names.js';
export { KeyedHash } from './sealing/keyed-hash.js';
export { SealBrokenError, Sealer } from './sealing/sealer.js';
export { Recent } from './sealing/recent.js';
export { Access } from './access/access.js';
export { ApiKeys, type ApiKeyRecord } from './access/api-keys.js';
export { readEngineFile, removeEngineFile, writeEngineFile, type EngineFile } from './access/engine-file.js';
export { PERMISSIONS, type Permission, type Principal } from './access/permissions.js';
export { Health, type Check, type CheckResult } from './health/health.js';
export type { Logger } from './logging/logger.js';
export type {
  ChannelConsumer,
  ChannelProducer,
  Channels,
  ConsumerOptions,
  ReceivedBatch,
  TopicPlan,
} from './channels/channel.js';
export type { Headers, OutgoingMessage, ReceivedHeader, ReceivedMessage } from './channels/message.js';
export { channelsAt, openChannels } from './channels/open-channels.js';
export type { KafkaPlace } from './channels/kafka/place.js';
export { openKeys, openKeyStoreOf, openPostgresKeyStore, type EngineKeys } from './sealing/open-keys.js';
