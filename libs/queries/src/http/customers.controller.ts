import { Controller, Inject, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { customer } from '../queries/customer.js';
import { customers } from '../queries/customers.js';
import { events } from '../queries/events.js';
import { explanation } from '../queries/explain.js';
import { explainFigure, figures } from '../queries/figures.js';
import { history } from '../queries/history.js';
import { orders } from '../queries/orders.js';
import { referralTree } from '../queries/referral-tree.js';
import { stage } from '../queries/stage.js';
import { timeline } from '../queries/timeline.js';
import { QueryResponse, type QueryReply } from './query-response.js';
import { QueryRoute, type QueryAddress } from './query-route.js';

/** The queries about customers as resources: the same answers under addresses that can be linked to. */
@ApiTags('customers')
@Controller('customers')
export class CustomersController {
  constructor(@Inject(QueryResponse) private readonly response: QueryResponse) {}

  @QueryRoute(customers, { path: '', operationId: 'listCustomers' })
  customers(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(customers, reply);
  }

  @QueryRoute(customer, ofCustomer(':customer', 'getCustomer'))
  customer(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(customer, reply);
  }

  @QueryRoute(stage, ofCustomer(':customer/stage', 'getCustomerStage'))
  stage(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(stage, reply);
  }

  @QueryRoute(history, ofCustomer(':customer/history', 'getCustomerHistory'))
  history(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(history, reply);
  }

  @QueryRoute(explanation, ofCustomer(':customer/explain', 'explainCustomer'))
  explanation(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(explanation, reply);
  }

  @QueryRoute(figures, ofCustomer(':customer/figures', 'getCustomerFigures'))
  figures(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(figures, reply);
  }

  @QueryRoute(explainFigure, ofCustomer(':customer/figures/:figure', 'explainCustomerFigure'))
  explainFigure(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(explainFigure, reply);
  }

  @QueryRoute(referralTree, ofCustomer(':customer/referrals', 'getCustomerReferrals'))
  referralTree(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(referralTree, reply);
  }

  @QueryRoute(timeline, ofCustomer(':customer/timeline', 'getCustomerTimeline'))
  timeline(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(timeline, reply);
  }

  @QueryRoute(orders, ofCustomer(':customer/orders', 'listCustomerOrders'))
  orders(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(orders, reply);
  }

  @QueryRoute(events, ofCustomer(':customer/events', 'listCustomerEvents'))
  events(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(events, reply);
  }
}

/** The customer stands in the path, so the query string names none. */
function ofCustomer(path: string, operationId: string): QueryAddress {
  return { path, operationId, without: ['identifier'] };
}
