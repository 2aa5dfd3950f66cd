import { seededRandom } from './random.js';

/** The same items in an order drawn from the seed (Fisher-Yates). */
export function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
  const mixed = [...items];
  const random = seededRandom(seed);
  for (let at = mixed.length - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    const swapped = mixed[at] as T;
    mixed[at] = mixed[other] as T;
    mixed[other] = swapped;
  }
  return mixed;
}
