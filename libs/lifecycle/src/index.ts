/** The rules: stage, loyalty, value; pure functions of events, a policy and a date. */
export type {
  AcquisitionPhase,
  Booking,
  BrandContact,
  Cause,
  Deadline,
  Discrepancy,
  DiscrepancyKind,
  EventRef,
  ExpansionPhase,
  LifecycleEvent,
  Money,
  Phase,
  PublishedPolicy,
  RetentionPhase,
  Stage,
  StagePeriod,
} from './model.js';
export { DISCREPANCY_KINDS } from './model.js';
export { compareEvents, comparePlaces, type EventPlace } from './event-order.js';
export { addDays, addMonths, addYears, dayOf, dayStart, startOfDay } from './calendar/calendar.js';
export { addPeriod, periodInWords, periodOf, subtractPeriod, type Period } from './calendar/period.js';
export { fromWall, isTimeZone } from './calendar/zone.js';
export { BUILT_IN_POLICIES } from './policy/built-in.js';
export {
  policyVersion,
  type ApprovalRules,
  type Comparison,
  type ContactCap,
  type ContactRules,
  type OpeningRules,
  type PersonRetentionRule,
  type Policy,
  type PurposeRule,
  type RetentionRule,
  type Signal,
  type TreatmentRule,
} from './policy/policy.js';
export { approvalsAt, areWeaker, fourEyesSince, strictest, type ApprovalsInForce } from './policy/approvals.js';
export { classDueAt, classRulesOf } from './policy/class-retention.js';
export {
  DEFAULT_OPENINGS,
  DEFAULT_PURPOSES,
  openingRulesOf,
  openingsKeptSince,
  purposesOf,
} from './policy/purposes.js';
export { policyAt, policyTimeline, type PolicyEra, type PolicyTimeline } from './policy/timeline.js';
export { SNAPSHOT_FORMAT, snapshotKey, type Snapshot } from './fold/snapshot.js';
export { consentFor, type Consent } from './fold/consents.js';
export { isRetention, type NextAction } from './fold/next-actions.js';
export { withProposals, type Contact } from './contact/contacts.js';
export {
  mayContact,
  type ContactHistory,
  type ContactVerdict,
  type IntendedContact,
  type RestraintReason,
} from './contact/may-contact.js';
export {
  isContact,
  personRulesFrom,
  retentionDue,
  type PersonRuleInForce,
  type RetentionDue,
  type RetentionFacts,
} from './retention/retention.js';
export { snapshotFits, foldCustomer, type FoldInput } from './fold/fold-customer.js';
export { relationAt, type RelationView } from './fold/relation.js';
export type { ContractStatus, ContractView, CustomerView, Flag, FoldResult, SilenceBounds } from './fold/result.js';
export {
  accountPolicies,
  eventsDuring,
  foldAccount,
  type AccountInput,
  type AccountMember,
  type AccountResult,
} from './accounts/fold-account.js';
export {
  accountKind,
  isMemberAt,
  membershipChange,
  membershipsOf,
  type AccountKind,
  type AccountMembership,
  type AccountRef,
  type MembershipChange,
} from './accounts/memberships.js';
export { purchaseSummary, type PurchaseSummary, type SummaryOptions } from './figures/purchase-summary.js';
export { validatePolicy, type PolicyVerdict } from './policy/validate.js';
export {
  customersDecided,
  decisionsKnownAt,
  linkOfMerge,
  linksThatHold,
  revokes,
  sidesKeptApart,
  type IdentityDecision,
  type StatedLink,
} from './customers/decisions.js';
export { DECISION_FACTS, decisionOf, foldDecisions, type DecisionEvent } from './customers/decisions-on-record.js';
export { RESOLUTION_RULES } from './customers/resolution-rules.js';
export {
  compareLinks,
  resolveCustomers,
  type CustomerLink,
  type KeepApart,
  type KnownSubject,
  type LinkPlace,
  type LinkRejection,
  type Resolution,
  type ResolutionRules,
  type ResolvedCustomer,
} from './customers/resolve-customers.js';
export {
  explain,
  explainStagePeriod,
  type Compared,
  type Explanation,
  type NotBefore,
  type Upcoming,
  type StagePeriodExplanation,
} from './explain/explain.js';
export { CONSENT_REASONS, withheldActions, type ConsentReason, type WithheldAction } from './explain/withheld.js';
export { policyTreatments, type PolicyTreatment } from './policy/compiled.js';
export { explainActions, type ExplainedAction, type ExplainedConsent } from './explain/actions.js';
export { CAUSE_RULES } from './explain/sentences.js';
export { EXAMPLE_POLICY, POLICY_PARTS, policyFields, policyFieldsTable, type PolicyField } from './policy/reference.js';
export {
  ATTRIBUTE_DEFINITION,
  kindOfAttribute,
  readAttribute,
  storedAttribute,
  UNDEFINED_ATTRIBUTE,
  type AttributeDefinition,
  type AttributeKind,
  type Band,
  type ComputedPart,
  type ProfilePart,
} from './attributes/definition.js';
export {
  attributeFacts,
  PROFILE_TYPE,
  typeOfAttribute,
  type AttributeEvent,
  type AttributeFact,
  type AttributeValue,
} from './attributes/attribute-facts.js';
export { attributeAt, type AttributeState } from './attributes/attribute-at.js';
export { attributeHistory, type HeldValue } from './attributes/attribute-history.js';
export {
  attributesInForce,
  foldAttributes,
  NO_ATTRIBUTES,
  type SavedAttribute,
  type SavedAttributes,
} from './attributes/saved-attributes.js';
export { PointsLedger } from './loyalty/points-ledger.js';
export type {
  NewLot,
  PointsBalance,
  PointsChange,
  PointsEntry,
  PointsEntryKind,
  PointsIssue,
  PointsIssueKind,
  PointsLot,
  PointsReservation,
  ReservationRefusal,
} from './loyalty/points.js';
export {
  lotsOf,
  pointsOfOrder,
  pointsOfTouchpoint,
  type EarnedPoints,
  type EarningRule,
  type EarningTouchpoint,
  type PointsRules,
} from './loyalty/points-rules.js';
export {
  loyaltyTier,
  type LoyaltyTierPeriod,
  type LoyaltyTierRules,
  type LoyaltyTierView,
  type QualifyingAmount,
} from './loyalty/loyalty-tiers.js';
export { satisfactionFigure, type SatisfactionFigure } from './figures/satisfaction.js';
export { shareOfCustomer, type NetSpend, type ShareOfCustomer } from './figures/share-of-customer.js';
export {
  advocacyOf,
  referralTree,
  type Advocacy,
  type ReferralEdge,
  type ReferralTree,
} from './figures/referral-tree.js';
export {
  portfolioCell,
  valueTierEdges,
  valueTierOf,
  type PortfolioCell,
  type ValueTier,
  type ValueTierEdges,
} from './figures/value-tiers.js';
export { ladderPlace, type LadderFacts, type LadderPlace } from './figures/loyalty-ladder.js';
export { nextOrder, type NextOrder } from './figures/next-order.js';
export { serviceFigures, type ServiceFigures, type ValueReceived } from './figures/service.js';
export {
  partsOf,
  segmentsNamed,
  type BehaviourCondition,
  type Condition,
  type SegmentDefinition,
} from './segments/definition.js';
export { FieldRegistry, type FieldKind, type FieldValue, type SegmentField } from './segments/fields.js';
export { memberOf, SegmentSet, type JudgedCondition, type Membership } from './segments/membership.js';
export type { Moment, SegmentFacts } from './segments/leaves.js';
export type { AskedPattern } from './segments/occurrence.js';
export { readSegment, type DefinitionContext, type DefinitionVerdict } from './segments/read-definition.js';
export { whyText } from './segments/why.js';
export {
  fitLeads,
  leadFeatures,
  leadScore,
  type Lead,
  type LeadFeatures,
  type LeadModel,
} from './figures/lead-score.js';
export { FIGURES, figureNamed } from './figures/registry.js';
export type { Figure, FigureAmount, FigureInput, FigureUnit, FigureValue } from './figures/figure.js';
export { RateTable, type MissingRate, type PublishedRate } from './figures/rates.js';
export { explainFigureValue, shownAmounts, type ExplainedFigure } from './figures/explain-figure.js';
export { moneyWords } from './figures/money-figure.js';
