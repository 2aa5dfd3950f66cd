import { DAY, formatInstant, minorDigits, type Instant } from '#contracts';
import { dayOf } from '../calendar/calendar.js';
import type { Money } from '../model.js';

/** What one unit of a currency was worth in another on a day, as the business published it. */
export interface PublishedRate {
  /** Such as 2026-03-02. */
  readonly day: string;
  readonly currency: string;
  readonly in: string;
  /** A decimal in text, such as 1.0842. */
  readonly rate: string;
}

/** A rate that a figure needs and that was not published. */
export interface MissingRate {
  readonly day: string;
  readonly currency: string;
  readonly in: string;
}

/** Money at an instant. */
export interface DatedMoney extends Money {
  readonly at: Instant;
}

/** The rates of a business. Of two for the same day and pair the later one of the list counts. Neither an inverse nor a cross rate is derived. */
export class RateTable {
  readonly #rates = new Map<string, string>();

  constructor(rates: Iterable<PublishedRate> = []) {
    for (const { day, currency, in: into, rate } of rates) this.#rates.set(keyOf(day, currency, into), rate);
  }

  /** The rate of a day as it was published; null where none was. */
  rate(day: string, currency: string, into: string): string | null {
    return this.#rates.get(keyOf(day, currency, into)) ?? null;
  }

  /**
   * Money in another currency, at the rate of its day in the zone of the business, rounded to the minor unit half away from zero. Nothing passes through a float.
   */
  convert({ amountMinor, currency, at }: DatedMoney, into: string, timeZone: string): Money | MissingRate {
    if (currency === into) return { amountMinor, currency };
    const day = dayText(dayOf(at, timeZone));
    const rate = this.rate(day, currency, into);
    const [from, to] = [minorDigits(currency), minorDigits(into)];
    if (rate === null || from === null || to === null) return { day, currency, in: into };
    return { amountMinor: multiplied(amountMinor, rate, to - from), currency: into };
  }
}

const keyOf = (day: string, currency: string, into: string): string => `${day} ${currency} ${into}`;

/** The day as text: 2026-03-02. */
export const dayText = (day: number): string => formatInstant(day * DAY).slice(0, 10);

/** amount × rate × 10^digits, rounded half away from zero. */
function multiplied(amountMinor: number, rate: string, digits: number): number {
  const [whole = '', fraction = ''] = rate.split('.');
  const scaled = BigInt(Math.abs(amountMinor)) * BigInt(whole + fraction) * 10n ** BigInt(Math.max(digits, 0));
  const divisor = 10n ** BigInt(fraction.length + Math.max(-digits, 0));
  const rounded = Number((scaled * 2n + divisor) / (divisor * 2n));
  return amountMinor < 0 && rounded !== 0 ? -rounded : rounded;
}
