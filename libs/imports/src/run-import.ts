import { placeText, type ValidationIssue } from '#contracts';
import type { ImportItem } from './import-item.js';
import type { ImportFile, ImportReader, ReadReport } from './import-reader.js';
import { shuffled } from './shuffle.js';

/** What became of one item: the four outcomes of ingestion. */
export interface ItemOutcome {
  readonly outcome: 'accepted' | 'duplicate' | 'quarantined' | 'suppressed';
  /** Why it was quarantined or suppressed; of a duplicate, why the first one was. */
  readonly code?: string;
  readonly pointer?: string;
  readonly detail?: string;
  readonly hint?: string;
  /** Of what was quarantined, now or before: its id. */
  readonly quarantineId?: string;
  /** What is likely meant otherwise in this accepted item, or in any of its batch. */
  readonly warnings?: readonly ItemWarning[];
}

/** What is likely meant otherwise in an accepted item: a field that nothing reads, a namespace that is likely misspelt. */
export interface ItemWarning extends ValidationIssue {
  readonly code: string;
  /** How many items it holds for; one where it is absent. */
  readonly count?: number;
}

/** Ingests a batch. Resolves with an outcome for each item, in their order, once they are durable. */
export type ImportSink = (items: readonly ImportItem[]) => Promise<readonly ItemOutcome[]>;

export interface ImportProgress {
  /** How many items, from the first on, have an outcome. */
  readonly items: number;
  /** The line of the file that those items reach to. */
  readonly line: number;
  readonly bytesRead: number;
  readonly outcomes: Readonly<Record<ItemOutcome['outcome'], number>>;
}

export interface ImportOptions {
  readonly reader: ImportReader;
  readonly file: ImportFile;
  readonly sink: ImportSink;
  /** Items in a batch. Each batch is one commit. */
  readonly batchSize: number;
  /** Batches in flight at once: the next one is read and mapped while the last one is being stored. */
  readonly batchesInFlight?: number;
  /** The number of items that an earlier run of the same file imported: they are read and skipped. */
  readonly skip?: number;
  /** Ingests the items in an order drawn from this seed (all are held in memory): for tests that order does not matter. */
  readonly shuffleSeed?: number;
  /** Stops the import once the batches in flight are stored. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ImportProgress) => void;
  /** Called with each batch and its outcomes, in their order. */
  readonly onOutcomes?: (items: readonly ImportItem[], outcomes: readonly ItemOutcome[]) => void;
  /** A monotonic clock in milliseconds, for the timings. */
  readonly now: () => number;
}

export interface ImportSummary {
  readonly outcome: 'done' | 'stopped' | 'failed';
  /** Why it failed: a full disk, an engine that stopped answering, a truncated file. */
  readonly error?: unknown;
  /** Lines read that were not empty. */
  readonly lines: number;
  readonly progress: ImportProgress;
  readonly skipped: number;
  /** Counts by code, of what was quarantined or suppressed. */
  readonly codes: ReadonlyMap<string, number>;
  readonly notices: ReadonlyMap<string, number>;
  /** Warnings of accepted items, each kind once, with the number of its items. */
  readonly warnings: ReadonlyMap<string, number>;
  readonly timings: {
    readonly totalMs: number;
    /** Spent waiting for the file to be read, parsed and mapped. */
    readonly readMs: number;
    /** Spent waiting for the sink. */
    readonly storeMs: number;
  };
}

/** So many kinds of warnings are told of one file. */
const WARNINGS_MAX = 50;

/** Lines of one order have the same warning: their place in its list is not part of it. */
const warningText = ({ pointer, detail, hint }: ItemWarning): string =>
  `${placeText(pointer.replace(/\/\d+/g, ''))} ${detail}: ${hint}`;

interface PendingBatch {
  readonly items: readonly ImportItem[];
  readonly outcomes: Promise<readonly ItemOutcome[]>;
}

/**
 * Imports a file, batch by batch. It never throws for what happens on the way: an error ends the run as `failed`, with the number of items
 * stored until then, so that a second run can continue. Importing twice is the same as importing once: the id of an item follows from the file.
 */
export async function runImport(options: ImportOptions): Promise<ImportSummary> {
  const { reader, sink, now } = options;
  const started = now();
  const report: ReadReport = { lines: 0, notices: new Map() };
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
  const warnings = new Map<string, number>();
  const pending: PendingBatch[] = [];
  let items = skip;
  let line = 0;
  let storeMs = 0;
  let readMs = 0;
  const progress = (): ImportProgress => ({ items, line, bytesRead, outcomes: { ...outcomes } });

  const awaitOldest = async (): Promise<void> => {
    const oldest = pending[0];
    if (oldest === undefined) return;
    const from = now();
    const answered = await oldest.outcomes;
    storeMs += now() - from;
    pending.shift();
    options.onOutcomes?.(oldest.items, answered);
    for (const { outcome, code, warnings: ofItem } of answered) {
      outcomes[outcome] += 1;
      for (const warning of ofItem ?? []) {
        const text = warningText(warning);
        if (warnings.has(text) || warnings.size < WARNINGS_MAX)
          warnings.set(text, (warnings.get(text) ?? 0) + (warning.count ?? 1));
      }
      if (code !== undefined && outcome !== 'duplicate') codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    items += oldest.items.length;
    line = oldest.items.at(-1)?.line ?? line;
    options.onProgress?.(progress());
  };
  const finish = (outcome: ImportSummary['outcome'], error?: unknown): ImportSummary => ({
    outcome,
    ...(error === undefined ? {} : { error }),
    lines: report.lines,
    progress: progress(),
    skipped: skip,
    codes,
    notices: report.notices,
    warnings,
    timings: { totalMs: now() - started, readMs, storeMs },
  });

  try {
    const pages =
      options.shuffleSeed === undefined
        ? reader.read(file, report)
        : inRandomOrder(reader.read(file, report), options.shuffleSeed);
    let read = 0;
    const batches = inBatches(pages, options.batchSize, (page) => {
      const rest = Math.max(0, Math.min(page.length, skip - read));
      read += page.length;
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
      // The batch is awaited in its turn; until then its failure must not count as unhandled.
      answer.catch(() => undefined);
      pending.push({ items: batch, outcomes: answer });
      if (pending.length >= inFlight) await awaitOldest();
    }
    while (pending.length > 0) await awaitOldest();
    if (options.signal?.aborted === true) {
      await batches.return?.(undefined);
      return finish('stopped');
    }
    return finish('done');
  } catch (error) {
    await Promise.allSettled(pending.map(({ outcomes: answer }) => answer));
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

async function* inRandomOrder(
  pages: AsyncIterable<readonly ImportItem[]>,
  seed: number,
): AsyncGenerator<readonly ImportItem[]> {
  const all: ImportItem[] = [];
  for await (const page of pages) all.push(...page);
  const mixed = shuffled(all, seed);
  for (let at = 0; at < mixed.length; at += 4096) yield mixed.slice(at, at + 4096);
}
