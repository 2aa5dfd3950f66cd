import type { Expected } from '../port.js';
import { EventLogError } from '../port.js';
import type { FlatItems, FlatReceipt, FlatVerdicts } from './request.js';

/**
 * From the log to its writer's thread. What has a number is answered under it; requests wait until they are told to be
 * committed.
 */
export type ToThread =
  | {
      readonly kind: 'whole';
      readonly no: number;
      readonly now?: number | undefined;
      readonly expected: Expected;
      readonly items: FlatItems;
    }
  | {
      readonly kind: 'each';
      readonly no: number;
      readonly now?: number | undefined;
      readonly items: FlatItems;
      readonly receipts: readonly FlatReceipt[];
    }
  | { readonly kind: 'commit' }
  | { readonly kind: 'allow-pages'; readonly no: number; readonly pagesMax: number }
  | { readonly kind: 'close' };

/** One answer to a request, or to several at once after a commit. */
export interface Answer {
  readonly no: number;
  readonly verdicts?: FlatVerdicts;
  readonly failure?: Failure;
}

export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'not-opened'; readonly failure: Failure }
  | { readonly kind: 'answers'; readonly answers: readonly Answer[] }
  | { readonly kind: 'closed' };

/** An error that crosses threads: a clone would lose its class and its code. */
export interface Failure {
  readonly code: EventLogError['code'] | null;
  readonly message: string;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof EventLogError) return { code: error.code, message: error.message };
  return { code: null, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

export function errorOf({ code, message }: Failure): Error {
  return code === null ? new Error(message) : new EventLogError(code, message);
}
