import type { Position } from './wire.js';

/** What may go wrong with one append, after it came in whole. */
export type AppendFault =
  /** Commits, then says nothing for ever. */
  | 'lose-acknowledgement'
  /** Commits, then breaks the call. */
  | 'break-after-commit'
  /** Commits and answers, then breaks the call. */
  | 'break-after-answer'
  /** Commits nothing and says nothing, for ever. */
  | 'swallow'
  /** Breaks the call and commits nothing. */
  | 'break-before-commit'
  /** Answers twice. */
  | 'answer-twice'
  /** Says that it is not ready, as a node does that is not yet the leader, and commits nothing. */
  | 'not-ready'
  /** Says that it timed out, and commits a moment later all the same: what comes behind it waits. */
  | 'time-out-then-commit'
  /** Says that it timed out, and commits nothing. */
  | 'time-out'
  /** Says that the disk failed: an error that is none of the known ones. */
  | 'unknown-error'
  /** Ends the call without an answer and without an error. */
  | 'end-silently'
  /** Commits late, once it was taken up: whether its call is there by then or not. What comes behind it waits. */
  | { readonly slowMs: number }
  /** Commits, and answers late: others overtake the answer. */
  | { readonly answerAfterMs: number };

/** What may go wrong with one read or subscription, after so many events were sent. */
export type ReadFault =
  | { readonly after: number; readonly then: 'break' }
  /** The connection stays and nothing comes any more. */
  | { readonly after: number; readonly then: 'stall' }
  /** Rejected before anything is sent, with an error that none of the known ones is. */
  | { readonly after: 0; readonly then: 'reject' }
  /** Ends as if all was read. */
  | { readonly after: number; readonly then: 'end' };

/** Asked before each call: null lets it pass. */
export interface ServerFaults {
  append: (append: { readonly stream: string; readonly ids: readonly string[] }) => AppendFault | null;
  read: (read: { readonly of: '$all' | string; readonly subscription: boolean }) => ReadFault | null;
  /**
   * More checkpoints for a filtered subscription, after each event that it looked at; `next` is where the next event that passes
   * stands, or will stand. Null for none.
   */
  checkpoints: ((at: { readonly lookedAt: bigint; readonly next: bigint }) => readonly Position[]) | null;
}

export const NO_FAULTS: Readonly<ServerFaults> = { append: () => null, read: () => null, checkpoints: null };
