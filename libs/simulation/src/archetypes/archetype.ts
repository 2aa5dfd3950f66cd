import type { Life } from '../life.js';

/** A kind of customer: how the customer comes, buys, is silent, and goes. */
export interface Archetype {
  readonly name: string;
  /** How many of a thousand customers live like this. */
  readonly perMille: number;
  /** The latest day of the period on which such a life may begin, from 0: some stories need time. */
  readonly beginsBy: number;
  readonly live: (life: Life) => void;
}
