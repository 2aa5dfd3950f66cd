import { pointerTo, type ValidationIssue } from '#contracts/basics';
import { NOTHING_STATED, type OpeningKind, type StatedPurpose } from './openings.js';

/** The headers by which a request states why it opens personal data, and what each may hold. */
export const OPENING_HEADERS = {
  purpose: {
    name: 'perennial-purpose',
    description:
      'Why personal data are opened: a purpose of the policy, such as service. Without one that is granted to the principal, personal fields are null.',
  },
  ticket: {
    name: 'perennial-ticket',
    description: 'The case that they are opened for, such as C-123: letters, digits and # . _ : / -, at most 100.',
  },
  reason: {
    name: 'perennial-reason',
    description: 'Why, in words, percent-encoded (RFC 3986): at most 500 characters. It is sealed.',
  },
  kind: {
    name: 'perennial-opening-kind',
    description:
      'export where the client writes the answer to a file. By default JSON is recorded as view, and CSV and NDJSON are as export.',
  },
} as const;

const PURPOSE = /^[a-z][a-z0-9-]{0,63}$/;
const TICKET = /^[\w#.:/-]{1,100}$/;
const REASON_MAX = 500;

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What is stated, or what is wrong with it. */
export type StatedReading =
  | { readonly ok: true; readonly stated: StatedPurpose; readonly kind: OpeningKind | null }
  | { readonly ok: false; readonly errors: readonly ValidationIssue[] };

/** Reads what the headers of a request state. A purpose that the policy does not have is no error here. */
export function statedPurposeIn(headers: Headers): StatedReading {
  const [purpose, ticket, reason, kind] = [
    headers[OPENING_HEADERS.purpose.name],
    headers[OPENING_HEADERS.ticket.name],
    headers[OPENING_HEADERS.reason.name],
    headers[OPENING_HEADERS.kind.name],
  ].map((value) => (typeof value === 'string' && value !== '' ? value : null)) as [
    string | null,
    string | null,
    string | null,
    string | null,
  ];
  const decoded = reason === null ? null : decodedOf(reason);
  const issues = statedIssues({ purpose, ticket, reason: decoded ?? null }, headerOf);
  if (decoded === undefined)
    issues.push({
      pointer: pointerTo(OPENING_HEADERS.reason.name),
      detail: 'is not percent-encoded UTF-8',
      hint: 'encode it, as encodeURIComponent does',
    });
  if (kind !== null && kind !== 'view' && kind !== 'export')
    issues.push({
      pointer: pointerTo(OPENING_HEADERS.kind.name),
      detail: 'must be view or export',
      hint: 'send export where the answer is written to a file, or leave it out',
    });
  if (issues.length > 0) return { ok: false, errors: issues };
  return { ok: true, stated: { purpose, ticket, reason: decoded ?? null }, kind: kind as OpeningKind | null };
}

const headerOf = (field: keyof StatedPurpose): string => OPENING_HEADERS[field].name;

/** What is wrong with what a caller states; `nameOf` is how the caller gives each: a header, or an option. */
export function statedIssues(
  { purpose, ticket, reason }: StatedPurpose,
  nameOf: (field: keyof StatedPurpose) => string,
): ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  if (purpose !== null && !PURPOSE.test(purpose))
    issues.push({
      pointer: pointerTo(nameOf('purpose')),
      detail: 'must be the name of a purpose: 1 to 64 lower-case letters, digits and hyphens, a letter first',
      hint: 'send a purpose of the policy, such as service',
    });
  if (ticket !== null && !TICKET.test(ticket))
    issues.push({
      pointer: pointerTo(nameOf('ticket')),
      detail: 'must be the name of a case: 1 to 100 letters, digits and # . _ : / -',
      hint: 'send a reference such as C-123; words belong into the reason',
    });
  if (reason !== null && [...reason].length > REASON_MAX)
    issues.push({
      pointer: pointerTo(nameOf('reason')),
      detail: `must be text of at most ${REASON_MAX} characters`,
      hint: 'give a sentence or two',
    });
  return issues;
}

/** The headers that state it: for a client. */
export function openingHeaders(
  { purpose, ticket, reason }: StatedPurpose = NOTHING_STATED,
  kind: OpeningKind = 'view',
): Record<string, string> {
  return {
    ...(purpose === null ? {} : { [OPENING_HEADERS.purpose.name]: purpose }),
    ...(ticket === null ? {} : { [OPENING_HEADERS.ticket.name]: ticket }),
    ...(reason === null ? {} : { [OPENING_HEADERS.reason.name]: encodeURIComponent(reason) }),
    ...(kind === 'view' ? {} : { [OPENING_HEADERS.kind.name]: kind }),
  };
}

/** Undefined where the text is not percent-encoded UTF-8. */
function decodedOf(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
