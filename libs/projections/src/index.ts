/** A folder per read model: its table, its projection, its spec; the indexer, the folders, the rebuild. */
export { DatabaseError, type Database, type Queryable, type Row } from './database.js';
export { openDatabase, type DatabasePlace } from './stores/open-database.js';
export { Projector, type ProjectorLogger, type ProjectorOptions, type ProjectorStatus } from './projector.js';
export { ProjectionsModule, type ProjectionsModuleOptions } from './projections.module.js';
