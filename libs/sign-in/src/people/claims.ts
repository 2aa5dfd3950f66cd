import { plainPointerKeys } from '#contracts';

/** At most so many values of the claim are read: a token with more is one of another kind. */
const VALUES_MAX = 1_000;
const NAME_MAX = 200;

/** The values of the claim that a JSON pointer names: one text, or a list of them; null where the claim is not there. */
export function claimValues(claims: Readonly<Record<string, unknown>>, pointer: string): readonly string[] | null {
  let value: unknown = claims;
  for (const key of plainPointerKeys(pointer)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) return null;
  return value.slice(0, VALUES_MAX).filter((each) => typeof each === 'string');
}

/** What to call the person in answers to them. It is kept in no log. */
export function displayName(claims: Readonly<Record<string, unknown>>): string {
  for (const claim of ['name', 'preferred_username', 'email', 'sub']) {
    const value = claims[claim];
    if (typeof value === 'string' && value.trim() !== '') return value.trim().slice(0, NAME_MAX);
  }
  return 'a person';
}
