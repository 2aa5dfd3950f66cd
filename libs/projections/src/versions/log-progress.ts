import type { ProjectorLogger } from '../processor/projector-logger.js';
import type { RebuildOptions } from './build-beside.js';

const EVERY_MS = 10_000;

/** Logs how far a rebuild in the background has come, every ten seconds, beside what the caller is told. */
export function logProgress(logger: ProjectorLogger, options: RebuildOptions = {}): RebuildOptions {
  let nextAt = performance.now() + EVERY_MS;
  return {
    ...options,
    onProgress(progress) {
      options.onProgress?.(progress);
      if (performance.now() < nextAt) return;
      nextAt = performance.now() + EVERY_MS;
      const { phase, done, total, rate, secondsLeft } = progress;
      const left = secondsLeft === null ? '' : `, about ${Math.ceil(secondsLeft)} s left in this phase`;
      logger.info(
        { phase, done, total, rate: Math.round(rate) },
        `The rebuild of the read models goes on: ${phase}, ${done} of ${total}, ${Math.round(rate)} a second${left}.`,
      );
    },
  };
}
