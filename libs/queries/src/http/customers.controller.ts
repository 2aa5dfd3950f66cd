import { customer } from '../queries/customer.js';
import { customers } from '../queries/customers.js';
import { events } from '../queries/events.js';
import { explanation } from '../queries/explain.js';
import { history } from '../queries/history.js';
import { orders } from '../queries/orders.js';
import { stage } from '../queries/stage.js';
import { timeline } from '../queries/timeline.js';
import { queryController } from './query-routes.js';

/** The questions about customers as resources: the same answers under addresses that can be linked to. */
export const customersController = queryController('customers', 'customers', [
  { path: '', query: customers },
  ...[
    { path: ':customer', query: customer },
    { path: ':customer/stage', query: stage },
    { path: ':customer/history', query: history },
    { path: ':customer/explain', query: explanation },
    { path: ':customer/timeline', query: timeline },
    { path: ':customer/orders', query: orders },
    { path: ':customer/events', query: events },
  ].map((route) => ({ ...route, without: ['identifier'] })),
]);
