/** What a client of an engine needs of the platform: no settings, no reader of documents, no loop. The index gives all of it too. */
export { SYSTEM_CLOCK, type Clock } from './clock.js';
export { ActRequested, type WaitingAct } from './access/approvals.js';
export { folderIdOf, isSameFolder, readEngineFile, type EngineFile, type FolderId } from './access/engine-file.js';
export type { OpeningKind, StatedPurpose } from './access/openings.js';
export { PERMISSIONS } from './access/permissions.js';
export { LOCAL_PRINCIPAL } from './access/principal.js';
export { parseRates, RATE_MAX } from './access/rates.js';
export { ROLE_NAMES, roleDefinition } from './access/roles.js';
export { openingHeaders, statedIssues } from './access/stated-purpose.js';
export { StoreMismatchError, type LogIdentity } from './stores/log-identity.js';
