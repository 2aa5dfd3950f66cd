/** A class of personal fields in a calendar year (UTC): what is sealed of it has a key of its own for each subject. */
export interface ClassYear {
  /** The name of the class, such as `free-text`. */
  readonly personalClass: string;
  readonly year: number;
}

/** The key of a class and year. */
export interface ClassKeyName extends ClassYear {
  readonly subjectId: string;
}

/**
 * One sealed text. Version 1, `1.PAYLOAD`: under the key of the subject (or body). Version 2, `2.CLASS.YEAR.PAYLOAD`: under the key of the subject for that
 * class and year. The payload is base64url of nonce, ciphertext and tag; an empty one holds nothing.
 */
export interface SealedPart {
  readonly text: string;
  /** Null in version 1. */
  readonly classYear: ClassYear | null;
  readonly payload: string;
}

const SEPARATOR = ' ';
const VERSION_1 = '1.';
const VERSION_2 = /^2\.([a-z][a-z-]{0,31})\.(-?\d{1,6})\.([\w-]*)$/;

/** What stands before the payload. */
export const sealPrefix = (classYear: ClassYear | null): string =>
  classYear === null ? VERSION_1 : `2.${classYear.personalClass}.${classYear.year}.`;

/** Whether all of it is one text of version 1: the common case, told by two characters and a search. */
export const isVersion1 = (sealed: string): boolean => sealed.startsWith(VERSION_1) && !sealed.includes(SEPARATOR);

/** Joins the parts of what is sealed of one event. */
export const joinParts = (parts: readonly string[]): string => parts.join(SEPARATOR);

/** The parts of what is sealed of one event; null where a part is of no known version. */
export function partsOf(sealed: string): readonly SealedPart[] | null {
  const parts: SealedPart[] = [];
  for (const text of sealed.split(SEPARATOR)) {
    const part = partOf(text);
    if (part === null) return null;
    parts.push(part);
  }
  return parts;
}

function partOf(text: string): SealedPart | null {
  if (text.startsWith(VERSION_1)) return { text, classYear: null, payload: text.slice(VERSION_1.length) };
  const [, personalClass, year, payload] = VERSION_2.exec(text) ?? [];
  if (personalClass === undefined || year === undefined || payload === undefined) return null;
  return { text, classYear: { personalClass, year: Number(year) }, payload };
}
