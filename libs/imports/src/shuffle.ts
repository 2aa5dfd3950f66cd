import { seededRandom } from './random.js';

/** The same things in an order drawn from the seed (Fisher and Yates). */
export function shuffled<T>(things: readonly T[], seed: number): readonly T[] {
  const mixed = [...things];
  const random = seededRandom(seed);
  for (let at = mixed.length - 1; at > 0; at -= 1) {
    const other = random.below(at + 1);
    const held = mixed[at] as T;
    mixed[at] = mixed[other] as T;
    mixed[other] = held;
  }
  return mixed;
}
