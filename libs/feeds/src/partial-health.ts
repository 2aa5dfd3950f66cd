import type { CheckResult } from '#platform';

/** The health of a part without which the process still does its other work, by why its last step failed. */
export const partialHealth = (failure: string | null): CheckResult =>
  failure === null ? { ok: true, detail: 'running' } : { ok: false, detail: failure, required: false };
