/** A customer's place by the profit that they bring: A, B or C. */
export type ValueTier = 'A' | 'B' | 'C';

/** The least profit of a customer in tier A, and in tier B; Infinity where there is none. */
export interface ValueTierEdges {
  readonly a: number;
  readonly b: number;
}

/**
 * The edges of the tiers, from the profit of each customer over the trailing months: the most profitable customers who together bring the share `shareOfA` of all positive profit are tier A, those who bring it up to `shareOfB`
 * tier B, the rest C. The customer who reaches a share belongs to the tier, and customers with equal profit are in one tier.
 */
export function valueTierEdges(profits: Float64Array, shareOfA: number, shareOfB: number): ValueTierEdges {
  const positive = profits
    .filter((each) => each > 0)
    .sort()
    .reverse();
  const total = positive.reduce((sum, each) => sum + each, 0);
  const edgeOf = (share: number): number => {
    let sum = 0;
    for (const profit of positive) {
      sum += profit;
      if (sum >= share * total) return profit;
    }
    return positive.at(-1) ?? Infinity;
  };
  return { a: edgeOf(shareOfA), b: edgeOf(shareOfB) };
}

/** The tier of a customer; null where the profit is not known. */
export function valueTierOf(profit: number | null, { a, b }: ValueTierEdges): ValueTier | null {
  if (profit === null) return null;
  if (profit <= 0) return 'C';
  return profit >= a ? 'A' : profit >= b ? 'B' : 'C';
}

/** Where a customer stands in the portfolio: by value, need of service, and potential. */
export type PortfolioCell =
  'high-value-high-need' | 'high-value-low-need' | 'low-value-high-need' | 'high-potential' | 'maintain';

/** What the cell of a customer follows from; null where it is not known. */
export interface PortfolioFigures {
  readonly tier: ValueTier | null;
  /** What serving the customer cost over the trailing months, in minor units. */
  readonly serviceCostMinor: number | null;
  /** The share of what they spend that is not ours yet × the expected value. */
  readonly potentialMinor: number | null;
}

/** From a population run: the third quartiles. */
export interface PortfolioEdges {
  readonly serviceCostMinor: number;
  readonly potentialMinor: number;
}

/**
 * The cell: value × need first, then potential, else `maintain`. A customer of unknown value or unknown need has no cell; unknown potential leaves `maintain` unknown too, since it may be high.
 */
export function portfolioCell(figures: PortfolioFigures, edges: PortfolioEdges): PortfolioCell | null {
  const { tier, serviceCostMinor, potentialMinor } = figures;
  if (tier === null || serviceCostMinor === null) return null;
  const isNeedHigh = serviceCostMinor > 0 && serviceCostMinor >= edges.serviceCostMinor;
  if (tier === 'A') return isNeedHigh ? 'high-value-high-need' : 'high-value-low-need';
  if (isNeedHigh) return 'low-value-high-need';
  if (potentialMinor === null) return null;
  return potentialMinor > 0 && potentialMinor >= edges.potentialMinor ? 'high-potential' : 'maintain';
}
