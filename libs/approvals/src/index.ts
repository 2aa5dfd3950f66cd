/** Four eyes: acts that one principal requests and another approves, as the policy in force asks. */
export { RecordedApprovals, type ApprovalDependencies } from './recorded-approvals.js';
export { requireApproved } from './require-approved.js';
export { ApprovalError } from './approval-error.js';
export { ACT_STATES, type ActOnRecord } from './act-on-record.js';
export { actView } from './act-view.js';
