import type { Instant } from '#contracts';
import { foldDirtyAccounts } from '../accounts/fold-accounts.js';
import type { Processor } from '../processor/processor.js';
import { eventsBetween } from '../processor/steps.js';
import type { StepTimes } from '../processor/step-times.js';
import { ReadModelStore } from '../read-models/read-model-store.js';
import { build } from './build/build.js';
import type { BuildProgress } from './build/build-run.js';
import type { Version } from './versions.js';

export interface RebuildOptions {
  readonly onProgress?: (progress: BuildProgress) => void;
  /** Stops between two steps; the next call goes on from there. */
  readonly signal?: AbortSignal;
  /** As in `BuildOptions`: how much of a log a rebuild may hold in memory. */
  readonly heldBytesMax?: number;
}

/** The position and the instant that a build stops at. */
export interface BuildGoal {
  readonly upTo: number;
  readonly asOf: Instant;
}

/** Builds a version beside the live one, unless it was built before; returns the store of its tables. */
export async function buildBeside(
  { context, steps }: Processor,
  version: Version,
  { upTo, asOf }: BuildGoal,
  options: RebuildOptions,
  times: StepTimes = context.times,
): Promise<ReadModelStore> {
  const { database, log, ids, snapshotEvery, temporaryFolder, open } = context;
  const store = storeBeside({ ...context, times }, version);
  if (version.status === 'building') {
    const { schema } = version;
    const { foldBatchSize } = steps;
    const from = { database, log, ids, schema, upTo, asOf };
    await build({ ...options, ...from, times, foldBatchSize, snapshotEvery, temporaryFolder, open });
  }
  await foldAccountsBeside(
    storeBeside({ ...context, times, now: () => asOf }, version),
    steps.accountBatchSize,
    options,
  );
  return store;
}

/** Folds the accounts that a build left dirty, since they follow from the customers of the whole log: as of the instant of the build. */
async function foldAccountsBeside(store: ReadModelStore, batchSize: number, { signal }: RebuildOptions): Promise<void> {
  while ((await foldDirtyAccounts(store, batchSize, true)) > 0) signal?.throwIfAborted();
}

/** The store of a version that is not the live one. */
export function storeBeside(context: Processor['context'], { schema, version }: Version): ReadModelStore {
  return new ReadModelStore(context, schema, version, false);
}

/** Brings a version that is not live near the head of the log, while the live one goes on. */
export async function followBeside(
  { context, steps }: Processor,
  copy: ReadModelStore,
  { onProgress, signal }: RebuildOptions,
): Promise<void> {
  const from = await copy.position();
  const begun = performance.now();
  let items = 0;
  for (let position = from; ;) {
    signal?.throwIfAborted();
    const head = (await context.log.head()).position;
    const page = await steps.readPage(position, undefined, steps.pageSizeMax);
    if (page === null || page.events.length < steps.pageSizeMax) return;
    position = await steps.indexPage(copy, page, eventsBetween(position, head, page) <= steps.bulkLag);
    items += page.events.length;
    const seconds = (performance.now() - begun) / 1_000;
    const [done, total] = [position - from, head - from];
    const secondsLeft = done > 0 ? ((total - done) / done) * seconds : null;
    onProgress?.({ phase: 'catching-up', done, total, items, rate: items / Math.max(seconds, 1e-3), secondsLeft });
  }
}
