import type { Life } from '../life.js';

/** A kind of customer: how they arrive, buy, fall silent and leave. */
export interface Archetype {
  readonly name: string;
  /** Its share among the simulated customers, in thousandths. */
  readonly perMille: number;
  /** The latest day of the period, from 0, on which such a customer may first appear: some stories take long. */
  readonly latestStartDay: number;
  readonly simulate: (life: Life) => void;
}
