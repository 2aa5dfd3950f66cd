import type { ValidationIssue } from '#contracts';

/** Why a question has no answer: it was put wrongly, or asks about nobody we know. Never a fault of ours. */
export class QueryRejected extends Error {
  constructor(
    readonly code: 'invalid-question' | 'unknown-question' | 'unknown-customer' | 'not-permitted',
    readonly faults: readonly ValidationIssue[],
  ) {
    super(faults.map(({ pointer: path, detail: reason, hint: hint }) => `${path}: ${reason}. ${hint}`).join(' '));
    this.name = 'QuestionRefused';
  }

  /** The HTTP status that says the same. */
  get status(): 400 | 403 | 404 {
    switch (this.code) {
      case 'invalid-question':
        return 400;
      case 'not-permitted':
        return 403;
      case 'unknown-question':
      case 'unknown-customer':
        return 404;
      default:
        return this.code satisfies never;
    }
  }
}

/** The commonest rejection: one parameter that cannot be taken as it stands. */
export function reject(path: string, reason: string, hint: string): QueryRejected {
  return new QueryRejected('invalid-question', [{ pointer: path, detail: reason, hint: hint }]);
}

export function unknownCustomer(path: string, reason: string): QueryRejected {
  return new QueryRejected('unknown-customer', [
    {
      pointer: path,
      detail: reason,
      hint: 'Ask `customers` who is known, or name them by an identifier: identifier=NAMESPACE:VALUE.',
    },
  ]);
}
