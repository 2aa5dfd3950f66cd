import type { Engine, OnProgress } from '../engine/engine.js';
import type { Session } from '../session.js';
import { Progress } from './progress.js';

/** Shows the progress of long work, with a bar for each of its steps. */
export function showProgress({ stderr, clock }: Session): {
  readonly onProgress: OnProgress;
  readonly end: () => void;
} {
  let step = '';
  let bar: Progress | null = null;
  return {
    onProgress: (progress) => {
      if (progress.step !== step) {
        bar?.end();
        bar = new Progress(progress.step, progress.unit, stderr, clock);
        step = progress.step;
      }
      const { done, total, items } = progress;
      bar?.update({ done, total, ...(items === undefined ? {} : { items }) });
    },
    end: () => bar?.end(),
  };
}

/** Waits until the read models have caught up, with a bar. False where Ctrl-C comes first: the engine then catches up at its next start. */
export async function catchUpWithProgress(engine: Engine, session: Session): Promise<boolean> {
  const { onProgress, end } = showProgress(session);
  const stopped = new Promise<false>((resolve) => {
    if (session.signal.aborted) resolve(false);
    session.signal.addEventListener('abort', () => resolve(false), { once: true });
  });
  try {
    return await Promise.race([engine.catchUp(onProgress).then(() => true), stopped]);
  } finally {
    end();
  }
}
