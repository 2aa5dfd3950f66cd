/** Append, read, follow: the log behind one port. */
export { RecordedActs } from './recorded-acts.js';
export { EVENT_LOG, ID_TABLE } from './tokens.js';
export { EventLogError } from './port.js';
export type {
  AppendItem,
  AppendManyOptions,
  EventLog,
  Expected,
  NewEvent,
  Positions,
  ReadOptions,
  Receipt,
  ReceiptDraft,
  RecordedEvent,
  Verdict,
} from './port.js';
export { RECEIPT_SOURCE, RECEIPT_TYPE, receiptsOf } from './receipt.js';
export { decideWhole, LIMITS, meets, rejectionOf, verdictOnFound, type Found } from './append-rules.js';
export { openSqliteLog, type SqliteLog, type SqliteLogOptions } from './sqlite/sqlite-log.js';
export { eventUuid, NO_MARK, type IdTable, type KnownId, type Mark } from './eventstore/ids.js';
export { openEventStoreLog } from './eventstore/open-eventstore-log.js';
export type { EventStoreLogOptions } from './eventstore/open-log-on-server.js';
export { MemoryIdTable } from './eventstore/memory-ids.js';
export { lockDataFolder, RESTORING, type DataFolderLock } from './data-folder.js';
export { openLogOf } from './open-log.js';
export { checkMark, fingerprintOf, markOf, markProblem, type LogMark } from './log-mark.js';
export {
  checkFolderRecord,
  mustBeHere,
  placeText,
  readFolderRecord,
  writeFolderRecord,
  type FolderRecord,
} from './folder-record.js';
export { timedLog } from './timed-log.js';
export { LogDigest } from './moving/log-digest.js';
export { LogMoveError, moveLog, type Moved, type MoveOptions, type MoveProgress } from './moving/move-log.js';
export type { MovedEvent, MoveSource, MoveTarget } from './moving/moved-event.js';
export { identityOfFile } from './sqlite/schema.js';
export { SqliteMoveTarget } from './sqlite/sqlite-move-target.js';
export { seenPosition, type SeenPosition } from './sqlite/seen-file.js';
export { LogCopier, type CopyOptions } from './sqlite/copying/log-copier.js';
export { readSegment, type SegmentEvent, type SegmentReader } from './sqlite/copying/segment-reader.js';
export { BEFORE_FIRST, type Segment, type SegmentEnd, type SegmentFile } from './sqlite/copying/segment.js';
