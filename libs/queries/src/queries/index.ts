import type { QueryDefinition } from '../running/query.js';
import { account } from './account.js';
import { accountHistory } from './account-history.js';
import { accountMembers } from './account-members.js';
import { accounts } from './accounts.js';
import { acts } from './acts.js';
import { attributes } from './attributes.js';
import { completeness } from './completeness.js';
import { consents } from './consents.js';
import { customer } from './customer.js';
import { customers } from './customers.js';
import { discrepancies } from './discrepancies.js';
import { events } from './events.js';
import { explanation } from './explain.js';
import { explainFigure, figures } from './figures.js';
import { outcomes } from './outcomes.js';
import { heldActionCounts, heldActions } from './held-actions.js';
import { holds } from './holds.js';
import { history } from './history.js';
import { identityDecisions } from './identity-decisions.js';
import { lag } from './lag.js';
import { missingRates } from './missing-rates.js';
import { openings } from './openings.js';
import { orders } from './orders.js';
import { parked } from './parked.js';
import { policies } from './policies.js';
import { privacy } from './privacy.js';
import { quarantine } from './quarantine.js';
import { referralTree } from './referral-tree.js';
import { recorded } from './recorded.js';
import { refusedLinks } from './refused-links.js';
import { retentionCounts } from './retention-counts.js';
import { retentionPreview } from './retention-preview.js';
import { revenue } from './revenue.js';
import { rfm } from './rfm.js';
import { segmentChanges } from './segment-changes.js';
import { segmentMembers } from './segment-members.js';
import { segmentOverlap } from './segment-overlap.js';
import { segmentPreview } from './segment-preview.js';
import { segmentWhy } from './segment-why.js';
import { segments } from './segments.js';
import { silentSources } from './silent-sources.js';
import { stageCounts } from './stage-counts.js';
import { stage } from './stage.js';
import { stats } from './stats.js';
import { subjectRequests } from './subject-requests.js';
import { suppressions } from './suppressions.js';
import { timeline } from './timeline.js';
import { violations } from './violations.js';
import { stagePeriods } from './stage-periods.js';

/** Every query: one line registers it on the command line and in the documentation; its routes stand in `http/`. */
export const QUERIES: readonly QueryDefinition[] = [
  customer,
  stage,
  history,
  explanation,
  figures,
  explainFigure,
  referralTree,
  timeline,
  attributes,
  orders,
  events,
  recorded,
  customers,
  segments,
  segmentMembers,
  segmentChanges,
  segmentWhy,
  segmentPreview,
  segmentOverlap,
  consents,
  heldActions,
  heldActionCounts,
  suppressions,
  stagePeriods,
  stageCounts,
  accounts,
  account,
  accountHistory,
  accountMembers,
  revenue,
  rfm,
  discrepancies,
  missingRates,
  outcomes,
  completeness,
  silentSources,
  quarantine,
  violations,
  parked,
  refusedLinks,
  identityDecisions,
  policies,
  privacy,
  subjectRequests,
  holds,
  retentionPreview,
  retentionCounts,
  acts,
  openings,
  stats,
  lag,
];
