import { Problem } from '#platform/nest';
import type { Rejected } from '../deciding/decide-customers.js';

/** The answer to what cannot be decided. */
export function decisionProblem(verdict: Rejected, nothing: string): Problem {
  switch (verdict.outcome) {
    case 'invalid':
      return new Problem(422, { detail: nothing, errors: verdict.errors });
    case 'unknown':
      return new Problem(404, { detail: verdict.detail });
    case 'conflict':
      return new Problem(409, {
        detail: verdict.detail,
        ...(verdict.extension === undefined ? {} : { extension: verdict.extension }),
      });
    case 'behind':
      return new Problem(503, {
        detail: 'The read models have not reached the head of the log, and a link may be missing. Try again.',
        headers: { 'retry-after': '5' },
      });
  }
}
