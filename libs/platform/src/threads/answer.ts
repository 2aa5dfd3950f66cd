/** An error that crosses threads: a structured clone would lose its class and its code. */
export interface Failure {
  /** Null where the error is of no class that both sides know. */
  readonly code: string | null;
  readonly message: string;
}

/** A thread's answer to the request of this number: a value, unless it failed. */
export interface Answer<Value> {
  readonly no: number;
  readonly value?: Value;
  readonly failure?: Failure;
}

/** An error as it crosses threads. `Known`: the class of errors that the other side makes again, with their code. */
export function failureOf(
  error: unknown,
  Known: abstract new (...args: never[]) => Error & { readonly code: string },
): Failure {
  if (error instanceof Known) return { code: error.code, message: error.message };
  return { code: null, message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
