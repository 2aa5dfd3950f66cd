import type { ProjectorLogger } from '../processor/projector-logger.js';
import type { RebuildOptions } from './build-beside.js';

const EVERY_MS = 10_000;

/** Logs how far a rebuild in the background has come, every ten seconds. */
export function logProgress(logger: ProjectorLogger): RebuildOptions {
  let nextAt = performance.now() + EVERY_MS;
  return {
    onProgress({ phase, done, total, rate, secondsLeft }) {
      if (performance.now() < nextAt) return;
      nextAt = performance.now() + EVERY_MS;
      const left = secondsLeft === null ? '' : `, about ${Math.ceil(secondsLeft)} s left in this phase`;
      logger.info(
        { phase, done, total, rate: Math.round(rate) },
        `The rebuild of the read models goes on: ${phase}, ${done} of ${total}${left}.`,
      );
    },
  };
}
