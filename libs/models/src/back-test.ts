/**
 * How well a model foretold what happened on time that was held out: it is fitted to what was known at a cut-off, and compared with what came after it.
 */

/**
 * The area under the ROC curve: the probability that a randomly chosen customer with the outcome has a higher score than one without it; equal scores count one half
 * (Hanley and McNeil 1982; the Mann-Whitney U). Null where all outcomes are alike.
 */
export function areaUnderCurve(scores: Float64Array, outcomes: ArrayLike<boolean | number>): number | null {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let positives = 0;
  let ranks = 0;
  for (let from = 0; from < order.length;) {
    const score = scores[order[from] as number];
    let until = from;
    let among = 0;
    for (; until < order.length && scores[order[until] as number] === score; until += 1)
      if (isTrue(outcomes[order[until] as number])) among += 1;
    positives += among;
    // Ranks count from 1; equal scores share their mean.
    ranks += (among * (from + 1 + until)) / 2;
    from = until;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** One part of the population, in order of what was foretold: what was foretold on average, and what happened. */
export interface CalibrationPart {
  readonly customers: number;
  readonly predicted: number;
  readonly observed: number;
}

/** The population in ten parts of equal size (as nearly as may be), from the least that was foretold to the most. Of equal predictions no order is preferred: they stand as given. */
export function calibrationByDecile(
  predicted: Float64Array,
  observed: ArrayLike<boolean | number>,
): readonly CalibrationPart[] {
  const order = Uint32Array.from(predicted.keys()).sort(
    (a, b) => (predicted[a] as number) - (predicted[b] as number) || a - b,
  );
  const parts = Math.min(10, order.length);
  return Array.from({ length: parts }, (_, part) => {
    const [from, until] = [part, part + 1].map((each) => Math.round((each * order.length) / parts)) as [number, number];
    let [foretold, happened] = [0, 0];
    for (const at of order.subarray(from, until)) {
      foretold += predicted[at] as number;
      happened += Number(observed[at]);
    }
    const customers = until - from;
    return { customers, predicted: foretold / customers, observed: happened / customers };
  });
}

/** The mean absolute difference between what was foretold and what happened. */
export function meanAbsoluteError(predicted: Float64Array, observed: ArrayLike<number>): number {
  return predicted.reduce((sum, each, at) => sum + Math.abs(each - (observed[at] as number)), 0) / predicted.length;
}

/** The naive forecast of purchases: each customer goes on at the rate of the repeat purchases so far. Nothing is foretold of a customer who was not observed for any time. */
export function purchasesAtFormerRate(frequency: number, age: number, t: number): number {
  return age > 0 ? (frequency / age) * t : 0;
}

const isTrue = (outcome: boolean | number | undefined): boolean => Number(outcome) > 0;
