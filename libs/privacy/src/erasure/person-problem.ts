import { Problem } from '#platform/nest';
import type { FoundPerson } from './find-person.js';

/** The answer to a request whose person could not be found. `instead`: what the caller does where there are several. */
export function personProblem(verdict: Exclude<FoundPerson, { readonly outcome: 'found' }>, instead: string): Problem {
  switch (verdict.outcome) {
    case 'unknown-customer':
      return new Problem(404, { detail: 'No customer has this id.' });
    case 'several-customers':
      return new Problem(409, {
        detail: `These identifiers belong to ${verdict.customerIds.length} customers: ${instead}.`,
        extension: { customerIds: verdict.customerIds },
      });
    case 'behind':
      return new Problem(503, {
        detail: 'The read models have not reached the head of the log, and a link may be missing. Try again.',
        headers: { 'retry-after': '5' },
      });
  }
}
