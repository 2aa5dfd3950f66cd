/** Config, clock, logging, health checks, access, channels. It imports contracts alone, and no part of Nest: see `nest.ts`. */
export { SYSTEM_CLOCK, type Clock } from './clock.js';
export { ClockGuard, type ClockMarks, type ClockReport, type ClockState } from './clock-guard.js';
export { Notifier } from './notifier.js';
export {
  ACCESS,
  ACTS,
  APPROVALS,
  CLOCK,
  CLOCK_GUARD,
  CONFIG,
  HEALTH,
  LOGGER,
  METRICS,
  OPENINGS,
  OUTBOX_NOTIFIER,
  PUBLICATION_MEMORY,
  SEALED_OPENER,
  RATE_LIMITS,
  STORE_WATCH,
} from './tokens.js';
export type { PublicationMemory } from './stores/publication-memory.js';
export type { SealedOpener } from './stores/sealed-opener.js';
export { accountableSettings, type AccountableSettings } from './config/accountable-settings.js';
export { ConfigError, readConfig, readSetting, settingsTable, type Config } from './config/config.js';
export type { Settings } from './config/settings.js';
export { DocumentFileError, parseDocumentText, readDocumentFile, type DocumentFile } from './config/document-file.js';
export { isLoopback } from './config/sign-in-kinds.js';
export type { JournalPlace, LogPlace, PolicySetting } from './config/setting-kinds.js';
export { requireSharedStores } from './config/shared-stores.js';
export {
  folderIdOf,
  isSameFolder,
  readEngineFile,
  removeEngineFile,
  writeEngineFile,
  type EngineFile,
  type FolderId,
} from './access/engine-file.js';
export { RunningEngine } from './access/running-engine.js';
export { FORMER_PERMISSIONS, formerPermission, presentPermissions } from './access/former-names.js';
export { PERMISSIONS, type Permission } from './access/permissions.js';
export { ROLE_NAMES, roleDefinition, ROLES, type Role, type RoleDefinition } from './access/roles.js';
export {
  givenScopes,
  isInScope,
  isWithin,
  SCOPE_NAMES,
  scopesOf,
  scopesOfPermission,
  UNLIMITED,
  type GivenScopes,
  type Scope,
  type Scopes,
} from './access/scopes.js';
export {
  DEFAULT_RATES,
  parseRates,
  RATE_MAX,
  RATE_NAMES,
  type GivenRates,
  type RateName,
  type Rates,
  type RateSettings,
} from './access/rates.js';
export type { Act, Acts } from './access/acts.js';
export {
  NOTHING_STATED,
  type ClosedReason,
  type Opening,
  type OpeningKind,
  type OpeningRequest,
  type Openings,
  type PersonalDataState,
  type StatedPurpose,
  CLOSED_BY_RESTRICTION,
} from './access/openings.js';
export { OPENING_HEADERS, openingHeaders, statedIssues, statedPurposeIn } from './access/stated-purpose.js';
export {
  ActImpossible,
  ActRequested,
  TooFewApprovers,
  type ActPerformer,
  type Approvals,
  type ApprovedAct,
  type ProposedAct,
  type WaitingAct,
} from './access/approvals.js';
export { WrongKeys } from './access/wrong-keys.js';
export {
  actorOf,
  KAFKA_PRINCIPAL,
  LOCAL_PRINCIPAL,
  type Access,
  type People,
  type Principal,
  type RequestHead,
} from './access/principal.js';
export { Health, type Check, type CheckResult } from './health/health.js';
export {
  compareIdentity,
  identityIn,
  identityText,
  newCopyOf,
  newLogIdentity,
  StoreMismatchError,
  type LogIdentity,
} from './stores/log-identity.js';
export { StoreWatch, type StoreWait, type StoreWatchOptions } from './stores/store-watch.js';
export type { Logger } from './logging/logger.js';
export type {
  ChannelConsumer,
  ChannelProducer,
  Channels,
  ConsumerOptions,
  ReceivedBatch,
  TopicPlan,
} from './channels/channel.js';
export type { Headers, OutgoingMessage, ReceivedHeader, ReceivedMessage } from './channels/message.js';
export { connectChannels, openChannels } from './channels/open-channels.js';
export type { KafkaConnection } from './channels/kafka/connection.js';
export { backoffMs, type Backoff } from './loops/backoff.js';
export { describeError } from './loops/describe-error.js';
export { FailureLog } from './loops/failure-log.js';
export { Loop, type LoopObserver, type LoopOptions } from './loops/loop.js';
export type { Failure } from './threads/answer.js';
export { threadFile, WorkerClient } from './threads/worker-client.js';
