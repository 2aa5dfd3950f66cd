/** What is wrong with a document, where, and how to fix it. None of it ever holds a value: a value may be personal. */
export interface ValidationIssue {
  /** JSON pointer into the document; empty for the document itself. */
  readonly pointer: string;
  readonly detail: string;
  readonly hint: string;
}

/** The answer of every validation. */
export type Validity = { readonly ok: true } | { readonly ok: false; readonly errors: readonly ValidationIssue[] };

/** A step of a JSON pointer (RFC 6901). */
export function pointerStep(key: string | number): string {
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The keys of a JSON pointer. */
export function pointerKeys(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
