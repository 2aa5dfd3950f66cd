import { NAMESPACES } from '#contracts';
import { PAIR, PERSON_NAMES } from '../pipeline/found-identifiers.js';
import { plainName, type PersonSearch } from './person-search.js';
import { textsIn } from './readable-forms.js';

/** What stands where data of another person were taken out. */
export const WITHHELD = '[withheld: it concerns another person]';

/** A body as the person that it names may see it. */
export interface BodyOfPerson {
  readonly body: unknown;
  /** How many parts were taken out, since they name another person. */
  readonly withheld: number;
}

/** An address or a number that may name a person. */
const ADDRESS = /[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-][\p{L}\p{N}.-]{0,189}/gu;
const NUMBER = /\+?\(?\d(?:[\s().\-–/]{0,3}\d){6,17}/g;
const DIGITS_MIN = 8;
const SOFT_BREAK = /=\r?\n/g;
/** Deeper than this, a part that names another person is taken out as a whole. */
const DEPTH_MAX = 200;

/**
 * The parts of a body that concern a person, and what concerns no one: a part that names another person and not this one is taken out whole; of a part that names
 * both, its own parts are looked at; in a text that names both, the other's identifiers are taken out, and the whole text where they are encoded in it.
 */
export function bodyOfPerson(body: unknown, person: PersonSearch, namespaces: readonly string[]): BodyOfPerson {
  const view = new PersonView(person, namespaces);
  return { body: view.of(body, null, 0), withheld: view.withheld };
}

class PersonView {
  withheld = 0;
  private readonly names: ReadonlySet<string>;

  constructor(
    private readonly person: PersonSearch,
    namespaces: readonly string[],
  ) {
    this.names = new Set([...PERSON_NAMES, ...[...NAMESPACES, ...namespaces].map(plainName)]);
  }

  of(value: unknown, field: string | null, depth: number): unknown {
    const node = field === null ? value : { [field]: value };
    if (!this.namesAnother(node)) return value;
    if (depth > DEPTH_MAX || !this.person.isIn(node)) return this.without();
    if (typeof value === 'string') return this.text(value, field);
    if (Array.isArray(value)) return value.map((item) => this.of(item, field, depth + 1));
    if (typeof value !== 'object' || value === null) return this.without();
    const { namespace } = value as { readonly namespace?: unknown };
    return Object.fromEntries(
      Object.entries(value).map(([name, part]) => {
        const shown = this.namesAnother(name) ? this.without() : name;
        // An identifier in our form: its value belongs to the namespace beside it.
        const of = name === 'value' && typeof namespace === 'string' ? namespace : name;
        return [shown, this.of(part, of, depth + 1)];
      }),
    );
  }

  private without(): string {
    this.withheld += 1;
    return WITHHELD;
  }

  private text(text: string, field: string | null): string {
    const masked = text
      .replace(SOFT_BREAK, '')
      .replace(ADDRESS, (found) => (this.person.isIn(found) ? found : WITHHELD))
      .replace(NUMBER, (found) => (this.isNumberOfAnother(found) ? WITHHELD : found))
      .replace(PAIR, (pair, name: string, ...values: (string | undefined)[]) => {
        const value = values.slice(0, 3).find((each) => each !== undefined) ?? '';
        return this.isNameOfAnother(name, value) ? pair.replace(value, WITHHELD) : pair;
      });
    if (masked === text.replace(SOFT_BREAK, '') || this.namesAnother(field === null ? masked : { [field]: masked }))
      return this.without();
    this.withheld += 1;
    return masked;
  }

  /** Whether an identifier of another person stands in it, in any form. */
  private namesAnother(node: unknown): boolean {
    for (const { field, text } of textsIn(node).texts) {
      if (field !== null && this.isNameOfAnother(field, text)) return true;
      // A line that mail software broke is read joined, which is one of its forms too.
      for (const [found] of text.replace(SOFT_BREAK, '').matchAll(ADDRESS)) if (!this.person.isIn(found)) return true;
      for (const [found] of text.matchAll(NUMBER)) if (this.isNumberOfAnother(found)) return true;
      for (const [, name = '', double, single, bare] of text.matchAll(PAIR))
        if (this.isNameOfAnother(name, double ?? single ?? bare ?? '')) return true;
    }
    return false;
  }

  private isNameOfAnother(field: string, text: string): boolean {
    const value = text.trim();
    if (value === '' || value === WITHHELD || value.length > VALUE_MAX || !this.names.has(plainName(field)))
      return false;
    return !this.person.isIn({ [field]: value }) && !this.person.isIn(value);
  }

  /** A telephone number: one that begins with a plus or a zero. */
  private isNumberOfAnother(text: string): boolean {
    return /^\(?[+0]/.test(text) && text.replace(/\D/g, '').length >= DIGITS_MIN && !this.person.isIn({ phone: text });
  }
}

const VALUE_MAX = 512;
