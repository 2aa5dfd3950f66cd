import { Controller, Inject, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { account } from '../queries/account.js';
import { accountHistory } from '../queries/account-history.js';
import { accountMembers } from '../queries/account-members.js';
import { accounts } from '../queries/accounts.js';
import { acts } from '../queries/acts.js';
import { attributes } from '../queries/attributes.js';
import { consents } from '../queries/consents.js';
import { customer } from '../queries/customer.js';
import { customers } from '../queries/customers.js';
import { discrepancies } from '../queries/discrepancies.js';
import { events } from '../queries/events.js';
import { explanation } from '../queries/explain.js';
import { explainFigure, figures } from '../queries/figures.js';
import { heldActionCounts, heldActions } from '../queries/held-actions.js';
import { history } from '../queries/history.js';
import { identityDecisions } from '../queries/identity-decisions.js';
import { lag } from '../queries/lag.js';
import { missingRates } from '../queries/missing-rates.js';
import { openings } from '../queries/openings.js';
import { orders } from '../queries/orders.js';
import { completeness } from '../queries/completeness.js';
import { outcomes } from '../queries/outcomes.js';
import { silentSources } from '../queries/silent-sources.js';
import { parked } from '../queries/parked.js';
import { policies } from '../queries/policies.js';
import { holds } from '../queries/holds.js';
import { privacy } from '../queries/privacy.js';
import { quarantine } from '../queries/quarantine.js';
import { referralTree } from '../queries/referral-tree.js';
import { recorded } from '../queries/recorded.js';
import { refusedLinks } from '../queries/refused-links.js';
import { retentionCounts } from '../queries/retention-counts.js';
import { retentionPreview } from '../queries/retention-preview.js';
import { revenue } from '../queries/revenue.js';
import { rfm } from '../queries/rfm.js';
import { segmentChanges } from '../queries/segment-changes.js';
import { segmentMembers } from '../queries/segment-members.js';
import { segmentOverlap } from '../queries/segment-overlap.js';
import { segmentPreview } from '../queries/segment-preview.js';
import { segmentWhy } from '../queries/segment-why.js';
import { segments } from '../queries/segments.js';
import { stage } from '../queries/stage.js';
import { stageCounts } from '../queries/stage-counts.js';
import { stagePeriods } from '../queries/stage-periods.js';
import { stats } from '../queries/stats.js';
import { subjectRequests } from '../queries/subject-requests.js';
import { suppressions } from '../queries/suppressions.js';
import { timeline } from '../queries/timeline.js';
import { violations } from '../queries/violations.js';
import { QueryResponse, type QueryReply } from './query-response.js';
import { QueryRoute } from './query-route.js';

/** Every query by its name: `/v1/query/NAME`. A spec holds this list to the one of the command line. */
@ApiTags('queries')
@Controller('query')
export class QueriesController {
  constructor(@Inject(QueryResponse) private readonly response: QueryResponse) {}

  @QueryRoute(customer)
  customer(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(customer, reply);
  }

  @QueryRoute(stage)
  stage(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(stage, reply);
  }

  @QueryRoute(history)
  history(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(history, reply);
  }

  @QueryRoute(explanation)
  explanation(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(explanation, reply);
  }

  @QueryRoute(figures)
  figures(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(figures, reply);
  }

  @QueryRoute(explainFigure)
  explainFigure(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(explainFigure, reply);
  }

  @QueryRoute(referralTree)
  referralTree(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(referralTree, reply);
  }

  @QueryRoute(timeline)
  timeline(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(timeline, reply);
  }

  @QueryRoute(attributes)
  attributes(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(attributes, reply);
  }

  @QueryRoute(violations)
  violations(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(violations, reply);
  }

  @QueryRoute(orders)
  orders(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(orders, reply);
  }

  @QueryRoute(events)
  events(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(events, reply);
  }

  @QueryRoute(recorded)
  recorded(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(recorded, reply);
  }

  @QueryRoute(customers)
  customers(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(customers, reply);
  }

  @QueryRoute(segments)
  segments(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(segments, reply);
  }

  @QueryRoute(segmentMembers)
  segmentMembers(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(segmentMembers, reply);
  }

  @QueryRoute(segmentChanges)
  segmentChanges(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(segmentChanges, reply);
  }

  @QueryRoute(segmentWhy)
  segmentWhy(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(segmentWhy, reply);
  }

  @QueryRoute(segmentPreview)
  segmentPreview(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(segmentPreview, reply);
  }

  @QueryRoute(segmentOverlap)
  segmentOverlap(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(segmentOverlap, reply);
  }

  @QueryRoute(consents)
  consents(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(consents, reply);
  }

  @QueryRoute(stagePeriods)
  stagePeriods(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(stagePeriods, reply);
  }

  @QueryRoute(stageCounts)
  stageCounts(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(stageCounts, reply);
  }

  @QueryRoute(accounts)
  accounts(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(accounts, reply);
  }

  @QueryRoute(account)
  account(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(account, reply);
  }

  @QueryRoute(accountHistory)
  accountHistory(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(accountHistory, reply);
  }

  @QueryRoute(accountMembers)
  accountMembers(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(accountMembers, reply);
  }

  @QueryRoute(revenue)
  revenue(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(revenue, reply);
  }

  @QueryRoute(rfm)
  rfm(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(rfm, reply);
  }

  @QueryRoute(discrepancies)
  discrepancies(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(discrepancies, reply);
  }

  @QueryRoute(missingRates)
  missingRates(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(missingRates, reply);
  }

  @QueryRoute(outcomes)
  outcomes(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(outcomes, reply);
  }

  @QueryRoute(completeness)
  completeness(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(completeness, reply);
  }

  @QueryRoute(silentSources)
  silentSources(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(silentSources, reply);
  }

  @QueryRoute(quarantine)
  quarantine(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(quarantine, reply);
  }

  @QueryRoute(heldActions)
  heldActions(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(heldActions, reply);
  }

  @QueryRoute(heldActionCounts)
  heldActionCounts(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(heldActionCounts, reply);
  }

  @QueryRoute(suppressions)
  suppressions(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(suppressions, reply);
  }

  @QueryRoute(parked)
  parked(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(parked, reply);
  }

  @QueryRoute(refusedLinks)
  refusedLinks(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(refusedLinks, reply);
  }

  @QueryRoute(identityDecisions)
  identityDecisions(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(identityDecisions, reply);
  }

  @QueryRoute(policies)
  policies(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(policies, reply);
  }

  @QueryRoute(acts)
  acts(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(acts, reply);
  }

  @QueryRoute(openings)
  openings(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(openings, reply);
  }

  @QueryRoute(privacy)
  privacy(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(privacy, reply);
  }

  @QueryRoute(subjectRequests)
  subjectRequests(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(subjectRequests, reply);
  }

  @QueryRoute(holds)
  holds(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(holds, reply);
  }

  @QueryRoute(retentionPreview)
  retentionPreview(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(retentionPreview, reply);
  }

  @QueryRoute(retentionCounts)
  retentionCounts(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(retentionCounts, reply);
  }

  @QueryRoute(stats)
  stats(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(stats, reply);
  }

  @QueryRoute(lag)
  lag(@Res() reply: QueryReply): Promise<void> {
    return this.response.send(lag, reply);
  }
}
