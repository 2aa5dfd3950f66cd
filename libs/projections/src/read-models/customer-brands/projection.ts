import type { BrandContact, EventRef } from '#lifecycle';
import type { CustomerReadModel } from '../read-model.js';
import { CUSTOMER_BRANDS } from './table.js';

/** The brands that each customer has dealt with. */
export const BRANDS_OF_CUSTOMERS: CustomerReadModel = {
  shape: 'by-event',
  table: CUSTOMER_BRANDS,
  rows: ({ customerId, view, whole, refolded, rebooked }) => {
    if (view.brands.length === 0) return [];
    // Those whose first touchpoint was folded before have their row; what was booked again is replaced like what was folded again.
    const replaced = whole ? null : new Set([...refolded, ...rebooked].map(keyOf));
    return view.brands
      .filter(({ event }: BrandContact) => replaced === null || replaced.has(keyOf(event)))
      .map(({ brand, since, event }) => ({
        customer_id: customerId,
        brand,
        at: since,
        source: event.source,
        event_id: event.id,
      }));
  },
};

const keyOf = ({ source, id }: EventRef): string => `${source}\0${id}`;
