import { issueText, pointerTo, type ValidationIssue } from '#contracts';

/** A query that cannot be answered: a parameter is not valid, or the customer is not known. Never an error of the engine. */
export class QueryRejected extends Error {
  constructor(
    readonly code: 'invalid-query' | 'unknown-query' | 'unknown-customer' | 'not-permitted',
    readonly issues: readonly ValidationIssue[],
  ) {
    super(issues.map((issue) => issueText(issue)).join('; '));
    this.name = 'QueryRejected';
  }

  /** The HTTP status that says the same. */
  get status(): 400 | 403 | 404 {
    switch (this.code) {
      case 'invalid-query':
        return 400;
      case 'not-permitted':
        return 403;
      case 'unknown-query':
      case 'unknown-customer':
        return 404;
      default:
        return this.code satisfies never;
    }
  }
}

/** The commonest rejection: one parameter is not valid. */
export function reject(name: string, detail: string, hint: string): QueryRejected {
  return new QueryRejected('invalid-query', [{ pointer: pointerTo(name), detail, hint }]);
}

export function unknownCustomer(name: string, detail: string): QueryRejected {
  return new QueryRejected('unknown-customer', [
    {
      pointer: pointerTo(name),
      detail,
      hint: 'run `customers` to list the known ones, or name the customer by an identifier: identifier=NAMESPACE:VALUE',
    },
  ]);
}
