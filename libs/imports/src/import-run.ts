import type { ImportFile, ImportItem, ImportLayout, ImportNotes } from './draft.js';
import { shuffled } from './shuffle.js';

/** What became of one item: the four outcomes of intake. */
export interface ItemOutcome {
  readonly outcome: 'accepted' | 'duplicate' | 'quarantined' | 'suppressed';
  /** Why, where it was quarantined or suppressed; of a duplicate, why the first one was. */
  readonly code?: string;
}

/** Takes a batch and answers with a outcome for each item, in their order, once they are durable. */
export type ImportSink = (items: readonly ImportItem[]) => Promise<readonly ItemOutcome[]>;

export interface ImportProgress {
  /** Items whose outcome is known, all before the first whose outcome is not. */
  readonly items: number;
  /** The line of the file up to which that is. */
  readonly line: number;
  readonly bytesRead: number;
  readonly outcomes: Readonly<Record<ItemOutcome['outcome'], number>>;
}

export interface ImportOptions {
  readonly layout: ImportLayout;
  readonly file: ImportFile;
  readonly sink: ImportSink;
  /** Items in a batch: one commit each. */
  readonly batchSize: number;
  /** Batches under way at once: the next is read and mapped while the last is being stored. */
  readonly batchesInFlight?: number;
  /** Items that an earlier run of the same file brought in: read, and passed over. */
  readonly skip?: number;
  /** Takes the items in an order drawn from this seed (holds them all in memory): for tests that order does not matter. */
  readonly shuffleSeed?: number;
  /** Stops after the batches under way. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ImportProgress) => void;
  /** Milliseconds from any start, for the timings. */
  readonly now: () => number;
}

export interface ImportSummary {
  readonly outcome: 'done' | 'stopped' | 'failed';
  /** Why it failed: a full disk, an engine that went away, a file that broke off. */
  readonly error?: unknown;
  /** Lines read that held something. */
  readonly lines: number;
  readonly progress: ImportProgress;
  readonly skipped: number;
  /** Counts by code, of what was quarantined or suppressed. */
  readonly codes: ReadonlyMap<string, number>;
  readonly remarks: ReadonlyMap<string, number>;
  readonly timings: {
    readonly totalMs: number;
    /** Waiting for the file to be read, parsed and mapped. */ readonly readMs: number;
    /** Waiting for the sink. */ readonly storeMs: number;
  };
}

interface UnderWay {
  readonly items: readonly ImportItem[];
  readonly outcomes: Promise<readonly ItemOutcome[]>;
}

/**
 * Brings a file in, batch by batch. Never throws for what happens on the way: an error ends the run as `failed`, with what was
 * stored until then, so that a second run can go on. Twice is the same as once: every item has an id that the file decides.
 */
export async function runImport(options: ImportOptions): Promise<ImportSummary> {
  const { layout, sink, now } = options;
  const started = now();
  const notes: ImportNotes = { lines: 0, remarks: new Map() };
  let bytesRead = 0;
  const file: ImportFile = {
    ...options.file,
    onBytes: (read) => {
      bytesRead = read;
      options.file.onBytes?.(read);
    },
  };
  const skip = options.skip ?? 0;
  const inFlight = Math.max(1, options.batchesInFlight ?? 2);
  const outcomes = { accepted: 0, duplicate: 0, quarantined: 0, suppressed: 0 };
  const codes = new Map<string, number>();
  const underWay: UnderWay[] = [];
  let items = skip;
  let line = 0;
  let storeMs = 0;
  let readMs = 0;
  const progress = (): ImportProgress => ({ items, line, bytesRead, outcomes: { ...outcomes } });

  const settleOldest = async (): Promise<void> => {
    const oldest = underWay[0];
    if (oldest === undefined) return;
    const from = now();
    const answered = await oldest.outcomes;
    storeMs += now() - from;
    underWay.shift();
    for (const { outcome, code } of answered) {
      outcomes[outcome] += 1;
      if (code !== undefined && outcome !== 'duplicate') codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    items += oldest.items.length;
    line = oldest.items.at(-1)?.line ?? line;
    options.onProgress?.(progress());
  };
  const finish = (outcome: ImportSummary['outcome'], error?: unknown): ImportSummary => ({
    outcome,
    ...(error === undefined ? {} : { error }),
    lines: notes.lines,
    progress: progress(),
    skipped: skip,
    codes,
    remarks: notes.remarks,
    timings: { totalMs: now() - started, readMs, storeMs },
  });

  try {
    const pages =
      options.shuffleSeed === undefined
        ? layout.read(file, notes)
        : inAnyOrder(layout.read(file, notes), options.shuffleSeed);
    let passed = 0;
    const batches = inBatches(pages, options.batchSize, (page) => {
      const rest = Math.max(0, Math.min(page.length, skip - passed));
      passed += page.length;
      return rest === 0 ? page : page.slice(rest);
    })[Symbol.asyncIterator]();
    for (;;) {
      if (options.signal?.aborted === true) break;
      const from = now();
      const next = await batches.next();
      readMs += now() - from;
      if (next.done === true) break;
      const batch = next.value;
      const answer = sink(batch);
      // It is awaited in its turn; until then a failure must not pass as unhandled.
      answer.catch(() => undefined);
      underWay.push({ items: batch, outcomes: answer });
      if (underWay.length >= inFlight) await settleOldest();
    }
    while (underWay.length > 0) await settleOldest();
    if (options.signal?.aborted === true) {
      await batches.return?.(undefined);
      return finish('stopped');
    }
    return finish('done');
  } catch (error) {
    await Promise.allSettled(underWay.map(({ outcomes: answer }) => answer));
    return finish('failed', error);
  }
}

async function* inBatches(
  pages: AsyncIterable<readonly ImportItem[]>,
  size: number,
  rest: (page: readonly ImportItem[]) => readonly ImportItem[],
): AsyncGenerator<readonly ImportItem[]> {
  let batch: ImportItem[] = [];
  for await (const page of pages)
    for (const item of rest(page)) {
      batch.push(item);
      if (batch.length < size) continue;
      yield batch;
      batch = [];
    }
  if (batch.length > 0) yield batch;
}

async function* inAnyOrder(
  pages: AsyncIterable<readonly ImportItem[]>,
  seed: number,
): AsyncGenerator<readonly ImportItem[]> {
  const all: ImportItem[] = [];
  for await (const page of pages) all.push(...page);
  const mixed = shuffled(all, seed);
  for (let at = 0; at < mixed.length; at += 4096) yield mixed.slice(at, at + 4096);
}
