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

type Needs = LadderRung['needs'];

/** Whether the customer has the grade that a policy names, which it writes with a space, or a better one. */
const hasGrade = ({ satisfaction }: LadderFacts, wanted: string): boolean =>
  satisfaction !== null && GRADES.indexOf(satisfaction) >= GRADES.indexOf(gradeOf(wanted));

const gradeOf = (written: string): SatisfactionGrade => written.replace(' ', '-') as SatisfactionGrade;

/** Whether the customer meets all needs of a rung. */
function meets({ intent, ordersAtLeast, satisfactionAtLeast, referralsConvertedAtLeast }: Needs, facts: LadderFacts) {
  return (
    (intent !== true || facts.hasIntent) &&
    (ordersAtLeast === undefined || facts.orders >= ordersAtLeast) &&
    (referralsConvertedAtLeast === undefined || facts.referralsConverted >= referralsConvertedAtLeast) &&
    (satisfactionAtLeast === undefined || hasGrade(facts, satisfactionAtLeast))
  );
}

/** The highest rung all of whose needs are met, whether or not those below it are; null where the needs of none are. Each fold asks for it. */
export function ladderRung(ladder: readonly LadderRung[], facts: LadderFacts): string | null {
  return ladder.findLast(({ needs }) => meets(needs, facts))?.rung ?? null;
}

/** The rung of `ladderRung`, with each need of it and of the next one. */
export function ladderPlace(ladder: readonly LadderRung[], facts: LadderFacts): LadderPlace {
  const at = ladder.findLastIndex(({ needs }) => meets(needs, facts));
  const [place, upward] = [ladder[at], ladder[at + 1]];
  return {
    rung: place?.rung ?? null,
    met: place === undefined ? [] : needsOf(place, facts),
    upward: upward === undefined ? null : { rung: upward.rung, needs: needsOf(upward, facts) },
  };
}

function needsOf({ needs }: LadderRung, facts: LadderFacts): readonly LadderNeed[] {
  const { hasIntent, orders, satisfaction, referralsConverted } = facts;
  const { intent, ordersAtLeast, satisfactionAtLeast, referralsConvertedAtLeast } = needs;
  const judged: LadderNeed[] = [];
  const need = (name: LadderNeed['need'], wanted: LadderNeed['wanted'], is: LadderNeed['is'], alone: Needs): void => {
    judged.push({ need: name, wanted, is, isMet: meets(alone, facts) });
  };
  if (intent === true) need('intent', true, hasIntent, { intent });
  if (ordersAtLeast !== undefined) need('orders', ordersAtLeast, orders, { ordersAtLeast });
  if (satisfactionAtLeast !== undefined)
    need('satisfaction', gradeOf(satisfactionAtLeast), satisfaction, { satisfactionAtLeast });
  if (referralsConvertedAtLeast !== undefined)
    need('referrals', referralsConvertedAtLeast, referralsConverted, { referralsConvertedAtLeast });
  return judged;
}
