import type { Processor } from '../processor/processor.js';
import { StepTimes, type Step } from '../processor/step-times.js';
import { buildBeside, followBeside, type RebuildOptions } from './build-beside.js';
import { switchTo } from './switch.js';
import { dropOldVersions, versionToBuild } from './versions.js';

export interface Rebuilt {
  /** The version that is live now. */
  readonly version: number;
  readonly position: number;
  /** Events that were read to build it; none when it had been built before and only waited for its switch. */
  readonly events: number;
  readonly stepMs: Readonly<Record<Step, number>>;
  readonly elapsedMs: number;
}

/**
 * Builds the read models again beside the live ones, which go on in the meantime, and switches to them. A build that was killed goes on from
 * where it was. What the new version holds otherwise than what was published is published after the switch.
 */
export async function rebuild(processor: Processor, options: RebuildOptions = {}): Promise<Rebuilt> {
  const { database, log, now } = processor.context;
  const begun = performance.now();
  const times = new StepTimes();
  const version = await versionToBuild(database, now());
  const read = { links: 0, 'catching-up': 0 };
  const counting: RebuildOptions = {
    ...options,
    onProgress: (progress) => {
      if (progress.phase === 'links' || progress.phase === 'catching-up') read[progress.phase] = progress.items;
      options.onProgress?.(progress);
    },
  };
  const goal = { upTo: (await log.head()).position, asOf: now() };
  const copy = await buildBeside(processor, version, goal, counting, times);
  await followBeside(processor, copy, counting);
  await switchTo(processor, version, copy, counting.onProgress);
  await dropOldVersions(database);
  return {
    version: version.version,
    position: processor.position,
    events: read.links + read['catching-up'],
    stepMs: times.ms,
    elapsedMs: performance.now() - begun,
  };
}
