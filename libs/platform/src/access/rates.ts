/**
 * What is counted of a principal: `events` that it publishes, those of them that were `rejected` (quarantined, which costs far more), `requests` to
 * every other route, and `opened`, the customers whose personal data it opens.
 */
export const RATE_NAMES = ['events', 'rejected', 'requests', 'opened'] as const;

export type RateName = (typeof RATE_NAMES)[number];

/** How many a principal may have in a minute; null: without a limit. */
export type Rates = { readonly [Name in RateName]: number | null };

/** Rates as a stored key or a role holds them: a rate that is absent is the general one. */
export type GivenRates = { readonly [Name in RateName]?: number | null };

/** The general rates, and those of the roles that differ. */
export interface RateSettings {
  readonly general: Rates;
  readonly roles: { readonly [role: string]: GivenRates };
}

/**
 * Generous: far above what a channel or a person needs, and below what one faulty client can take from the others. A quarantined event costs the
 * engine a key of its own with a durable commit, so twenty a second are what one key may have kept.
 */
export const DEFAULT_RATES: Rates = { events: 1_200_000, rejected: 1_200, requests: 12_000, opened: 240_000 };

export const RATE_MAX = 1_000_000_000;

/** A rate as a setting or an option writes it: `events=60000`, `requests=off`, of a role `marketer.requests=600`. */
export interface RateText {
  /** Null: the general rate, or that of the key. */
  readonly role: string | null;
  readonly name: RateName;
  readonly perMinute: number | null;
}

/** Reads rates with commas between them; null where the text is not one of these. */
export function parseRates(text: string): readonly RateText[] | null {
  const rates: RateText[] = [];
  for (const part of text.split(',')) {
    const [, role = null, name = '', value = ''] =
      /^(?:([a-z-]+)\.)?([a-z]+)=(off|[1-9]\d{0,9})$/i.exec(part.trim()) ?? [];
    const known = RATE_NAMES.find((each) => each === name.toLowerCase());
    const perMinute = value.toLowerCase() === 'off' ? null : Number(value);
    if (known === undefined || (perMinute !== null && perMinute > RATE_MAX)) return null;
    rates.push({ role: role?.toLowerCase() ?? null, name: known, perMinute });
  }
  return rates;
}
