/** Config, clock, logging, health, access, sealing, problem details: the Nest glue. Knows nothing of ours. */
export { SYSTEM_CLOCK, type Clock } from './clock.js';
export { ACCESS, CLOCK, CONFIG, DATABASE, EVENT_LOG, HEALTH, KEY_STORE, LOGGER, METRICS, SEALER } from './tokens.js';
export { ConfigError, readConfig, settingsTable, type Config, type ConfigProblem } from './config/config.js';
export { SETTINGS, type Setting } from './config/settings.js';
export { KeyStoreError, type Destroyed, type KeyState, type KeyStore, type SubjectKey } from './sealing/key-store.js';
export { openSqliteKeyStore, SqliteKeyStore, type SqliteKeyStoreOptions } from './sealing/sqlite-key-store.js';
export { SealBrokenError, Sealer } from './sealing/sealer.js';
export { Recent } from './sealing/recent.js';
