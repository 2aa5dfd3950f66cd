/** A folder per read model: its table, its projection, its spec; the indexer, the folders, the rebuild. */
export type { Database, Queryable, Row } from './database.js';
