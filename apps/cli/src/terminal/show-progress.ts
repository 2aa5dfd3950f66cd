import type { Engine, OnProgress } from '../engine/engine.js';
import type { Session } from '../session.js';
import { Progress } from './progress.js';

/** Shows each step of long work as a bar of its own. */
export function showProgress({ stderr, clock }: Session): { readonly onWork: OnProgress; readonly end: () => void } {
  let step = '';
  let progress: Progress | null = null;
  return {
    onWork: (work) => {
      if (work.step !== step) {
        progress?.end();
        progress = new Progress(work.step, work.unit, stderr, clock);
        step = work.step;
      }
      const { done, total, items } = work;
      progress?.update({ done, total, ...(items === undefined ? {} : { items }) });
    },
    end: () => progress?.end(),
  };
}

/** Waits for the read models, with a bar. False where Ctrl-C came first: what is missing is caught up next time. */
export async function catchUpWithProgress(engine: Engine, session: Session): Promise<boolean> {
  const { onWork, end } = showProgress(session);
  const stopped = new Promise<false>((resolve) => {
    if (session.signal.aborted) resolve(false);
    session.signal.addEventListener('abort', () => resolve(false), { once: true });
  });
  try {
    return await Promise.race([engine.catchUp(onWork).then(() => true), stopped]);
  } finally {
    end();
  }
}
