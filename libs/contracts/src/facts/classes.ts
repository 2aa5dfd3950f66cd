import type { ClassConstructor } from 'class-transformer';
import type { FactName } from '../catalogue.js';
import * as access from './access.js';
import * as approvals from './approvals.js';
import * as business from './business.js';
import * as dataSubjects from './data-subjects.js';
import * as engine from './engine.js';
import * as former from './former-versions.js';
import * as identity from './identity.js';
import * as privacy from './privacy.js';
import * as rules from './rules.js';
import * as sources from './sources.js';

/** The class of each version of each fact's data, version 1 first. An old one stays for as long as a log may hold it. */
const FACT_CLASSES = {
  'spend-recorded': [business.SpendRecorded],
  'market-estimated': [business.MarketEstimated],
  'rate-published': [business.RatePublished],
  'product-defined': [business.ProductDefined],
  'actor-registered': [business.ActorRegistered],
  'actor-surveyed': [business.ActorSurveyed],
  'target-set': [business.TargetSet],
  'result-recorded': [business.ResultRecorded],
  'source-closed': [business.SourceClosed],
  'policy-published': [former.PolicyPublishedV1, rules.PolicyPublished],
  'type-registered': [rules.TypeRegistered],
  'attribute-defined': [rules.AttributeDefined],
  'attribute-removed': [rules.AttributeRemoved],
  'segment-defined': [rules.SegmentDefined],
  'segment-removed': [rules.SegmentRemoved],
  'model-fitted': [rules.ModelFitted],
  'population-scored': [rules.PopulationScored],
  'intake-receipt': [engine.IntakeReceipt],
  'event-quarantined': [
    former.EventQuarantinedV1,
    former.EventQuarantinedV2,
    former.EventQuarantinedV3,
    engine.EventQuarantined,
  ],
  'event-released': [former.EventReleasedV1, engine.EventReleased],
  'event-discarded': [former.EventDiscardedV1, engine.EventDiscarded],
  'person-erased': [former.PersonErasedV1, engine.PersonErased],
  'erasure-requested': [privacy.ErasureRequested],
  'hold-placed': [privacy.HoldPlaced],
  'hold-lifted': [privacy.HoldLifted],
  'personal-fields-expired': [privacy.PersonalFieldsExpired],
  'restriction-placed': [privacy.RestrictionPlaced],
  'restriction-lifted': [privacy.RestrictionLifted],
  'suppression-added': [privacy.SuppressionAdded],
  'suppression-lifted': [privacy.SuppressionLifted],
  'hash-key-adopted': [engine.HashKeyAdopted],
  'hash-key-changed': [engine.HashKeyChanged],
  'webhook-registered': [engine.WebhookRegistered],
  'webhook-changed': [engine.WebhookChanged],
  'key-created': [access.KeyCreated],
  'key-rotated': [access.KeyRotated],
  'key-revoked': [access.KeyRevoked],
  'principal-blocked': [access.PrincipalBlocked],
  'principal-unblocked': [access.PrincipalUnblocked],
  'sign-in-rejected': [access.SignInRejected],
  'session-ended': [access.SessionEnded],
  'operation-started': [access.OperationStarted],
  'personal-data-opened': [access.PersonalDataOpened],
  'subject-request-received': [dataSubjects.SubjectRequestReceived],
  'subject-request-extended': [dataSubjects.SubjectRequestExtended],
  'subject-request-answered': [dataSubjects.SubjectRequestAnswered],
  'customers-merged': [identity.CustomersMerged],
  'customers-unmerged': [identity.CustomersUnmerged],
  'customers-kept-apart': [identity.CustomersKeptApart],
  'keep-apart-lifted': [identity.KeepApartLifted],
  'break-glass-used': [access.BreakGlassUsed],
  'settings-changed': [access.SettingsChanged],
  'act-requested': [approvals.ActRequested],
  'act-approved': [approvals.ActApproved],
  'act-declined': [approvals.ActDeclined],
  'act-performed': [approvals.ActPerformed],
  'act-failed': [approvals.ActFailed],
  'source-registered': [sources.SourceRegisteredV1, sources.SourceRegistered],
  'source-changed': [sources.SourceChangedV1, sources.SourceChanged],
  'source-paused': [sources.SourcePaused],
  'source-resumed': [sources.SourceResumed],
  'source-retired': [sources.SourceRetired],
} as const satisfies Record<FactName, readonly ClassConstructor<object>[]>;

/** The class of one version of a fact's data, or null. */
export function factClassOf(name: string, version: number): ClassConstructor<object> | null {
  if (!Object.hasOwn(FACT_CLASSES, name)) return null;
  const classes: readonly ClassConstructor<object>[] = FACT_CLASSES[name as FactName];
  return classes[version - 1] ?? null;
}
