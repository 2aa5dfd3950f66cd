/** The steps of the work whose share of time is measured. */
export type Step = 'read' | 'index' | 'load' | 'parse' | 'fold' | 'write';

/** Counts how long each step takes: two readings of a clock a step, cheap enough to be always on. */
export class StepTimes {
  readonly ms: Record<Step, number> = { read: 0, index: 0, load: 0, parse: 0, fold: 0, write: 0 };

  async of<T>(step: Step, work: () => Promise<T>): Promise<T> {
    const begun = performance.now();
    try {
      return await work();
    } finally {
      this.ms[step] += performance.now() - begun;
    }
  }

  ofSync<T>(step: Step, work: () => T): T {
    const begun = performance.now();
    try {
      return work();
    } finally {
      this.ms[step] += performance.now() - begun;
    }
  }
}
