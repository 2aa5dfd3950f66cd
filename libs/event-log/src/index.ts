/** Append, read, follow: the log behind one port. */
export { EventLogError } from './port.js';
export type {
  AppendItem,
  EventLog,
  Expected,
  NewEvent,
  ReadOptions,
  Receipt,
  ReceiptDraft,
  RecordedEvent,
  Verdict,
} from './port.js';
