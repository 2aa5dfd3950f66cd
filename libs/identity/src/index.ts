/** What operators decide about who is who: merges, unmerges, keep-aparts, each with a preview. */
export {
  DecideCustomers,
  type DecisionRequest,
  type DecisionVerdict,
  type PreviewVerdict,
  type Rejected,
} from './deciding/decide-customers.js';
export type { DecisionKind } from './deciding/decision-documents.js';
export type { DecisionView } from './deciding/decision-view.js';
export type { DecisionPreview, PreviewedCustomer, PreviewedLink } from './preview/preview.js';
