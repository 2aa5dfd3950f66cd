/**
 * What is wrong with a document, where, and how to fix it. Of a touchpoint it never holds a value: a value may be personal.
 *
 * @example
 * { pointer: '#/lines/0/quantity', detail: 'must be a whole number from 1 to 1,000,000 (got text)',
 *   hint: 'write the number without quotes: a whole number from 1 to 1,000,000' }
 */
export interface ValidationIssue {
  /** JSON pointer as a URI fragment (RFC 6901, section 6), as in RFC 9457: `#/lines/0/quantity`; `#` is the document itself. */
  readonly pointer: string;
  /** What is wrong. With the name of the field before it, it is a sentence: "`quantity` must be a whole number". */
  readonly detail: string;
  /** How to fix it, in the imperative. */
  readonly hint: string;
}

/** The answer of every validation. */
export type Validity = { readonly ok: true } | { readonly ok: false; readonly errors: readonly ValidationIssue[] };

/** The pointer of the document itself. */
export const ROOT = '#';

/** The pointer to a place: `pointerTo('lines', 0, 'quantity')` is `#/lines/0/quantity`. */
export function pointerTo(...keys: readonly (string | number)[]): string {
  return fragment(keys.map(pointerStep).join(''));
}

/** The URI fragment of a plain JSON pointer: `/lines/0` is `#/lines/0`. */
export function fragment(plain: string): string {
  return `#${encodeURI(wellFormed(plain)).replaceAll('#', '%23')}`;
}

/** An issue of a part, as an issue of the whole: `issueUnder('#/data', issue)`. */
export function issueUnder(pointer: string, issue: ValidationIssue): ValidationIssue {
  return { ...issue, pointer: pointer + issue.pointer.slice(1) };
}

/** The keys that a pointer names: `#/lines/0/quantity` names `lines`, `0` and `quantity`. */
export function keysOf(pointer: string): string[] {
  return pointerKeys(decodeURIComponent(pointer.slice(1)));
}

/** How people write a place: `lines[0].quantity`; "the document" for the document itself. */
export function placeText(pointer: string, whole = 'the document'): string {
  const keys = keysOf(pointer);
  if (keys.length === 0) return whole;
  const path = keys.map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join('');
  return `\`${path.replace(/^\./, '')}\``;
}

/**
 * One issue as a sentence for people, with its hint unless that only repeats the detail. `place` gives the name of a field
 * where people know it by another: `--as-of`, `PORT`.
 */
export function issueText(issue: ValidationIssue, place: (pointer: string) => string = placeText): string {
  const { detail, hint } = issue;
  const repeats = detail.includes(hint.replace(/^give /, ''));
  return `${place(issue.pointer)} ${detail}${repeats ? '' : `: ${hint}`}`;
}

/** A step of a plain JSON pointer (RFC 6901), as sealed fields are named by it. */
export function pointerStep(key: string | number): string {
  return `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The keys of a plain JSON pointer. */
export function pointerKeys(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** A half of a surrogate pair has no place in a URI. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}
