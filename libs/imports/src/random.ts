/** Chance that can be replayed: the same seed draws the same. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number in [0, bound). */
  below(bound: number): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** True with this probability. */
  random(probability: number): boolean;
  pick<T>(things: readonly T[]): T;
}

/**
 * A generator of 32 bits of state (mulberry32): quick, and even enough for made-up customers and shuffles. No secret may rest on it.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return {
    next,
    below,
    between: (low, high) => low + below(high - low + 1),
    random: (probability) => next() < probability,
    pick: <T>(things: readonly T[]): T => {
      if (things.length === 0) throw new RangeError('Nothing to pick from.');
      return things[below(things.length)] as T;
    },
  };
}
