import { STREAMS } from '#contracts';
import type { EventLog } from '#event-log';
import { Loop } from '#platform';
import { recordedSources } from './recorded-sources.js';
import type { Sources } from './sources.js';

/** How often a process reads what other processes recorded about sources. */
const POLL_MS = 1_000;

/** Keeps the sources of this process up to date with what other processes record, until it is stopped. */
export function followSources(log: EventLog, sources: Sources, pollMs = POLL_MS): { stop(): Promise<void> } {
  let nextRevision = 0;
  const poll = async (): Promise<number> => {
    let last: number | null = null;
    for await (const page of log.read(STREAMS.sources, nextRevision)) last = page.at(-1)?.revision ?? last;
    if (last !== null) {
      sources.replace((await recordedSources(log)).sources);
      nextRevision = last + 1;
    }
    return pollMs;
  };
  // The log's own health check reports a log that is unavailable; the next poll tries again.
  const loop = new Loop(poll, { backoff: { firstMs: pollMs, maxMs: pollMs }, keepsProcessAlive: false });
  loop.start();
  return loop;
}
