import type { Instant } from '#contracts';
import { foldCustomer, policyAt, type FigureInput } from '#lifecycle';
import type { QueryContext } from '../running/query.js';
import { lifeOf, type KnowledgeBound, type Life } from './life.js';
import { ratesKnown } from './rates.js';
import type { NamedCustomer } from './who.js';

/** One customer's life, and what their figures follow from; null where nothing was known of them at the instant. */
export async function figuresOf(
  context: QueryContext,
  named: NamedCustomer,
  asOf: Instant,
  bound: KnowledgeBound,
): Promise<{ readonly life: Life; readonly input: FigureInput | null }> {
  const life = await lifeOf(context, named, bound);
  const { events, policies } = life;
  const { view, bookings } = foldCustomer({ events, policies, asOf });
  if (view === null) return { life, input: null };
  const { policy } = policyAt(policies, asOf);
  const rates = await ratesKnown(context.log, life.position);
  return { life, input: { view, bookings, events, policy, rates, asOf } };
}
