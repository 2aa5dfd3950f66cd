import { randomUUID } from 'node:crypto';
import { actView, ApprovalError, type RecordedApprovals } from '#approvals';
import { EventLogError } from '#event-log';
import {
  CheckTouchpoints,
  DiscardMany,
  DiscardQuarantined,
  importedItem,
  IngestTouchpoints,
  LOCAL_PUBLISHER,
  PublishPolicy,
  ReleaseMany,
  ReleaseQuarantined,
  ChangeSource,
  createSource,
  listingOf,
  listSources,
  SetSourceStatus,
  showQuarantined,
  type AttributeListing,
  type CheckTypeRequest,
  type SegmentOnRecord,
  type CheckTouchpointsHandler,
  type ClosedMany,
  type Closing,
  type DiscardManyHandler,
  type ManyQuarantined,
  type ReleaseManyHandler,
  type DiscardQuarantinedHandler,
  type IngestTouchpointsHandler,
  type PublishOptions,
  type PublishPolicyHandler,
  type Quarantine,
  type ManageSources,
  type ReleaseQuarantinedHandler,
  type SourceActivity,
  type SourceListing,
  type Sources,
  type SourceVerdict,
} from '#ingestion';
import { formatInstant } from '#contracts';
import {
  KeyRequestError,
  keyView,
  NEW_API_KEY,
  ROTATION_REQUEST,
  sessionView,
  type KeyAdministration,
  type SessionAdministration,
  type ShownSession,
} from '#keys';
import { parseInstant } from '#contracts';
import type { Policy } from '#lifecycle';
import type { ImportItem, ItemOutcome } from '#imports';
import {
  actorOf,
  LOCAL_PRINCIPAL,
  NOTHING_STATED,
  type Acts,
  type LogIdentity,
  type OpeningRequest,
  type Openings,
} from '#platform';
import type { BackupOptions, BackupSummary } from '#backup';
import type { Sealer } from '#keys';
import {
  showSubjectRequest,
  type MakePackage,
  type ManageSubjectRequests,
  type PackageLine,
  type RequestVerdict,
  type ShownSubjectRequest,
  type SubjectRequestView,
} from '#data-subjects';
import type { DecisionPreview } from '#identity';
import {
  checkReceipt,
  EraseCustomer,
  RECEIPT_DOCUMENT,
  RECEIPT_VERDICTS,
  type ContentsCheck,
  type ContentsCheckOptions,
  type EraseCustomerHandler,
  type RestrictionSelection,
  type ShownHold,
  type ShownRestriction,
  type ShownSuppression,
} from '#privacy';
import { clockView, type BuildProgress, type ClockStatus, type ClockWatch, type Projector } from '#projections';
import { QueryRejected, runQuery, type Answer, type QueryContext, type RawParams } from '#queries';
import { CliError, EXIT, rejected, unreachable, usage } from '../exit-codes.js';
import { issueLines, optionName } from '../terminal/issue-lines.js';
import { businessSettings } from './business-settings.js';
import { personNotFound, type LocalHolds } from './local-holds.js';
import type { LocalAttributes } from './local-attributes.js';
import type { LocalDecisions } from './local-decisions.js';
import type { LocalSegments } from './local-segments.js';
import type { LocalRestrictions } from './local-restrictions.js';
import type { LocalSuppressions } from './local-suppressions.js';
import type { LocalTypes } from './local-types.js';
import type {
  ReceiptCheck,
  ActInfo,
  AttributeChange,
  ApiKeyInfo,
  KeyRequest,
  BusinessSettings,
  DecisionMade,
  DecisionToMake,
  DryRunSummary,
  Engine,
  Erasure,
  Identity,
  JsonObject,
  OnProgress,
  PolicyDryRunSummary,
  RebuildSummary,
  StatedOpening,
  TypeChecked,
  TypeRegistered,
  Verification,
} from './engine.js';

/** The actor that is recorded for what the command line does on the data folder itself. */
const LOCAL = 'local';
const POLL_MS = 250;

/** What an engine consists of, opened in this process: what `npm start` has, without HTTP. */
export interface LocalDependencies {
  readonly context: QueryContext;
  readonly quarantine: Quarantine;
  readonly openings: Openings;
  readonly sealer: Sealer;
  readonly ingestTouchpoints: IngestTouchpointsHandler;
  readonly eraseCustomer: EraseCustomerHandler;
  readonly subjectRequests: ManageSubjectRequests;
  readonly packages: MakePackage;
  readonly holds: LocalHolds;
  readonly restrictions: LocalRestrictions;
  readonly decisions: LocalDecisions;
  readonly suppressions: LocalSuppressions;
  readonly publishPolicy: PublishPolicyHandler;
  readonly releaseQuarantined: ReleaseQuarantinedHandler;
  readonly discardQuarantined: DiscardQuarantinedHandler;
  readonly checkTouchpoints: CheckTouchpointsHandler;
  readonly releaseMany: ReleaseManyHandler;
  readonly discardMany: DiscardManyHandler;
  /** Opened when it is first needed: commands that only use the log do without it. */
  readonly projector: () => Promise<Projector>;
  readonly apiKeys: () => Promise<KeyAdministration>;
  readonly sessions: () => Promise<SessionAdministration>;
  readonly approvals: RecordedApprovals;
  readonly acts: Acts;
  readonly sources: Sources;
  readonly manageSources: ManageSources;
  readonly sourceActivity: SourceActivity;
  readonly attributes: LocalAttributes;
  readonly types: LocalTypes;
  readonly segments: LocalSegments;
  /** What the clock is compared with. */
  readonly clockWatch: () => Promise<ClockWatch>;
  /** Hashes the content of every event of the log again. */
  readonly checkContents: (options: ContentsCheckOptions) => Promise<ContentsCheck>;
  readonly backUp: (folder: string, options: BackupOptions) => Promise<BackupSummary>;
  /** Milliseconds spent waiting for commits so far. */
  readonly commitMs: () => number;
  logIdentity(): Promise<LogIdentity>;
  close(): Promise<void>;
}

/** A stopped engine, whose data folder is opened in this process. */
export class LocalEngine implements Engine {
  /** Whether the read models have caught up since the last write. */
  private isCurrent = false;

  constructor(
    readonly place: string,
    private readonly dependencies: LocalDependencies,
  ) {}

  async runQuery(query: string, params: RawParams, opening?: StatedOpening): Promise<Answer> {
    if (!this.isCurrent) await this.catchUp(() => undefined);
    return this.answer(query, params, opening);
  }

  businessSettings(): Promise<BusinessSettings> {
    // Policies are read from the log: the read models need not have caught up.
    return businessSettings({ runQuery: (query, params) => this.answer(query, params) });
  }

  logIdentity(): Promise<LogIdentity> {
    return this.dependencies.logIdentity();
  }

  async ingest(items: readonly ImportItem[]): Promise<readonly ItemOutcome[]> {
    this.isCurrent = false;
    const command = new IngestTouchpoints(items.map(importedItem), this.now(), 'kept', false, LOCAL_PUBLISHER, false);
    const { results } = await this.ingested(command);
    return results;
  }

  async check(items: readonly ImportItem[]): Promise<readonly ItemOutcome[]> {
    const command = new CheckTouchpoints(items.map(importedItem), this.now());
    const { results, warnings } = await this.dependencies.checkTouchpoints.execute(command);
    const [first, ...others] = results;
    return first === undefined ? [] : [{ ...first, warnings }, ...others];
  }

  /** Ingests, once the read models know which event ids are on record, where the log needs them for that. */
  private async ingested(command: IngestTouchpoints): ReturnType<IngestTouchpointsHandler['execute']> {
    try {
      return await this.dependencies.ingestTouchpoints.execute(command);
    } catch (error) {
      if (!(error instanceof EventLogError) || error.code !== 'catching-up') throw error;
      await this.catchUp(() => undefined);
      return this.dependencies.ingestTouchpoints.execute(command);
    }
  }

  async catchUp(onProgress: OnProgress): Promise<void> {
    const projector = await this.dependencies.projector();
    let isBuilding = false;
    // While read models are built, the live ones do not come nearer to the log.
    const stopPolling = await this.pollProgress(projector, (progress) => {
      if (!isBuilding) onProgress(progress);
    });
    const onBuilding = onBuild(onProgress);
    try {
      await projector.catchUp({
        onProgress: (progress) => {
          isBuilding = progress.phase !== 'switching';
          onBuilding(progress);
        },
      });
      this.isCurrent = true;
    } finally {
      await stopPolling();
    }
  }

  /** Reports how far the projector has come, until the function that is returned is called. */
  private async pollProgress(projector: Projector, onProgress: OnProgress): Promise<() => Promise<void>> {
    const most = { lag: 0, dirty: 0 };
    const before = (await projector.status()).counters.events;
    let isBusy = true;
    const poll = async (): Promise<void> => {
      while (isBusy) {
        const { lag, dirty, counters } = await projector.status();
        most.lag = Math.max(most.lag, lag);
        most.dirty = Math.max(most.dirty, dirty);
        const items = counters.events - before;
        if (lag > 0)
          onProgress({ step: 'reading the log', done: most.lag - lag, total: most.lag, items, unit: 'events' });
        else if (dirty > 0)
          onProgress({ step: 'folding customers', done: most.dirty - dirty, total: most.dirty, unit: 'customers' });
        await new Promise((wake) => setTimeout(wake, POLL_MS));
      }
    };
    const polling = poll().catch(() => undefined);
    return () => {
      isBusy = false;
      return polling;
    };
  }

  async rebuild(onProgress: OnProgress, signal: AbortSignal): Promise<RebuildSummary> {
    const projector = await this.dependencies.projector();
    const { version, position, events, elapsedMs } = await projector.rebuild({
      signal,
      onProgress: onBuild(onProgress),
    });
    const { overall } = await projector.digest();
    await this.recordOperation('rebuild');
    return { version, position, events, elapsedMs, digest: overall };
  }

  async dryRun(onProgress: OnProgress, signal: AbortSignal): Promise<DryRunSummary> {
    const projector = await this.dependencies.projector();
    return projector.dryRun({ signal, onProgress: onBuild(onProgress) });
  }

  async rollback(onProgress: OnProgress, signal: AbortSignal): Promise<Omit<RebuildSummary, 'elapsedMs' | 'events'>> {
    const projector = await this.dependencies.projector();
    const { version } = await projector
      .rollback(undefined, { signal, onProgress: onBuild(onProgress) })
      .catch((error: unknown) => {
        throw error instanceof RangeError ? rejected(error.message) : error;
      });
    const { position, overall } = await projector.digest();
    await this.recordOperation('rollback');
    return { version, position, digest: overall };
  }

  async verify(onProgress: OnProgress, signal: AbortSignal): Promise<Verification> {
    // The log first: read models that are built from a changed event differ, and this is why.
    const contents = await this.dependencies.checkContents({
      signal,
      onProgress: ({ phase, done, total, items }) => onProgress({ step: phase, done, total, items, unit: 'events' }),
    });
    await this.catchUp(onProgress);
    const projector = await this.dependencies.projector();
    const { equal, live, rebuilt, differences } = await projector.verify({
      signal,
      onProgress: onBuild(onProgress),
    });
    return {
      equal,
      position: live.position,
      live: live.overall,
      rebuilt: rebuilt.overall,
      differing: differences.map(({ table, onlyLive, onlyRebuilt }) => ({ table, onlyLive, onlyRebuilt })),
      contents,
    };
  }

  async erase({ identifier, customer }: Erasure): Promise<JsonObject> {
    await this.catchUp(() => undefined);
    const colon = identifier?.indexOf(':') ?? -1;
    const identifiers =
      identifier === undefined ? [] : [{ namespace: identifier.slice(0, colon), value: identifier.slice(colon + 1) }];
    const command = new EraseCustomer({ identifiers, customerId: customer ?? null }, LOCAL_PRINCIPAL);
    const verdict = await this.dependencies.eraseCustomer.execute(command);
    switch (verdict.outcome) {
      case 'erased':
        return { ...verdict.receipt };
      case 'held':
        throw rejected(
          `A legal hold keeps the data of this person (case ${verdict.cases.join(', ')}). The request is recorded, and is executed when the last hold is lifted.`,
        );
      default:
        throw personNotFound(verdict, identifier ?? customer ?? '', 'Erase each of them by its id.');
    }
  }

  async checkReceipt(receipt: unknown): Promise<ReceiptCheck> {
    const reading = RECEIPT_DOCUMENT.read(receipt);
    if (!reading.ok) throw rejected(`The receipt cannot be checked.${issueLines(reading.errors)}`);
    const { sealer, context } = this.dependencies;
    const verdict = await checkReceipt({ ...reading.value }, { sealer, log: context.log });
    return { verdict, detail: RECEIPT_VERDICTS[verdict] };
  }

  async openSubjectRequest(document: JsonObject): Promise<SubjectRequestView> {
    await this.catchUp(() => undefined);
    return requestIn(await this.dependencies.subjectRequests.open(document, LOCAL));
  }

  async subjectRequest(requestId: string, opening?: StatedOpening): Promise<ShownSubjectRequest> {
    await this.catchUp(() => undefined);
    const { subjectRequests: requests, sealer, openings } = this.dependencies;
    const request = await showSubjectRequest(requestId, requestOf(opening), { requests, sealer, openings });
    if (request === null) throw unknownRequest();
    return request;
  }

  async extendSubjectRequest(requestId: string, reason: string): Promise<SubjectRequestView> {
    return requestIn(await this.dependencies.subjectRequests.extend(requestId, { reason }, LOCAL));
  }

  async answerSubjectRequest(requestId: string, document: JsonObject): Promise<SubjectRequestView> {
    return requestIn(await this.dependencies.subjectRequests.answer(requestId, document, LOCAL));
  }

  async packSubjectRequest(requestId: string): Promise<AsyncIterable<PackageLine>> {
    await this.catchUp(() => undefined);
    const verdict = await this.dependencies.packages.make(requestId, {
      principal: LOCAL_PRINCIPAL,
      requestId: randomUUID(),
    });
    switch (verdict.outcome) {
      case 'ready':
        return verdict.lines;
      case 'unknown':
        throw unknownRequest();
      case 'conflict':
        throw rejected(verdict.detail);
      case 'closed':
        throw rejected(`No package was made. ${verdict.hint}`);
      case 'erased':
        throw rejected(
          `The person was erased${verdict.erasedAt === null ? '' : ` on ${formatInstant(verdict.erasedAt)}`}: nothing can be opened any more. Answer the request with that date.`,
        );
      case 'behind':
      case 'rebuilding':
        throw new CliError(EXIT.failed, 'The read models have not read the whole log yet: run the command again.');
    }
  }

  placeHold(request: JsonObject): Promise<JsonObject> {
    return this.holding(() => this.dependencies.holds.place(request));
  }

  holds(status: 'active' | 'lifted' | 'all'): Promise<readonly ShownHold[]> {
    return this.dependencies.holds.list(status);
  }

  liftHold(holdId: string, reason: string | null): Promise<JsonObject> {
    // Each erasure is an event that the read models must have before the next person is found.
    return this.holding(() => this.dependencies.holds.lift(holdId, reason, () => this.catchUp(() => undefined)));
  }

  addSuppressions(request: JsonObject): Promise<readonly ShownSuppression[]> {
    return this.holding(() => this.dependencies.suppressions.add(request));
  }

  liftSuppression(suppressionId: string): Promise<ShownSuppression> {
    return this.holding(() => this.dependencies.suppressions.lift(suppressionId));
  }

  placeRestriction(request: JsonObject): Promise<ShownRestriction> {
    return this.holding(() => this.dependencies.restrictions.place(request));
  }

  restrictions(status: RestrictionSelection): Promise<readonly ShownRestriction[]> {
    return this.dependencies.restrictions.list(status);
  }

  liftRestriction(restrictionId: string): Promise<ShownRestriction> {
    return this.holding(() => this.dependencies.restrictions.lift(restrictionId));
  }

  previewDecision(decision: DecisionToMake): Promise<DecisionPreview> {
    return this.holding(() => this.dependencies.decisions.preview(decision));
  }

  decide(decision: DecisionToMake): Promise<DecisionMade> {
    return this.holding(() => this.dependencies.decisions.decide(decision));
  }

  private async holding<T>(work: () => Promise<T>): Promise<T> {
    await this.catchUp(() => undefined);
    this.isCurrent = false;
    return work();
  }

  async publishPolicy(policy: unknown, options: PublishOptions): Promise<JsonObject> {
    this.isCurrent = false;
    const verdict = await this.dependencies.publishPolicy.execute(new PublishPolicy(policy, options));
    if (!verdict.ok) throw rejected(`The policy cannot be published:${issueLines(verdict.errors)}`);
    const { published, position, changed } = verdict;
    const { version, effectiveFrom, restates, reason } = published;
    return { version, effectiveFrom, restates, reason, position, changed };
  }

  types(): ReturnType<Engine['types']> {
    return this.dependencies.types.list();
  }

  registerType(definition: unknown): Promise<TypeRegistered> {
    return this.dependencies.types.register(definition);
  }

  checkType(request: CheckTypeRequest): Promise<TypeChecked> {
    return this.dependencies.types.check(request);
  }

  async policyDryRun(
    policy: Policy,
    draft: JsonObject,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<PolicyDryRunSummary> {
    await this.catchUp(onProgress);
    const projector = await this.dependencies.projector();
    const { version, effectiveFrom, restates } = draft as {
      version: string;
      effectiveFrom: string | null;
      restates: boolean;
    };
    const from = effectiveFrom === null ? null : parseInstant(effectiveFrom);
    const drafted = { version, policy, effectiveFrom: from, restates };
    const { asOf, ...result } = await projector.policyDryRun(drafted, { signal, onProgress: onBuild(onProgress) });
    return { asOf: formatInstant(asOf), ...result };
  }

  refold(onProgress: OnProgress): Promise<void> {
    return this.catchUp(onProgress);
  }

  async quarantinedEvent(quarantineId: string, opening?: StatedOpening): Promise<JsonObject> {
    const shown = await showQuarantined(quarantineId, requestOf(opening), this.dependencies);
    if (shown === null) throw unknownQuarantined();
    return { ...shown };
  }

  async release(quarantineId: string, fixed: unknown): Promise<JsonObject> {
    this.isCurrent = false;
    const command = new ReleaseQuarantined(quarantineId, fixed, LOCAL);
    return closedEvent(await this.dependencies.releaseQuarantined.execute(command));
  }

  async discard(quarantineId: string, reason: string): Promise<JsonObject> {
    this.isCurrent = false;
    const command = new DiscardQuarantined(quarantineId, reason, LOCAL);
    return closedEvent(await this.dependencies.discardQuarantined.execute(command));
  }

  async clock(): Promise<ClockStatus> {
    const watch = await this.dependencies.clockWatch();
    await watch.refresh();
    return clockView(watch);
  }

  async confirmClock(): Promise<ClockStatus> {
    const watch = await this.dependencies.clockWatch();
    await watch.confirm(LOCAL);
    await this.recordOperation('clock-confirmed');
    return clockView(watch);
  }

  async whoAmI(): Promise<Identity> {
    const { name, kind, permissions } = LOCAL_PRINCIPAL;
    const principal = actorOf(LOCAL_PRINCIPAL);
    return { principal, kind, name, roles: [], permissions: [...permissions], scopes: {} };
  }

  async apiKeys(): Promise<readonly ApiKeyInfo[]> {
    return (await this.dependencies.apiKeys()).list().map(keyView);
  }

  async createApiKey(request: KeyRequest): Promise<ApiKeyInfo & { readonly key: string }> {
    const reading = NEW_API_KEY.read(request);
    if (!reading.ok) throw rejected(`The API key cannot be created:${issueLines(reading.errors)}`);
    const keys = await this.dependencies.apiKeys();
    const { key, record } = await keys.create(reading.value, LOCAL_PRINCIPAL).catch(keyRequestRejected);
    return { ...keyView(record), key };
  }

  async apiKey(id: string): Promise<ApiKeyInfo> {
    const keys = await this.dependencies.apiKeys();
    return keyView(
      await Promise.resolve(id)
        .then((each) => keys.find(each))
        .catch(keyRequestRejected),
    );
  }

  async rotateApiKey(
    id: string,
    rotation: { readonly overlapDays?: number },
  ): Promise<ApiKeyInfo & { readonly key: string }> {
    const reading = ROTATION_REQUEST.read(rotation);
    if (!reading.ok) throw rejected(`The API key cannot be rotated:${issueLines(reading.errors)}`);
    const keys = await this.dependencies.apiKeys();
    const { key, record } = await keys.rotate(id, reading.value, LOCAL_PRINCIPAL).catch(keyRequestRejected);
    return { ...keyView(record), key };
  }

  async blockPrincipal(principal: string): Promise<void> {
    await (await this.dependencies.apiKeys()).block(principal, LOCAL_PRINCIPAL).catch(keyRequestRejected);
  }

  async unblockPrincipal(principal: string): Promise<void> {
    await (await this.dependencies.apiKeys()).unblock(principal, LOCAL_PRINCIPAL).catch(keyRequestRejected);
  }

  async sessions(): Promise<readonly ShownSession[]> {
    return (await (await this.dependencies.sessions()).list()).map(sessionView);
  }

  async endSession(id: string): Promise<void> {
    if (await (await this.dependencies.sessions()).end(id, LOCAL_PRINCIPAL)) return;
    throw rejected('There is no session of this id: perennial sessions list shows them.');
  }

  async revokeApiKey(id: string): Promise<ApiKeyInfo> {
    const keys = await this.dependencies.apiKeys();
    return keyView(await keys.revoke(id, LOCAL_PRINCIPAL).catch(keyRequestRejected));
  }

  async acts(state: string | null): Promise<readonly ActInfo[]> {
    const acts = (await this.dependencies.approvals.list()).map((act) => actView(act, this.now()));
    return acts.filter((act) => state === null || act.state === state);
  }

  async approveAct(id: string): Promise<ActInfo> {
    const act = await this.dependencies.approvals.approve(id, LOCAL_PRINCIPAL).catch(decisionRejected);
    return actView(act, this.now());
  }

  async declineAct(id: string, reason: string | null): Promise<ActInfo> {
    const act = await this.dependencies.approvals.decline(id, reason, LOCAL_PRINCIPAL).catch(decisionRejected);
    return actView(act, this.now());
  }

  async releaseMany(selection: ManyQuarantined): Promise<ClosedMany> {
    await this.catchUp(() => undefined);
    this.isCurrent = false;
    return listed(await this.dependencies.releaseMany.execute(new ReleaseMany(selection, LOCAL)));
  }

  async discardMany(selection: ManyQuarantined, reason: string, replaced = false): Promise<ClosedMany> {
    await this.catchUp(() => undefined);
    this.isCurrent = false;
    return listed(await this.dependencies.discardMany.execute(new DiscardMany(selection, reason, LOCAL, replaced)));
  }

  async recordFacts(documents: readonly unknown[]): Promise<readonly ItemOutcome[]> {
    this.isCurrent = false;
    const items = documents.map((document) => ({ document, isFact: true as const }));
    return (await this.ingested(new IngestTouchpoints(items, this.now()))).results;
  }

  async sources(): Promise<readonly SourceListing[]> {
    await this.catchUp(() => undefined);
    const { sources, sourceActivity } = this.dependencies;
    return listSources(sources.all, sourceActivity, this.now());
  }

  async createSource(document: JsonObject): Promise<SourceListing & { readonly key: string | null }> {
    this.isCurrent = false;
    const { manageSources, apiKeys } = this.dependencies;
    const created = await createSource(manageSources, apiKeys, document, LOCAL_PRINCIPAL);
    if (created.outcome !== 'created') return { ...listedSource(created), key: null };
    return { ...listingOf(created.source, undefined), key: created.key };
  }

  async changeSource(name: string, changes: JsonObject): Promise<SourceListing> {
    this.isCurrent = false;
    return listedSource(await this.dependencies.manageSources.change(new ChangeSource(name, changes, LOCAL)));
  }

  async setSourceStatus(name: string, status: 'active' | 'paused' | 'retired'): Promise<SourceListing> {
    this.isCurrent = false;
    return listedSource(await this.dependencies.manageSources.setStatus(new SetSourceStatus(name, status, LOCAL)));
  }

  attributes(): Promise<readonly AttributeListing[]> {
    return this.dependencies.attributes.list();
  }

  defineAttribute(document: unknown): Promise<AttributeChange> {
    this.isCurrent = false;
    return this.dependencies.attributes.define(document);
  }

  removeAttribute(name: string): Promise<AttributeChange> {
    this.isCurrent = false;
    return this.dependencies.attributes.remove(name);
  }

  defineSegment(document: unknown): Promise<SegmentOnRecord> {
    this.isCurrent = false;
    return this.dependencies.segments.define(document);
  }

  removeSegment(segmentId: string): Promise<SegmentOnRecord> {
    this.isCurrent = false;
    return this.dependencies.segments.remove(segmentId);
  }

  webhooks(): Promise<never> {
    return Promise.reject(unreachable('Only a running engine has webhooks: start it with npm start, then try again.'));
  }

  replayWebhook(): Promise<never> {
    return this.webhooks();
  }

  backUp(folder: string, onProgress: OnProgress, signal: AbortSignal): Promise<BackupSummary> {
    return this.dependencies.backUp(folder, { now: () => this.now(), onProgress, signal });
  }

  async stepTimings(): Promise<Readonly<Record<string, number>>> {
    const projector = await this.dependencies.projector();
    const { stepMs } = await projector.status();
    const projecting = Object.entries(stepMs).map(([step, ms]) => [`projecting: ${step}`, ms] as const);
    return { 'committing to the log': this.dependencies.commitMs(), ...Object.fromEntries(projecting) };
  }

  close(): Promise<void> {
    return this.dependencies.close();
  }

  private recordOperation(operation: string): Promise<void> {
    return this.dependencies.acts.record({ name: 'operation-started', by: LOCAL, data: { operation } });
  }

  private now(): number {
    return this.dependencies.context.clock.now();
  }

  private async answer(query: string, params: RawParams, opening?: StatedOpening): Promise<Answer> {
    const { context, openings } = this.dependencies;
    try {
      return await runQuery({ ...context, openings, opening: requestOf(opening) }, query, params);
    } catch (error) {
      if (!(error instanceof QueryRejected)) throw error;
      const issues = issueLines(error.issues, optionName);
      if (error.code === 'unknown-customer') throw rejected(`The customer is not known:${issues}`);
      if (error.code === 'unknown-account') throw rejected(`The account is not known:${issues}`);
      throw usage(`The parameters of the query are not valid:${issues}`);
    }
  }
}

/** Who opens the folder, and what the options state: without them nothing is opened. */
const requestOf = (opening: StatedOpening = { ...NOTHING_STATED, kind: 'view' }): OpeningRequest => ({
  ...opening,
  principal: LOCAL_PRINCIPAL,
  requestId: randomUUID(),
});

const BUILD_UNITS: Readonly<Record<BuildProgress['phase'], string>> = {
  links: 'events',
  components: 'subjects',
  touchpoints: 'events',
  sorting: 'touchpoints',
  customers: 'customers',
  indexes: 'indexes',
  attributes: 'events',
  'catching-up': 'events',
  switching: 'steps',
};

function onBuild(onProgress: OnProgress): (progress: BuildProgress) => void {
  return ({ phase, done, total, items }) => onProgress({ step: phase, done, total, items, unit: BUILD_UNITS[phase] });
}

function listedSource(verdict: SourceVerdict): SourceListing {
  switch (verdict.outcome) {
    case 'done':
      return listingOf(verdict.source);
    case 'unknown':
      throw rejected('No source of this name is registered: perennial sources list shows them.');
    case 'conflict':
      throw rejected(verdict.detail);
    case 'invalid':
      throw rejected(`The description of the source is not valid:${issueLines(verdict.errors)}`);
  }
}

function requestIn(verdict: RequestVerdict): SubjectRequestView {
  switch (verdict.outcome) {
    case 'done':
      return verdict.request;
    case 'unknown':
      throw unknownRequest();
    case 'conflict':
      throw rejected(verdict.detail);
    case 'invalid':
      throw rejected(`Nothing was recorded:${issueLines(verdict.errors)}`);
  }
}

const unknownRequest = (): CliError => rejected('No request has this id: perennial subject-request list shows them.');

function listed(closed: ClosedMany | null): ClosedMany {
  return closed ?? { closed: 0, kept: 0, next: null };
}

function closedEvent(closing: Closing): JsonObject {
  switch (closing.outcome) {
    case 'closed':
      return { ...closing.quarantined };
    case 'unknown':
      throw unknownQuarantined();
    case 'conflict':
      throw rejected(
        `The event was ${closing.quarantined.status} before: only an open one can be released or discarded.`,
      );
    case 'erased':
      throw rejected('The customer of the event was erased: it cannot be opened any more. Discard it.');
    case 'rejected':
      throw rejected(
        `The event is still not valid (${closing.code}), and nothing was written:${issueLines(closing.errors)}`,
      );
  }
}

function keyRequestRejected(error: unknown): never {
  if (!(error instanceof KeyRequestError)) throw error;
  const { code, message, at } = error;
  if (code === 'unknown-key') throw rejected(`${message} perennial keys list shows them.`);
  throw rejected(at === null ? message : `The API key cannot be created:${issueLines([{ ...at, detail: message }])}`);
}

function decisionRejected(error: unknown): never {
  throw error instanceof ApprovalError ? rejected(error.message) : error;
}

function unknownQuarantined(): CliError {
  return rejected('No quarantined event has this id: perennial quarantine list shows them.');
}
