import { performance } from 'node:perf_hooks';

/** What a process has used since it began, in milliseconds; and what it holds. */
export interface Usage {
  readonly wallMs: number;
  /** Of all its threads. */
  readonly cpuMs: number;
  /** Of its main thread: how long the event loop was busy. */
  readonly busyMs: number;
  readonly rssBytes: number;
}

export function usageNow(): Usage {
  const { user, system } = process.cpuUsage();
  return {
    wallMs: performance.now(),
    cpuMs: (user + system) / 1_000,
    busyMs: performance.eventLoopUtilization().active,
    rssBytes: process.memoryUsage.rss(),
  };
}

/** What was used between two readings, as shares of the time that passed: 1 is one core. */
export function shares(before: Usage, after: Usage): { readonly cpu: number; readonly mainThread: number } {
  const wallMs = after.wallMs - before.wallMs;
  return { cpu: (after.cpuMs - before.cpuMs) / wallMs, mainThread: (after.busyMs - before.busyMs) / wallMs };
}
