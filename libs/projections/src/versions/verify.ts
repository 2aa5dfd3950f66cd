import type { Processor } from '../processor/processor.js';
import { ReadModelStore } from '../read-models/read-model-store.js';
import { buildBeside, type RebuildOptions } from './build-beside.js';
import { compareVersions, type TableDifference } from './differences.js';
import { digestLive, digestTables, type Digest } from './digest.js';
import { dropVersion, versionToBuild } from './versions.js';
import { StepTimes } from '../processor/step-times.js';

/** Whether the live read models are what the log gives. */
export interface Verification {
  readonly equal: boolean;
  readonly live: Digest;
  readonly rebuilt: Digest;
  readonly differences: readonly TableDifference[];
}

/** Builds the read models again beside the live ones, compares the two, and drops the copy. */
export async function verify(processor: Processor, options: RebuildOptions = {}): Promise<Verification> {
  const { database, now } = processor.context;
  const live = await digestLive(processor);
  const version = await versionToBuild(database, now());
  try {
    const goal = { upTo: live.position, asOf: live.clock ?? now() };
    const copy = await buildBeside(processor, version, goal, options, new StepTimes());
    const rebuilt = await copy.transaction(digestTables);
    if (rebuilt.position === live.position && rebuilt.clock === live.clock && rebuilt.overall === live.overall)
      return { equal: true, live, rebuilt, differences: [] };
    // The two differ, or the build had been begun earlier: both are brought to one moment and compared row by row.
    return await processor.exclusively(() => compareAtOneMoment(processor, copy));
  } finally {
    await database.transaction((tx) => dropVersion(tx, version));
  }
}

/** Brings the live version and a copy to one position and one instant, and compares them. The caller has the processor's turn. */
export async function compareAtOneMoment(
  { context, steps, live: current }: Processor,
  copy: ReadModelStore,
): Promise<Verification> {
  const instant = context.now();
  const now = () => instant;
  const frozen = { ...context, now };
  const live = new ReadModelStore(frozen, current.schema, current.version, true);
  const rebuilt = new ReadModelStore(frozen, copy.schema, copy.version, false);
  const upTo = (await context.log.head()).position;
  for (const store of [live, rebuilt]) await steps.settle(store, upTo, now);
  const digests = {
    live: await live.transaction(digestTables),
    rebuilt: await rebuilt.transaction(digestTables),
  };
  if (digests.live.overall === digests.rebuilt.overall) return { equal: true, ...digests, differences: [] };
  const differences = await live.transaction((tx) => compareVersions(tx, live.schema, rebuilt.schema));
  return { equal: false, ...digests, differences };
}
