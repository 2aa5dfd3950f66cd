export { KEY_STORE, SEALER } from './tokens.js';
export type { ClassKeyCount, DestroyedClassKeys } from './class-keys.js';
export { joinParts, partsOf, sealPrefix, type ClassYear } from './sealed-text.js';
export type { KeptHold, KeyHold } from './holds.js';
export {
  KeyHeldError,
  KeyStoreError,
  type Destroyed,
  type DestroyOptions,
  type KeyState,
  type KeyStore,
  type KeyStoreFacts,
  type ListedKey,
  type SubjectKey,
} from './key-store.js';
export { SqliteKeyStore, openSqliteKeyStore, type SqliteKeyStoreOptions } from './sqlite/sqlite-key-store.js';
export { holdsKeys } from './sqlite/holds-keys.js';
export { copyKeyStore } from './sqlite/copy-key-store.js';
export { KeyStoreFile } from './sqlite/key-store-file.js';
export { rekeyKeyStore } from './rekeying/rekey-key-store.js';
export type { RekeyableKeyStore } from './rekeying/rekeyable-key-store.js';
export { EarlierSubjectIds, derivedSubjectId } from './rekeying/earlier-subject-ids.js';
export { publicationMemory } from './publication-memory.js';
export { KeyedHash } from './keyed-hash.js';
export { SealBrokenError, Sealer } from './sealer.js';
export { sealedOpener } from './sealed-opener.js';
export { LruCache } from './lru-cache.js';
export { ApiKeys, type ApiKeyRecord } from './api-keys/api-keys.js';
export { keyView, type ShownKey } from './api-keys/shown-key.js';
export { KeyRates, KeyScopes, NEW_API_KEY, type NewApiKey } from './api-keys/new-api-key.js';
export { ROTATION_REQUEST } from './api-keys/rotation-request.js';
export { KeyAdministration, KeyRequestError } from './api-keys/key-administration.js';
export { KeyExpiryWatch, type ExpiringKey } from './api-keys/key-expiry-watch.js';
export { ApiKeyAccess } from './api-keys/api-key-access.js';
export { openKeyStoreOf, openKeys, openPostgresKeyStore, type EngineKeys } from './open-keys.js';
export { sqliteApiKeys } from './sqlite/sqlite-api-keys.js';
export type { SessionSelection, SessionTable } from './sessions/session-row.js';
export { SessionAdministration } from './sessions/session-administration.js';
export { sessionView, type ShownSession } from './sessions/shown-session.js';
export { RejectedSignIns } from './api-keys/rejected-sign-ins.js';
