import type { Instant } from '#contracts';
import type { RecordedEvent } from '#event-log';
import { deduplicateEventIds, deduplicatedUpTo, deduplicateUpTo } from '../../indexing/event-ids/deduplicate.js';
import type { BuildRun } from './build-run.js';
import { SCAN_PAGE } from './touchpoints/sources.js';

/** A stretch of the log. */
export interface ScannedPage {
  /** Without those that repeat an event id. */
  readonly events: readonly RecordedEvent[];
  readonly last: { readonly position: number; readonly recordedAt: Instant };
}

/**
 * The pages of the log that a build reads, from where it was. What was not deduplicated by event id before is deduplicated on the way, so that the first
 * build of a log reads it once; the next page is read in the meantime.
 */
export async function* scannedPages(run: BuildRun): AsyncGenerator<ScannedPage> {
  const { database, log, ids, times } = run.options;
  const { scanned, upTo } = run.state;
  const isNew = ids !== null && (await deduplicatedUpTo(database)) < upTo;
  // Read models that were begun by an earlier version may be ahead of the table.
  if (isNew) await times.of('index', () => deduplicateUpTo(database, log, scanned, ids));
  const pages = log
    .readAll(scanned, { pageSize: SCAN_PAGE, upTo, ...(isNew ? { with: 'contentHash' as const } : {}) })
    [Symbol.asyncIterator]();
  const read = (): Promise<IteratorResult<readonly RecordedEvent[]>> => {
    const next = times.of('read', () => pages.next());
    // A failure is told where the page is asked for; a build that stops before does not ask.
    next.catch(() => undefined);
    return next;
  };
  let after = scanned;
  for (let ahead = read(); ;) {
    const next = await ahead;
    if (next.done === true) return;
    const page = next.value;
    const last = page.at(-1);
    ahead = read();
    if (last === undefined) continue;
    const from = after;
    const events = !isNew
      ? page
      : await times.of('index', () => database.transaction((tx) => deduplicateEventIds(tx, page, from, ids)));
    after = last.position;
    yield { events, last };
  }
}
