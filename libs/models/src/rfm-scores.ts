/** The figures that RFM scores compare: of orders that were not reversed, the first one included. */
export interface RfmFigures {
  /** Days since the last order. */
  readonly recency: number;
  /** How many orders. */
  readonly frequency: number;
  /** Their net sum, in any unit of money. */
  readonly monetary: number;
}

/** Scores from 1 (worst) to 5 (best). */
export interface RfmScores {
  readonly recency: number;
  readonly frequency: number;
  readonly monetary: number;
}

/** The values between which scores change, in ascending order: four for five scores. */
export type RfmEdges = Readonly<Record<keyof RfmFigures, readonly number[]>>;

/**
 * How a value is compared with the edges. `standard`: a score is 1 and the number of edges below the value, and equal values have equal scores. `r-package`: as
 * the R package rfm has it, whose edges are the quantiles and 1, and are reached by a value that equals them.
 */
export type RfmMethod = 'standard' | 'r-package';

const QUINTILES = [0.2, 0.4, 0.6, 0.8];

/**
 * The quantile of sorted values by linear interpolation between the two that are next to it: type 7 of Hyndman and Fan (1996), the default of R and of
 * `percentile_cont` in SQL.
 */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (place - below) * (high - low);
}

/** The edges of a population. */
export function rfmEdges(population: readonly RfmFigures[], method: RfmMethod = 'standard'): RfmEdges {
  const edgesOf = (figure: keyof RfmFigures): readonly number[] => {
    const sorted = Float64Array.from(population, (figures) => figures[figure]).sort();
    return QUINTILES.map((share) => quantile(sorted, share) + (method === 'r-package' ? 1 : 0));
  };
  return { recency: edgesOf('recency'), frequency: edgesOf('frequency'), monetary: edgesOf('monetary') };
}

/** The scores of a customer within a population. Few days since the last order are a high score. */
export function rfmScores(figures: RfmFigures, edges: RfmEdges, method: RfmMethod = 'standard'): RfmScores {
  const passed = (figure: keyof RfmFigures): number =>
    edges[figure].filter((edge) => (method === 'r-package' ? edge <= figures[figure] : edge < figures[figure])).length;
  return {
    recency: 1 + edges.recency.length - passed('recency'),
    frequency: 1 + passed('frequency'),
    monetary: 1 + passed('monetary'),
  };
}

/** From the lowest score to the highest. */
type ScoreRange = readonly [from: number, to: number];

/** A named group of customers, by ranges of their scores. */
export interface RfmSegment {
  readonly name: string;
  readonly recency: ScoreRange;
  readonly frequency: ScoreRange;
  readonly monetary: ScoreRange;
}

/** The name of customers that no segment takes. */
export const OTHER_SEGMENT = 'Others';

const segment = (name: string, recency: ScoreRange, frequency: ScoreRange, monetary: ScoreRange): RfmSegment => ({
  ...{ name, recency, frequency, monetary },
});

/** The ten segments of the R package rfm, in its order. */
export const RFM_SEGMENTS: readonly RfmSegment[] = [
  segment('Champions', [5, 5], [5, 5], [5, 5]),
  segment('Potential Loyalist', [3, 5], [3, 5], [2, 5]),
  segment('Loyal Customers', [2, 4], [2, 4], [2, 4]),
  segment('Promising', [3, 4], [1, 3], [3, 5]),
  segment('New Customers', [4, 5], [1, 3], [1, 5]),
  segment("Can't Lose Them", [1, 2], [3, 4], [4, 5]),
  segment('At Risk', [1, 2], [2, 5], [4, 5]),
  segment('Need Attention', [1, 3], [3, 5], [3, 5]),
  segment('About To Sleep', [2, 3], [1, 3], [1, 4]),
  segment('Lost', [1, 1], [1, 5], [1, 5]),
];

/** The first segment that takes the scores; `OTHER_SEGMENT` where none does. */
export function segmentOf(scores: RfmScores, segments: readonly RfmSegment[] = RFM_SEGMENTS): string {
  const takes = ([from, to]: ScoreRange, score: number): boolean => score >= from && score <= to;
  const found = segments.find(
    ({ recency, frequency, monetary }) =>
      takes(recency, scores.recency) && takes(frequency, scores.frequency) && takes(monetary, scores.monetary),
  );
  return found?.name ?? OTHER_SEGMENT;
}
