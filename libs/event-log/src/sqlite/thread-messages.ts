import type { Failure } from '#platform';
import type { Expected } from '../port.js';
import { EventLogError } from '../port.js';
import type { FlatItems, FlatReceipt } from './request.js';

/**
 * From the log to its writer's thread. A message with a number is answered under it; `whole` and `each` wait for the next
 * `commit`.
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

/** Makes an error of what the thread answers when a request failed. */
export function errorOf({ code, message }: Failure): Error {
  return code === null ? new Error(message) : new EventLogError(code as EventLogError['code'], message);
}
