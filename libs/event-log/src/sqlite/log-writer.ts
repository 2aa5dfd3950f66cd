import type { LogIdentity } from '#platform';
import type { AppendItem, Expected, ReceiptDraft, Verdict } from '../port.js';

/** What the log asks of its writer. `now` is the injected clock's time; without one the writer reads the system's. */
export type WriteRequest = { readonly now?: number | undefined } & (
  | { readonly kind: 'whole'; readonly expected: Expected; readonly items: readonly AppendItem[] }
  | { readonly kind: 'each'; readonly items: readonly AppendItem[]; readonly receipts: readonly ReceiptDraft[] }
);

/** Where the log sends what is to be written: to a thread of its own, or to the calling thread. */
export interface LogWriter {
  write(request: WriteRequest): Promise<readonly Verdict[]>;
  /** Gives the log another identity. */
  identify(identity: LogIdentity): Promise<void>;
  /** Lets the file grow to at most so many pages: how a test makes the disk full. */
  allowPages(pagesMax: number): Promise<void>;
  /** Resolves when every request before it is on the disk. */
  close(): Promise<void>;
}

/** The most events in one commit: it bounds how long the first of a group waits for the last. */
export const GROUP_EVENTS_MAX = 10_000;
