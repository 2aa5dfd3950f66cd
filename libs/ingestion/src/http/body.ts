import { Problem } from '#platform/nest';
import type { ValidationIssue } from '#contracts';

/** The fields of a body that must be an object. Throws `Problem` 422 for any other, and for fields that nobody reads. */
export function fieldsOf(body: unknown, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (body === undefined || body === null) return {};
  if (typeof body !== 'object' || Array.isArray(body))
    throw invalid([{ pointer: '#', detail: 'is no object', hint: `give an object with: ${known.join(', ')}` }]);
  const errors = Object.keys(body)
    .filter((name) => !known.includes(name))
    .map((name): ValidationIssue => ({
      pointer: `#/${name}`,
      detail: 'is not known here',
      hint: `known are: ${known.join(', ')}`,
    }));
  if (errors.length > 0) throw invalid(errors);
  return body as Readonly<Record<string, unknown>>;
}

/** The answer to a body that was read and cannot be followed. */
export function invalid(errors: readonly ValidationIssue[], detail = 'This cannot be done as it was put.'): Problem {
  return new Problem(422, { type: 'invalid', detail, errors });
}
