import { createRequire } from 'node:module';

interface RequestQueue {
  readonly pending: readonly unknown[];
  readonly throttledUntil: number;
  scheduleCheckPendingRequests(): void;
}

const fixed = new WeakSet<object>();

/**
 * kafkajs 2.2.4 polls the request queue of each connection every millisecond, for ever, with a negative timeout (its issue 1751; Node 24 warns
 * about it). A request that is added to the queue schedules the check itself, so this patch schedules none for an empty queue. The version is
 * pinned, and a spec counts the timers.
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
