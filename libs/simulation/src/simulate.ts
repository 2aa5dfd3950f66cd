import { DAY, type Instant } from '#contracts';
import { seededRandom, type TouchpointInput } from '#imports';
import { CONTRACTS } from './archetypes/contracts.js';
import { SHOPPERS } from './archetypes/shoppers.js';
import { VISITORS } from './archetypes/visitors.js';
import type { Archetype } from './archetypes/archetype.js';
import { Life } from './life.js';
import { personAt } from './people.js';

/** Every kind of customer that the simulation knows. */
export const ARCHETYPES: readonly Archetype[] = [...SHOPPERS, ...VISITORS, ...CONTRACTS];

const WEIGHT = ARCHETYPES.reduce((sum, archetype) => sum + archetype.perMille, 0);

export interface SimulationOptions {
  /** The same seed gives the same touchpoints, byte for byte. A whole number from 0. */
  readonly seed: number;
  readonly customers: number;
  /** The period, without its end; the archetypes are written for about two years. */
  readonly from: Instant;
  readonly until: Instant;
}

/** One simulated customer's touchpoints, in the order in which they happened. */
export interface SimulatedCustomer {
  readonly archetype: string;
  readonly touchpoints: readonly TouchpointInput[];
}

/**
 * Simulates customers over a period, one after the other. Customer n depends on the seed, on n and on the period only, not on the number of
 * customers. The first customers take the archetypes in turn, so that even a small simulation has one of each.
 */
export function* simulateCustomers({ seed, customers, from, until }: SimulationOptions): Generator<SimulatedCustomer> {
  const periodDays = Math.max(1, Math.floor((until - from) / DAY));
  for (let index = 0; index < customers; index += 1) {
    const random = seededRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca77));
    const archetype = ARCHETYPES[index] ?? drawArchetype(random.below(WEIGHT));
    const person = personAt(seed, index);
    const friend = personAt(seed, index === 0 ? 1 : index - 1);
    const latest = Math.max(1, Math.floor((periodDays * archetype.latestStartDay) / 730));
    const firstDay = from + random.below(latest) * DAY;
    const life = new Life(person, random, `${seed}-${index}`, firstDay, until, friend);
    life.days(0);
    archetype.simulate(life);
    yield { archetype: archetype.name, touchpoints: life.touchpoints };
  }
}

/** The touchpoints of `simulateCustomers`, one by one. */
export function* simulateTouchpoints(options: SimulationOptions): Generator<TouchpointInput> {
  for (const { touchpoints } of simulateCustomers(options)) yield* touchpoints;
}

function drawArchetype(draw: number): Archetype {
  let rest = draw;
  for (const archetype of ARCHETYPES) {
    rest -= archetype.perMille;
    if (rest < 0) return archetype;
  }
  throw new RangeError(`No archetype has the weight ${draw}: it must be below ${WEIGHT}.`);
}
