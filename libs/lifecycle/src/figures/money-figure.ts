import { minorDigits, type Instant } from '#contracts';
import type { EventRef, Money } from '../model.js';
import { dayOf } from '../calendar/calendar.js';
import { known, unknownValue, type FigureInput, type FigureValue } from './figure.js';
import { dayText, type DatedMoney, type MissingRate } from './rates.js';

/** A part of a sum of money: what it is, when, and the event that it comes from. */
export interface MoneyPart extends DatedMoney {
  /** `order A1`, `return of A1`, … */
  readonly label: string;
  readonly event: EventRef | null;
}

/** A sum of money: in the currency of the policy at the rate of each part's day; by currency while the policy names none. */
export interface MoneySum {
  readonly sums: readonly Money[];
  readonly missing: readonly MissingRate[];
}

export function sumOf(parts: readonly MoneyPart[], input: Pick<FigureInput, 'policy' | 'rates'>): MoneySum {
  const { policy, rates } = input;
  const sums = new Map<string, number>();
  const missing = new Map<string, MissingRate>();
  for (const part of parts) {
    const money = policy.currency === null ? part : rates.convert(part, policy.currency, policy.timeZone);
    if ('day' in money) missing.set(`${money.day} ${money.currency}`, money);
    else sums.set(money.currency, (sums.get(money.currency) ?? 0) + money.amountMinor);
  }
  if (sums.size === 0 && policy.currency !== null) sums.set(policy.currency, 0);
  return {
    sums: [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([currency, amountMinor]) => ({ currency, amountMinor })),
    missing: [...missing.values()].sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0)),
  };
}

/** So many parts stand in the steps one by one. */
const PARTS_SHOWN = 20;

interface MoneyOptions {
  readonly notes?: readonly string[];
  readonly per?: DividedBy | null;
  /** Why the sum is not known although the parts are: some of it has no price. */
  readonly unknown?: string | null;
}

/** A figure that is a sum of money, divided by `per` where that is given. */
export function moneyFigure(
  parts: readonly MoneyPart[],
  input: FigureInput,
  { notes = [], per = null, unknown = null }: MoneyOptions = {},
): FigureValue {
  const { sums, missing } = sumOf(parts, input);
  const events = eventsOf(parts);
  const steps = stepsOf(parts, input);
  if (unknown !== null) return unknownValue(unknown, { notes, steps, events });
  if (missing.length > 0) return unknownValue(missingText(missing), { notes, steps, events });
  if (sums.length === 0)
    return known([{ number: 0, text: null, currency: null }], { notes, steps: ['sum = 0'], events });
  const results = sums.map(({ amountMinor, currency }) =>
    per === null
      ? `sum = ${moneyWords(amountMinor, currency)}`
      : `${moneyWords(amountMinor, currency)} ÷ ${per.count} ${per.what} = ${moneyWords(amountMinor / per.count, currency)}`,
  );
  const amounts = sums.map(({ amountMinor, currency }) => ({
    ...{ number: per === null ? amountMinor : amountMinor / per.count, text: null, currency },
  }));
  return known(amounts, { notes, steps: [...steps, ...results], events });
}

/** What a sum is divided by. */
export interface DividedBy {
  readonly count: number;
  readonly what: string;
}

export function eventsOf(parts: readonly { readonly event: EventRef | null }[]): readonly EventRef[] {
  const found = new Map<string, EventRef>();
  for (const { event } of parts) if (event !== null) found.set(`${event.source}\0${event.id}`, event);
  return [...found.values()];
}

function stepsOf(parts: readonly MoneyPart[], { policy, rates }: FigureInput): readonly string[] {
  const left = parts.length - PARTS_SHOWN;
  const shown = parts.slice(-PARTS_SHOWN).map((part) => {
    const said = `${signOf(part.amountMinor)} ${moneyWords(Math.abs(part.amountMinor), part.currency)}: ${part.label}, ${dayOfPart(part, policy.timeZone)}`;
    if (policy.currency === null || policy.currency === part.currency) return said;
    const money = rates.convert(part, policy.currency, policy.timeZone);
    if ('day' in money) return `${said} (no rate)`;
    const rate = rates.rate(dayOfPart(part, policy.timeZone), part.currency, policy.currency) ?? '';
    return `${said} × ${rate} = ${moneyWords(money.amountMinor, money.currency)}`;
  });
  return left > 0 ? [`… and ${left} earlier ones`, ...shown] : shown;
}

const signOf = (amountMinor: number): string => (amountMinor < 0 ? '−' : '+');

const dayOfPart = ({ at }: { readonly at: Instant }, timeZone: string): string => dayText(dayOf(at, timeZone));

/** Which rates to publish. */
export function missingText(missing: readonly MissingRate[]): string {
  const shown = missing.slice(0, 5).map(({ day, currency, in: into }) => `${currency} in ${into} on ${day}`);
  const rest = missing.length > shown.length ? `, and ${missing.length - shown.length} more` : '';
  return `no rate was published for ${shown.join(', ')}${rest}: publish rate-published for these days`;
}

/** An amount as people write it: 12.50 EUR. Fractions of the minor unit are rounded. */
export function moneyWords(amountMinor: number, currency: string): string {
  const digits = minorDigits(currency) ?? 2;
  const whole = String(Math.abs(Math.round(amountMinor))).padStart(digits + 1, '0');
  const text = digits === 0 ? whole : `${whole.slice(0, -digits)}.${whole.slice(-digits)}`;
  return `${Math.round(amountMinor) < 0 ? '-' : ''}${text} ${currency}`;
}
