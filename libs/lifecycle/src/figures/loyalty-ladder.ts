import type { SatisfactionGrade } from '#models';
import type { LadderRung } from '../policy/policy.js';

/** What the rungs of the ladder ask of a customer. */
export interface LadderFacts {
  /** Whether the customer has ever acted of their own accord. */
  readonly hasIntent: boolean;
  /** Surviving orders. */
  readonly orders: number;
  /** Null where it is not known. */
  readonly satisfaction: SatisfactionGrade | null;
  /** Customers that they brought. */
  readonly referralsConverted: number;
}

/** One need of a rung, and whether the customer meets it. */
export interface LadderNeed {
  readonly need: 'intent' | 'orders' | 'satisfaction' | 'referrals';
  readonly wanted: string | number | boolean;
  readonly is: string | number | boolean | null;
  readonly isMet: boolean;
}

export interface LadderPlace {
  /** Null where the customer does not even meet the needs of the lowest rung. */
  readonly rung: string | null;
  /** The needs of the rung on which they stand, all met. */
  readonly met: readonly LadderNeed[];
  /** The next rung up, with what is missing to it; null on the highest. */
  readonly upward: { readonly rung: string; readonly needs: readonly LadderNeed[] } | null;
}

const GRADES: readonly SatisfactionGrade[] = [
  'very-disappointed',
  'disappointed',
  'neutral',
  'satisfied',
  'very-satisfied',
];

/** The highest rung all of whose needs are met, whether or not those below it are. */
export function ladderPlace(ladder: readonly LadderRung[], facts: LadderFacts): LadderPlace {
  const judged = ladder.map((rung) => ({ rung: rung.rung, needs: needsOf(rung, facts) }));
  const place = judged.findLastIndex(({ needs }) => needs.every(({ isMet }) => isMet));
  const upward = judged[place + 1];
  return {
    rung: judged[place]?.rung ?? null,
    met: judged[place]?.needs ?? [],
    upward: upward ?? null,
  };
}

function needsOf({ needs }: LadderRung, facts: LadderFacts): readonly LadderNeed[] {
  const judged: LadderNeed[] = [];
  const { intent, ordersAtLeast, satisfactionAtLeast, referralsConvertedAtLeast } = needs;
  if (intent === true) judged.push({ need: 'intent', wanted: true, is: facts.hasIntent, isMet: facts.hasIntent });
  if (ordersAtLeast !== undefined)
    judged.push({ need: 'orders', wanted: ordersAtLeast, is: facts.orders, isMet: facts.orders >= ordersAtLeast });
  if (satisfactionAtLeast !== undefined) {
    // The policy writes grades with a space.
    const wanted = satisfactionAtLeast.replace(' ', '-') as SatisfactionGrade;
    const { satisfaction: is } = facts;
    judged.push({
      need: 'satisfaction',
      wanted,
      is,
      isMet: is !== null && GRADES.indexOf(is) >= GRADES.indexOf(wanted),
    });
  }
  if (referralsConvertedAtLeast !== undefined)
    judged.push({
      ...{ need: 'referrals', wanted: referralsConvertedAtLeast, is: facts.referralsConverted },
      isMet: facts.referralsConverted >= referralsConvertedAtLeast,
    });
  return judged;
}
