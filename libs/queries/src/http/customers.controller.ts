import { customer } from '../queries/customer.js';
import { customers } from '../queries/customers.js';
import { events } from '../queries/events.js';
import { explanation } from '../queries/explain.js';
import { history } from '../queries/history.js';
import { orders } from '../queries/orders.js';
import { stage } from '../queries/stage.js';
import { timeline } from '../queries/timeline.js';
import { questionController } from './query-routes.js';

/** The questions about customers as resources: the same answers under addresses that can be linked to. */
export const customersController = questionController('customers', 'v1/customers', [
  { path: '', question: customers },
  ...[
    { path: ':customer', question: customer },
    { path: ':customer/stage', question: stage },
    { path: ':customer/history', question: history },
    { path: ':customer/explain', question: explanation },
    { path: ':customer/timeline', question: timeline },
    { path: ':customer/orders', question: orders },
    { path: ':customer/events', question: events },
  ].map((route) => ({ ...route, without: ['identifier'] })),
]);
