import type { Processor } from '../processor/processor.js';
import { StepTimes } from '../processor/step-times.js';
import { buildBeside, followBeside, type RebuildOptions } from './build-beside.js';
import { compareStages, compareVersions, type StageMove, type TableDifference } from './differences.js';
import { compareAtOneMoment } from './verify.js';
import { dropVersion, versionToBuild } from './versions.js';

/** What a rebuild would change. */
export interface DryRunResult {
  /** True: nothing. */
  readonly equal: boolean;
  /** Both versions stand at this position of the log. */
  readonly position: number;
  readonly differences: readonly TableDifference[];
  /** How many customers would be in another phase. */
  readonly stages: readonly StageMove[];
}

/**
 * Shows what a rebuild would change: builds beside the live version, compares, and drops the copy. Nothing is switched or published. Where
 * another version of this program made the live version, the tables and columns that both have are compared, at the position and
 * instant of the live one.
 */
export async function dryRun(processor: Processor, options: RebuildOptions = {}): Promise<DryRunResult> {
  const { database, now } = processor.context;
  if (processor.fits) await processor.catchUp();
  const at = await processor.live.checkpoint();
  const version = await versionToBuild(database, now(), true);
  try {
    const goal = { upTo: at.position, asOf: at.clock ?? now() };
    const copy = await buildBeside(processor, version, goal, options, new StepTimes());
    const { schema } = processor.live;
    if (!processor.fits) {
      const differences = await copy.transaction((tx) => compareVersions(tx, schema, copy.schema));
      const stages = await copy.transaction((tx) => compareStages(tx, schema, copy.schema));
      return { equal: differences.length === 0, position: at.position, differences, stages };
    }
    await followBeside(processor, copy, options);
    return await processor.exclusively(async () => {
      const { equal, live, differences } = await compareAtOneMoment(processor, copy);
      const stages = equal ? [] : await copy.transaction((tx) => compareStages(tx, schema, copy.schema));
      return { equal, position: live.position, differences, stages };
    });
  } finally {
    await database.transaction((tx) => dropVersion(tx, version));
  }
}
