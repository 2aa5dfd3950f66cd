export {
  DatabaseError,
  isRejection,
  type CopyText,
  type Database,
  type Queryable,
  type Row,
  type Statement,
  type Transaction,
} from './port.js';
export { openDatabase, placeOf, type DatabasePlace } from './open-database.js';
export { openOnFirstUse } from './open-on-first-use.js';
export type { Table } from './table.js';
export { deleteRows, insertRows, sortedByKey, unnest, upsertRows, valuesOf } from './rows.js';
export { Writes, type Writer } from './batch-writer.js';
export { arrayText, instantText } from './values.js';
export {
  isLock,
  LOCKS,
  tryConnectionLock,
  tryLock,
  trySharedConnectionLock,
  waitForLock,
  waitForSharedLock,
  type AdvisoryLock,
} from './locks.js';
export { copyText } from './copy.js';
export { PoolWatch } from './postgres/pool-watch.js';
export { DATABASE } from './tokens.js';
export { applyMigrations, type Migration, type Migrations } from './migrate.js';
