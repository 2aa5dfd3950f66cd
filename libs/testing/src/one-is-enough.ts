import type { Approvals } from '#platform';

/** Every act may be done by one principal alone. */
export const ONE_IS_ENOUGH: Approvals = { require: () => Promise.resolve(), onApproved: () => undefined };
