import type { ShownSession } from '#keys';
import type { BackupSummary } from '#backup';
import type { AttributeListing, ClosedMany, ManyQuarantined, SegmentOnRecord, SourceListing } from '#ingestion';
import type { ImportItem, ItemOutcome } from '#imports';
import type { CheckedSample, CheckTypeRequest, NamespaceDescription, TypeDescription } from '#ingestion';
import type { Policy } from '#lifecycle';
import type { ClockStatus, DryRunResult, PolicyDryRun } from '#projections';
import type { PublishOptions } from '#ingestion';
import type { DecisionKind, DecisionPreview, DecisionView } from '#identity';
import type {
  ContentsCheck,
  ReceiptVerdict,
  RestrictionSelection,
  ShownHold,
  ShownRestriction,
  ShownSuppression,
} from '#privacy';
import type { PackageLine, ShownSubjectRequest, SubjectRequestView } from '#data-subjects';
import type { LogIdentity, OpeningKind, StatedPurpose } from '#platform';
import type { Answer, RawParams } from '#queries';

/** How far a step of long work has come. */
export interface JobProgress {
  /** What is being done: `indexing`, `folding`, … */
  readonly step: string;
  readonly done: number;
  /** Null where it is not known beforehand. */
  readonly total: number | null;
  /** What the rate counts, where that is not `done`; `done` and `total` then only give the share. */
  readonly items?: number;
  /** What `items`, or else `done`, counts. */
  readonly unit: string;
}

export type OnProgress = (progress: JobProgress) => void;

/** An answer of the engine that is printed as JSON. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What the command line states about why it opens personal data, and as what they leave. */
export interface StatedOpening extends StatedPurpose {
  readonly kind: OpeningKind;
}

/** What `verify` compared, and what it found in the log. */
export interface Verification {
  readonly equal: boolean;
  readonly position: number;
  readonly live: string;
  readonly rebuilt: string;
  /** Tables that differ, and how many rows each side has that the other lacks. */
  readonly differing: readonly { readonly table: string; readonly onlyLive: number; readonly onlyRebuilt: number }[];
  /** The content of the events of the log, hashed again. */
  readonly contents: ContentsCheck;
}

export interface RebuildSummary {
  readonly version: number;
  readonly position: number;
  /** Events that were read to build it. */
  readonly events: number;
  readonly elapsedMs: number;
  readonly digest: string;
}

/** What a rebuild would change. */
export type DryRunSummary = Pick<DryRunResult, 'equal' | 'position' | 'differences' | 'stages'>;

/** What the policy in force says of the business as a whole. */
export interface BusinessSettings {
  readonly timeZone: string;
  /** Null where the policy names none. */
  readonly currency: string | null;
}

/** An API key as it may be shown, with instants in RFC 3339. */
export interface ApiKeyInfo {
  readonly id: string;
  readonly name: string;
  readonly role: string | null;
  readonly permissions: readonly string[];
  /** What narrows the permissions; a scope that is absent allows everything. */
  readonly scopes: { readonly [Name in 'sources' | 'types' | 'brand' | 'purposes']?: readonly string[] };
  /** What it may do in a minute; a rate that is absent is that of its role, null is no limit. */
  readonly rate: { readonly [Name in 'events' | 'rejected' | 'requests' | 'opened']?: number | null };
  /** The purpose for which it opens personal data where a request states none. */
  readonly standingPurpose?: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly replaces: string | null;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
  readonly blockedAt: string | null;
}

/** An act that needs two principals, with instants in RFC 3339. */
export interface ActInfo {
  readonly actId: string;
  readonly act: string;
  readonly state: string;
  readonly detail: JsonObject;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly until: string;
  readonly decidedBy: string | null;
  readonly decidedAt: string | null;
  readonly failure: string | null;
}

/** What became of a definition of an attribute. */
export interface AttributeChange {
  readonly name: string;
  readonly version: number;
  readonly changed: boolean;
}

/** A key to create: the engine checks it. */
export type KeyRequest = Readonly<Record<'name', string>> & JsonObject;

/** Who a caller is to the engine, and what they may do. */
export interface Identity {
  /** As acts name it: `person:…`, `key:…`, `local`. */
  readonly principal: string;
  readonly kind: 'key' | 'person' | 'local';
  readonly name: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  /** A scope that is absent allows everything. */
  readonly scopes: Readonly<Record<string, readonly string[]>>;
}

/** What publishing a policy would change. */
export type PolicyDryRunSummary = Omit<PolicyDryRun, 'asOf'> & { readonly asOf: string };

/** A decision about who is who: `document` is the body of the request. */
export interface DecisionToMake {
  readonly kind: DecisionKind;
  /** Of `lift`: the decision that ends. */
  readonly decisionId?: string;
  readonly document: JsonObject;
}

export interface DecisionMade {
  readonly decision: DecisionView;
  readonly changed: boolean;
  readonly preview: DecisionPreview | null;
}

/** The customer to erase: by an identifier, or by their id. */
export interface Erasure {
  readonly identifier?: string;
  readonly customer?: string;
}

/** What the receipt of an erasure is worth. */
export interface ReceiptCheck {
  readonly verdict: ReceiptVerdict;
  /** The same in a sentence. */
  readonly detail: string;
}

/** A registered touchpoint type. */
export interface TypeRegistered {
  readonly name: string;
  readonly version: number;
  /** Where the log recorded it; null where the same definition was registered before. */
  readonly position: number | null;
}

/** What became of a definition and of samples that were checked. */
export interface TypeChecked {
  readonly name: string;
  readonly version: number;
  readonly changed: boolean | null;
  readonly samples: readonly CheckedSample[];
}

/**
 * The engine as the commands see it: a running one, over HTTP, or a stopped one whose data folder is opened in this process. Both behave alike;
 * they differ in where the work is done.
 */
export interface Engine {
  /** For people: `the engine at http://127.0.0.1:3000`, `the folder ./data`. */
  readonly place: string;
  /** Runs a query; resolves with one page of its answer. Throws `CliError` where a parameter is not valid. */
  runQuery(query: string, params: RawParams, opening?: StatedOpening): Promise<Answer>;
  /** The time zone and the currency of the business: those of the policy in force. */
  businessSettings(): Promise<BusinessSettings>;
  /** Which log it writes to, and which copy of it; null where the engine does not say. */
  logIdentity(): Promise<LogIdentity | null>;
  /** Who this command line is to the engine. */
  whoAmI(): Promise<Identity>;
  /** Ingests a batch; resolves when it is durable. */
  ingest(items: readonly ImportItem[]): Promise<readonly ItemOutcome[]>;
  /** What would become of a batch; nothing is written. */
  check(items: readonly ImportItem[]): Promise<readonly ItemOutcome[]>;
  /** Waits until the read models have reached the current end of the log. */
  catchUp(onProgress: OnProgress): Promise<void>;
  /** Called again after an interruption, it continues. */
  rebuild(onProgress: OnProgress, signal: AbortSignal): Promise<RebuildSummary>;
  /** Rebuilds, compares with the live version, and drops what it built. */
  dryRun(onProgress: OnProgress, signal: AbortSignal): Promise<DryRunSummary>;
  /** Switches back to the version of the read models that was live before. */
  rollback(onProgress: OnProgress, signal: AbortSignal): Promise<Omit<RebuildSummary, 'elapsedMs' | 'events'>>;
  verify(onProgress: OnProgress, signal: AbortSignal): Promise<Verification>;
  /** Erases a customer's personal data; resolves with the recorded receipt. */
  erase(erasure: Erasure): Promise<JsonObject>;
  /** Whether this engine made the receipt of an erasure, and no field of it was altered. */
  checkReceipt(receipt: unknown): Promise<ReceiptCheck>;
  /** Records a request of a data subject. */
  openSubjectRequest(document: JsonObject): Promise<SubjectRequestView>;
  /** One request, with what was written about it where the opening is granted. Throws `CliError` where there is none of this id. */
  subjectRequest(requestId: string, opening?: StatedOpening): Promise<ShownSubjectRequest>;
  /** Extends the time to answer a request by two months. */
  extendSubjectRequest(requestId: string, reason: string): Promise<SubjectRequestView>;
  /** Records how a request was answered. */
  answerSubjectRequest(requestId: string, document: JsonObject): Promise<SubjectRequestView>;
  /** Makes what the person of a request is handed. The last line has its digest. */
  packSubjectRequest(requestId: string): Promise<AsyncIterable<PackageLine>>;
  /** Places a legal hold on a person: `identifier` or `customer`, `case`, `reason`. */
  placeHold(request: JsonObject): Promise<JsonObject>;
  /** Legal holds, in the order in which they were placed. */
  holds(status: 'active' | 'lifted' | 'all'): Promise<readonly ShownHold[]>;
  /** Lifts a legal hold, and executes the erasures that waited for it. */
  liftHold(holdId: string, reason: string | null): Promise<JsonObject>;
  /** Restricts the processing of a person’s data: `identifier` or `customer`, `ground`, `request`. */
  placeRestriction(request: JsonObject): Promise<ShownRestriction>;
  /** Restrictions of processing, in the order in which they were placed. */
  restrictions(status: RestrictionSelection): Promise<readonly ShownRestriction[]>;
  liftRestriction(restrictionId: string): Promise<ShownRestriction>;
  /** What a decision about who is who would change. Nothing is written. */
  previewDecision(decision: DecisionToMake): Promise<DecisionPreview>;
  /** Merges, unmerges or keeps apart customers, or lifts that. */
  decide(decision: DecisionToMake): Promise<DecisionMade>;
  /** Puts identifiers on the suppression list: `suppressions`, each with `identifier`, `reason`, `medium`, `expiresAt`. */
  addSuppressions(request: JsonObject): Promise<readonly ShownSuppression[]>;
  liftSuppression(suppressionId: string): Promise<ShownSuppression>;
  /** With `dryRun` the policy is only checked, and its date resolved. */
  publishPolicy(policy: unknown, options: PublishOptions): Promise<JsonObject>;
  /** What publishing a policy would change: `draft` is what `publishPolicy` resolved. */
  policyDryRun(
    policy: Policy,
    draft: JsonObject,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<PolicyDryRunSummary>;
  /** Waits until the published policies hold for every customer. */
  refold(onProgress: OnProgress, signal: AbortSignal): Promise<void>;
  /** What touchpoints may be sent. */
  types(): Promise<{
    readonly types: readonly TypeDescription[];
    readonly namespaces: readonly NamespaceDescription[];
  }>;
  /** Registers a touchpoint type, or its next version. */
  registerType(definition: unknown): Promise<TypeRegistered>;
  /** Checks a definition, or samples of the data of a type; nothing is registered. */
  checkType(request: CheckTypeRequest): Promise<TypeChecked>;
  /** One quarantined event with its body, opened. */
  quarantinedEvent(quarantineId: string, opening?: StatedOpening): Promise<JsonObject>;
  /** Ingests a quarantined event again, as it is or fixed. */
  release(quarantineId: string, fixed: unknown): Promise<JsonObject>;
  discard(quarantineId: string, reason: string): Promise<JsonObject>;
  /** Ingests many quarantined events again, up to 1,000 in a call. */
  releaseMany(selection: ManyQuarantined): Promise<ClosedMany>;
  /** Discards many quarantined events, up to 1,000 in a call. `replaced`: a later reading of the same rows took their place. */
  discardMany(selection: ManyQuarantined, reason: string, replaced?: boolean): Promise<ClosedMany>;
  /** The clock of the engine, beside elapsed time and what is recorded. */
  clock(): Promise<ClockStatus>;
  /** Accepts that clock as it is. */
  confirmClock(): Promise<ClockStatus>;
  /** All API keys, revoked ones too; never the keys themselves. */
  apiKeys(): Promise<readonly ApiKeyInfo[]>;
  /** Creates an API key; only this answer has it. */
  createApiKey(request: KeyRequest): Promise<ApiKeyInfo & { readonly key: string }>;
  /** One API key. Throws `CliError` where there is none of this id. */
  apiKey(id: string): Promise<ApiKeyInfo>;
  /** Creates an API key in the place of another, which stays valid for the overlap; only this answer has it. */
  rotateApiKey(id: string, rotation: { readonly overlapDays?: number }): Promise<ApiKeyInfo & { readonly key: string }>;
  /** Locks a principal out from now on, or lets it act again. */
  blockPrincipal(principal: string): Promise<void>;
  unblockPrincipal(principal: string): Promise<void>;
  /** The sessions of browsers that have not ended. */
  sessions(): Promise<readonly ShownSession[]>;
  /** Ends a session. Throws `CliError` where there is none of this id. */
  endSession(id: string): Promise<void>;
  /** Revokes an API key from now on. */
  revokeApiKey(id: string): Promise<ApiKeyInfo>;
  /** Acts that need two principals, the newest first: all of them, or those of a state. */
  acts(state: string | null): Promise<readonly ActInfo[]>;
  /** Approves what another principal requested. */
  approveAct(id: string): Promise<ActInfo>;
  /** Declines it, for good. */
  declineAct(id: string, reason: string | null): Promise<ActInfo>;
  /** Records facts of the business, each by itself; resolves when their outcomes are durable. */
  recordFacts(documents: readonly unknown[]): Promise<readonly ItemOutcome[]>;
  /** Every source, with when it was last seen; those that send without being registered too. */
  sources(): Promise<readonly SourceListing[]>;
  /** The attributes that are defined, by name. */
  attributes(): Promise<readonly AttributeListing[]>;
  /** Defines an attribute, or replaces its definition by the next version. `changed` is false where it was defined so before. */
  defineAttribute(document: unknown): Promise<AttributeChange>;
  removeAttribute(name: string): Promise<AttributeChange>;
  /** Defines a segment, or its next version. */
  defineSegment(document: unknown): Promise<SegmentOnRecord>;
  /** Removes a segment: its members leave it. */
  removeSegment(segmentId: string): Promise<SegmentOnRecord>;
  /** Registers a source; only this answer has its key, null for a kind that needs none. */
  createSource(document: JsonObject): Promise<SourceListing & { readonly key: string | null }>;
  /** Changes what a source is and may send; null removes a field. */
  changeSource(name: string, changes: JsonObject): Promise<SourceListing>;
  setSourceStatus(name: string, status: 'active' | 'paused' | 'retired'): Promise<SourceListing>;
  /** Every webhook endpoint and its status. Only a running engine has them: throws `CliError` where there is none. */
  webhooks(): Promise<readonly JsonObject[]>;
  /** Sends messages to a webhook endpoint again: those that it missed, or all from a position or an instant on. */
  replayWebhook(id: string, from: { readonly fromPosition?: number; readonly from?: string }): Promise<JsonObject>;
  /** Backs up the log and the keys into a folder of this machine. */
  backUp(folder: string, onProgress: OnProgress, signal: AbortSignal): Promise<BackupSummary>;
  /** How many milliseconds each step has taken since the engine started. */
  stepTimings(): Promise<Readonly<Record<string, number>>>;
  close(): Promise<void>;
}
