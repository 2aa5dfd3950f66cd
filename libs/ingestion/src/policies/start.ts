import { DAY, parseInstant, type Instant, type ValidationIssue } from '#contracts';
import { dayStart } from '#lifecycle';

/** From when a policy is to be in force. */
export type Start =
  { readonly kind: 'now' } | { readonly kind: 'beginning' } | { readonly kind: 'instant'; readonly at: Instant };

/** The word for the beginning of time. */
export const BEGINNING = 'beginning';

const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** The bounds keep arithmetic on instants away from the ends of what stores and calendar hold. */
const EARLIEST = Date.UTC(1800, 0, 1);
const LATEST = Date.UTC(9000, 0, 1);

/** Reads from when a policy is to be in force. A date is its start in the time zone of that policy. */
export function readStart(
  text: string | null,
  timeZone: string,
): { readonly ok: true; readonly start: Start } | { readonly ok: false; readonly issue: ValidationIssue } {
  if (text === null) return { ok: true, start: { kind: 'now' } };
  if (text === BEGINNING) return { ok: true, start: { kind: 'beginning' } };
  const utc = parseInstant(DATE.test(text) ? `${text}T00:00:00Z` : text);
  if (utc === null || utc < EARLIEST || utc >= LATEST)
    return {
      ok: false,
      issue: {
        pointer: '#/effectiveFrom',
        detail: 'must be a date, a date-time with its offset, or beginning',
        hint: `write it as 2027-01-31, as 2027-01-31T09:00:00+01:00, or ${BEGINNING}; or leave it out`,
      },
    };
  return { ok: true, start: { kind: 'instant', at: DATE.test(text) ? dayStart(utc / DAY, timeZone) : utc } };
}
