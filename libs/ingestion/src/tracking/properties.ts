import { isCurrency, isSpoilt, toMinor } from '#contracts';

type Json = Readonly<Record<string, unknown>>;

/**
 * The properties of an event, read one by one. A value that fits its field is taken; one that does not fit is left among the rest, which is kept
 * with the touchpoint: so nothing is lost, and no event is rejected for a field that it need not have.
 */
export class Properties {
  private readonly taken = new Set<string>();

  constructor(readonly all: Json) {}

  /** The first of these properties that is text of 1 to `max` characters, or a number or flag, which is written as text. */
  text(names: string | readonly string[], max = 200): string | undefined {
    return this.take(names, (value) => {
      const text = textOf(value);
      return text === null || text === '' || [...text].length > max ? undefined : text;
    });
  }

  /** The same for an id: one that a spreadsheet spoilt names nothing. */
  id(names: string | readonly string[], max = 200): string | undefined {
    return this.take(names, (value) => {
      const text = textOf(value);
      return text === null || text === '' || text.length > max || isSpoilt(text) ? undefined : text;
    });
  }

  whole(names: string | readonly string[], min: number, max: number): number | undefined {
    return this.take(names, (value) => {
      const number = typeof value === 'string' && /^-?\d{1,15}$/.test(value.trim()) ? Number(value) : value;
      return typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max
        ? number
        : undefined;
    });
  }

  /** An amount in minor units of a currency; undefined where the currency is not known. */
  money(
    names: string | readonly string[],
    currency: string | undefined,
    { signed = false }: { readonly signed?: boolean } = {},
  ): number | undefined {
    if (currency === undefined) return undefined;
    return this.take(names, (value) => {
      const minor = minorOf(value, currency);
      return minor === null || (!signed && minor < 0) || Math.abs(minor) > AMOUNT_MAX ? undefined : minor;
    });
  }

  /** The currency that the properties name, in capital letters. */
  currency(): string | undefined {
    return this.take('currency', (value) => {
      const code = typeof value === 'string' ? value.trim().toUpperCase() : value;
      return isCurrency(code) ? code : undefined;
    });
  }

  list(name: string): readonly unknown[] | undefined {
    return this.take(name, (value) => (Array.isArray(value) ? (value as readonly unknown[]) : undefined));
  }

  has(name: string): boolean {
    const value = this.all[name];
    return value !== undefined && value !== null && value !== '';
  }

  /** Gives a property back that was taken: it is kept with the rest after all. */
  giveBack(name: string): void {
    this.taken.delete(name);
  }

  /** What was not taken; undefined where that is nothing. */
  get rest(): Json | undefined {
    const rest = Object.entries(this.all).filter(([name]) => !this.taken.has(name));
    return rest.length === 0 ? undefined : Object.fromEntries(rest);
  }

  private take<T>(names: string | readonly string[], read: (value: unknown) => T | undefined): T | undefined {
    for (const name of typeof names === 'string' ? [names] : names) {
      if (!Object.hasOwn(this.all, name)) continue;
      const value = read(this.all[name]);
      if (value === undefined) continue;
      this.taken.add(name);
      return value;
    }
    return undefined;
  }
}

/** As the contracts bound an amount. */
const AMOUNT_MAX = 10_000_000_000_000;

const textOf = (value: unknown): string | null =>
  typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;

/**
 * An amount as libraries send it, in minor units: a number, or its digits as text. A sum that a program added up in floats (27.499999999999996) is rounded
 * to what was meant.
 */
function minorOf(value: unknown, currency: string): number | null {
  if (typeof value === 'string') return toMinor(value.trim(), currency);
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  return toMinor(value.toFixed(6), currency);
}
