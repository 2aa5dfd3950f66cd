import { Default, Describe, OneOf } from '#contracts';

/** Of a list of customers: whether erased ones are in it. They cannot be written to, so a list leaves them out by default; figures count them. */
export class ErasedParam {
  @Default('without')
  @OneOf('without', 'with', 'only')
  @Describe('customers whose person was erased: without them, with them, or only them')
  erased!: 'without' | 'with' | 'only';
}

/** The SQL condition on the customer named by a column; null where there is none. */
export function erasedCondition(erased: ErasedParam['erased'], customerId: string): string | null {
  if (erased === 'with') return null;
  const is = erased === 'only' ? '' : 'NOT ';
  return `${is}EXISTS (SELECT FROM subjects e WHERE e.customer_id = ${customerId} AND e.erased_at IS NOT NULL)`;
}
