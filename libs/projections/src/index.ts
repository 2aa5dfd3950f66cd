/** A folder per read model: its table, its projection, its spec; the indexer, the folders, the rebuild. */
export { DatabaseError, type Database, type Queryable, type Row, type Transaction } from './database.js';
export { openIdTable, type DatabaseIdTable } from './ids/id-table.js';
export { openDatabase, placeOf, type DatabasePlace } from './stores/open-database.js';
export { openWhenAsked } from './stores/open-when-asked.js';
export {
  Projector,
  type ProjectorLogger,
  type ProjectorOptions,
  type ProjectorRole,
  type ProjectorStatus,
  type Rebuilt,
  type RebuildOptions,
  type Rehearsal,
  type Verification,
} from './projector.js';
export { RemoteProjector } from './requests/remote-projector.js';
export type { Version } from './control/migrate.js';
export type { BuildProgress } from './rebuild/build.js';
export type { Digest } from './digest/digest.js';
export type { TableDifference } from './digest/differences.js';
