import type { Random } from '#imports';

/** What the simulated business sells, by category of the built-in policies' taxonomy. Prices in euro cents. */
const RANGE = {
  groceries: { from: 1_200, to: 9_000, articles: 40 },
  household: { from: 600, to: 4_500, articles: 20 },
  clothing: { from: 1_900, to: 12_900, articles: 30 },
  shoes: { from: 4_900, to: 16_900, articles: 15 },
  books: { from: 900, to: 3_900, articles: 40 },
  music: { from: 990, to: 2_990, articles: 25 },
  toys: { from: 1_490, to: 7_990, articles: 20 },
  gifts: { from: 1_500, to: 14_900, articles: 15 },
  wine: { from: 790, to: 5_900, articles: 20 },
  electronics: { from: 4_900, to: 119_900, articles: 20 },
  furniture: { from: 49_900, to: 349_900, articles: 12 },
  garden: { from: 990, to: 24_900, articles: 18 },
  pets: { from: 890, to: 6_900, articles: 12 },
  software: { from: 900, to: 4_900, articles: 5 },
  stationery: { from: 2_900, to: 89_900, articles: 10 },
} as const;

export type Category = keyof typeof RANGE;

export const CATEGORIES = Object.keys(RANGE) as readonly Category[];

export interface Article {
  readonly sku: string;
  readonly name: string;
  readonly category: Category;
  readonly priceMinor: number;
}

/** A random article of a category. Its price depends on the article only, as in a price list. */
export function articleOf(category: Category, random: Random): Article {
  const { from, to, articles } = RANGE[category];
  const number = random.below(articles);
  const step = (to - from) / (articles - 1);
  const sku = `${category.slice(0, 3).toUpperCase()}-${String(number + 1).padStart(3, '0')}`;
  return { sku, name: `${category} ${number + 1}`, category, priceMinor: Math.round(from + step * number) };
}
