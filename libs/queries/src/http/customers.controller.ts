import { customer } from '../questions/customer.js';
import { customers } from '../questions/customers.js';
import { events } from '../questions/events.js';
import { explanation } from '../questions/explain.js';
import { history } from '../questions/history.js';
import { orders } from '../questions/orders.js';
import { stage } from '../questions/stage.js';
import { timeline } from '../questions/timeline.js';
import { questionController } from './question-routes.js';

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
