/** One thing that is wrong with a question, and what would mend it. */
export interface Fault {
  /** The parameter, by the name the asker used. */
  readonly path: string;
  readonly reason: string;
  readonly mend: string;
}

/** Why a question has no answer: it was put wrongly, or asks about nobody we know. Never a fault of ours. */
export class QuestionRefused extends Error {
  constructor(
    readonly code: 'invalid-question' | 'unknown-question' | 'unknown-customer' | 'not-permitted',
    readonly faults: readonly Fault[],
  ) {
    super(faults.map(({ path, reason, mend }) => `${path}: ${reason}. ${mend}`).join(' '));
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

/** The commonest refusal: one parameter that cannot be taken as it stands. */
export function refuse(path: string, reason: string, mend: string): QuestionRefused {
  return new QuestionRefused('invalid-question', [{ path, reason, mend }]);
}

export function unknownCustomer(path: string, reason: string): QuestionRefused {
  return new QuestionRefused('unknown-customer', [
    { path, reason, mend: 'Ask `customers` who is known, or name her by an identifier: identifier=NAMESPACE:VALUE.' },
  ]);
}
