import type { BetaGeometricParameters } from '../beta-geometric.js';
import type { PurchaseHistories } from '../histories.js';

/** Customers as BG/NBD supposes them, each with parameters of its own, observed for one to two years; times in weeks. The same seed gives the same customers. */
export function simulatedHistories(
  seed: number,
  customers: number,
  parametersOf: (customer: number) => BetaGeometricParameters,
): PurchaseHistories {
  const random = mulberry32(seed);
  const [frequency, recency, age] = [0, 1, 2].map(() => new Float64Array(customers)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let at = 0; at < customers; at += 1) {
    const { r, alpha, a, b } = parametersOf(at);
    const rate = gamma(r, random) / alpha;
    const [x, y] = [gamma(a, random), gamma(b, random)];
    const until = 52 + 52 * random();
    for (let now = -Math.log(1 - random()) / rate; now <= until; now += -Math.log(1 - random()) / rate) {
      frequency[at] = (frequency[at] as number) + 1;
      recency[at] = now;
      if (random() < x / (x + y)) break;
    }
    age[at] = until;
  }
  return { frequency, recency, age };
}

/** Numbers in [0, 1), from a seed. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A gamma variate of scale 1 (Marsaglia and Tsang 2000). */
function gamma(shape: number, random: () => number): number {
  if (shape < 1) return gamma(shape + 1, random) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const z = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const v = (1 + c * z) ** 3;
    if (v > 0 && Math.log(1 - random()) < (z * z) / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}
