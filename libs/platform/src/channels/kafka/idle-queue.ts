import { createRequire } from 'node:module';

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

const fixed = new WeakSet<object>();

/**
 * kafkajs 2.2.4 asks each connection's queue of requests every millisecond whether something waits in it, for ever, with a timeout that is
 * negative (its issue 1751; Node 24 warns of it). Nothing can wait unless something was put there, and whoever puts it there asks anyway:
 * so an empty queue is left alone. The version is pinned, and a spec counts the timers.
 */
export function leaveIdleQueuesAlone(): void {
  const require = createRequire(import.meta.url);
  const { prototype } = require('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
  if (fixed.has(prototype)) return;
  fixed.add(prototype);
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length > 0) schedule.call(this);
  };
}
