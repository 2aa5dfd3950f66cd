import { arrayText } from '#database';
import { isInScope, type Scope } from '#platform';
import type { ReadModels } from './read-models.js';
import { Where } from './where.js';
import { unknown, type NamedCustomer } from './who.js';

/**
 * The brands that an answer is about: the one that the caller names, among those that the caller may see. What has no brand belongs to an
 * answer about all brands alone.
 */
export class BrandFilter {
  /** `only` lies within the scope. */
  constructor(
    private readonly only: string | null,
    private readonly scope: Scope,
  ) {}

  /** Whether the answer is about everything, with and without a brand. */
  get isOpen(): boolean {
    return this.only === null && this.scope === 'all';
  }

  /** Whether the caller is limited to brands. */
  get isLimited(): boolean {
    return this.scope !== 'all';
  }

  allows(brand: string | null): boolean {
    if (this.isOpen) return true;
    return brand !== null && (this.only === null ? isInScope(this.scope, brand) : brand === this.only);
  }

  /** The condition on a column that holds a brand; null where everything is in the answer. */
  condition(where: Where, column: string): string | null {
    if (this.only !== null) return `${column} = ${where.param(this.only)}::text`;
    if (this.scope === 'all') return null;
    const listed = `${column} = ANY(${where.param(arrayText(this.scope))}::text[])`;
    const beginnings = this.scope.filter((brand) => brand.endsWith('/*') || brand.endsWith('.*'));
    if (beginnings.length === 0) return listed;
    const below = where.param(arrayText(beginnings.map((brand) => brand.slice(0, -1))));
    return `(${listed} OR EXISTS (SELECT FROM unnest(${below}::text[]) b(begin) WHERE starts_with(${column}, b.begin) AND ${column} <> b.begin))`;
  }

  /** The same to follow other conditions. */
  and(where: Where, column: string): string {
    const condition = this.condition(where, column);
    return condition === null ? '' : `AND ${condition}`;
  }

  /**
   * To a caller that is limited to brands, a customer who never dealt with any of them is not known.
   * @throws QueryRejected `unknown-customer`
   */
  async requireDealings(models: ReadModels, customerId: string, named: NamedCustomer): Promise<void> {
    if (!this.isLimited) return;
    const where = new Where(customerId);
    const [found] = await models.query(
      `SELECT 1 AS dealt FROM customer_brands WHERE customer_id = $1::text ${this.and(where, 'brand')} LIMIT 1`,
      where.params,
    );
    if (found === undefined) throw unknown(named);
  }
}
