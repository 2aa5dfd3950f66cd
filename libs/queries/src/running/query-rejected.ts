import { formatInstant, issueText, pointerTo, type Instant, type ValidationIssue } from '#contracts';

/** A query that cannot be answered: a parameter is not valid, or the customer or the account is not known. Never an error of the engine. */
export class QueryRejected extends Error {
  constructor(
    readonly code:
      'invalid-query' | 'unknown-query' | 'unknown-customer' | 'unknown-account' | 'erased' | 'not-permitted',
    readonly issues: readonly ValidationIssue[],
    /** Further fields of the problem that answers it. */
    readonly extension: Readonly<Record<string, unknown>> = {},
  ) {
    super(issues.map((issue) => issueText(issue)).join('; '));
    this.name = 'QueryRejected';
  }

  /** The HTTP status that says the same. */
  get status(): 400 | 403 | 404 | 410 {
    switch (this.code) {
      case 'invalid-query':
        return 400;
      case 'not-permitted':
        return 403;
      case 'unknown-query':
      case 'unknown-customer':
      case 'unknown-account':
        return 404;
      case 'erased':
        return 410;
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

/** For an auditor alone: every other caller is told that there is no such customer. */
export function erasedCustomer(name: string, erasedAt: Instant | null): QueryRejected {
  const at = erasedAt === null ? null : formatInstant(erasedAt);
  return new QueryRejected(
    'erased',
    [
      {
        pointer: pointerTo(name),
        detail: `belongs to a person who was erased${at === null ? '' : ` at ${at}`}`,
        hint: 'run `privacy` for the record of the erasure; what is left of the history can be read by the id of the customer',
      },
    ],
    { erasedAt: at },
  );
}
