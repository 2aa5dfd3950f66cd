import type { ShownSession } from '#keys';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ValidationIssue } from '#contracts';
import type {
  CheckTypeRequest,
  AttributeListing,
  ClosedMany,
  ManyQuarantined,
  PublishOptions,
  SegmentOnRecord,
  SourceListing,
} from '#ingestion';
import type { Policy } from '#lifecycle';
import type { ImportItem, ItemOutcome, ItemWarning } from '#imports';
import type { BackupSummary } from '#backup';
import { BackupError } from '#backup/basics';
import type { PackageLine, ShownSubjectRequest, SubjectRequestView } from '#data-subjects';
import type { DecisionPreview } from '#identity';
import { ActRequested, openingHeaders, type FolderId, type LogIdentity, type WaitingAct } from '#platform/basics';
import type { RestrictionSelection, ShownHold, ShownRestriction, ShownSuppression } from '#privacy';
import type { ClockStatus } from '#projections';
import type { Answer, RawParams } from '#queries';
import { CliError, EXIT, rejected, unreachable, usage } from '../exit-codes.js';
import { issueLines, optionName } from '../terminal/issue-lines.js';
import type { BearerSource } from '../sign-in/stored-login.js';
import { businessSettings } from './business-settings.js';
import { CatchingUp } from './catching-up.js';
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
  JobProgress,
  JsonObject,
  OnProgress,
  PolicyDryRunSummary,
  RebuildSummary,
  StatedOpening,
  TypeChecked,
  TypeRegistered,
  Verification,
} from './engine.js';

/** An error response (RFC 9457). */
interface ProblemBody {
  readonly type?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly ValidationIssue[];
}

interface IngestResultBody {
  readonly received: number;
  readonly results: readonly {
    readonly index: number;
    readonly outcome: ItemOutcome['outcome'];
    readonly code?: string;
    readonly pointer?: string;
    readonly detail?: string;
    readonly hint?: string;
    readonly quarantineId?: string;
  }[];
  readonly warnings?: readonly ItemWarning[];
  readonly resultsCut?: boolean;
}

/** What an engine says of itself. */
export interface EngineDescription {
  readonly nonce: string;
  readonly folder: FolderId;
  readonly log: LogIdentity | null;
}

interface JobBody {
  readonly state: 'running' | 'done' | 'failed';
  readonly progress: {
    readonly phase: string;
    readonly done: number;
    readonly total: number;
    readonly items: number;
  } | null;
  readonly result: JsonObject | null;
  readonly failure: string | null;
}

interface BackupBody {
  readonly state: 'running' | 'done' | 'failed';
  readonly progress: JobProgress | null;
  readonly result: BackupSummary | null;
  readonly failure: { readonly code: string | null; readonly detail: string } | null;
}

/** How many times a request is sent where the engine is overloaded. */
const ATTEMPTS_MAX = 8;
/** How many times it is sent where the engine does not answer. */
const CONNECTIONS_MAX = 3;
const POLL_MS = 300;

/** A running engine, over HTTP. */
export class RemoteEngine implements Engine {
  readonly place: string;

  constructor(
    private readonly url: string,
    /** An API key, or a login, which is renewed while a long command runs. */
    private readonly credential: string | BearerSource | null,
  ) {
    this.place = `the engine at ${url}`;
  }

  async runQuery(query: string, params: RawParams, opening?: StatedOpening): Promise<Answer> {
    const search = new URLSearchParams({ format: 'json' });
    for (const [name, value] of Object.entries(params))
      if (value !== undefined) search.set(name, String(value as string));
    return (await this.open(`/v1/query/${query}?${search.toString()}`, opening)) as Answer;
  }

  businessSettings(): Promise<BusinessSettings> {
    return businessSettings(this);
  }

  async logIdentity(): Promise<LogIdentity | null> {
    return (await this.describe())?.log ?? null;
  }

  async whoAmI(): Promise<Identity> {
    return (await this.send('GET', '/auth/me')) as Identity;
  }

  ingest(items: readonly ImportItem[]): Promise<readonly ItemOutcome[]> {
    return this.sendRows('/v1/imports/rows', items);
  }

  check(items: readonly ImportItem[]): Promise<readonly ItemOutcome[]> {
    return this.sendRows('/v1/imports/rows?dryRun=true', items);
  }

  private async sendRows(path: string, items: readonly ImportItem[]): Promise<readonly ItemOutcome[]> {
    const body = items.map((item) => `${JSON.stringify(rowOf(item))}\n`).join('');
    const result = (await this.send('POST', path, body, 'application/x-ndjson')) as IngestResultBody;
    if (result.received !== items.length || result.resultsCut === true)
      throw new CliError(
        EXIT.failed,
        `The engine accepted ${result.received} of ${items.length} rows of a batch: run the import again with a smaller --batch-size.`,
      );
    const outcomes: ItemOutcome[] = items.map(() => ({ outcome: 'accepted' }));
    for (const { index, ...outcome } of result.results) outcomes[index] = outcome;
    const [first] = outcomes;
    // The engine tells each kind of warning once, with the number of its items: which ones they are is not needed.
    if (first !== undefined && result.warnings !== undefined) outcomes[0] = { ...first, warnings: result.warnings };
    return outcomes;
  }

  async catchUp(onProgress: OnProgress): Promise<void> {
    const wait = new CatchingUp();
    for (;;) {
      const { rows } = await this.runQuery('lag', {});
      const progress = wait.progress(rows);
      if (progress === null) return;
      onProgress(progress);
      await sleep(POLL_MS);
    }
  }

  async rebuild(onProgress: OnProgress, signal: AbortSignal): Promise<RebuildSummary> {
    return (await this.runJob('rebuild', onProgress, signal)) as unknown as RebuildSummary;
  }

  async dryRun(onProgress: OnProgress, signal: AbortSignal): Promise<DryRunSummary> {
    return (await this.runJob('rebuild?dryRun=true', onProgress, signal)) as unknown as DryRunSummary;
  }

  async rollback(onProgress: OnProgress, signal: AbortSignal): Promise<Omit<RebuildSummary, 'elapsedMs' | 'events'>> {
    return (await this.runJob('rollback', onProgress, signal)) as unknown as RebuildSummary;
  }

  async verify(onProgress: OnProgress, signal: AbortSignal): Promise<Verification> {
    return (await this.runJob('verify', onProgress, signal)) as unknown as Verification;
  }

  async erase(erasure: Erasure): Promise<JsonObject> {
    return (await this.send('POST', '/v1/erasures', JSON.stringify(erasure))) as JsonObject;
  }

  async checkReceipt(receipt: unknown): Promise<ReceiptCheck> {
    return (await this.send('POST', '/v1/erasures/receipts/check', JSON.stringify(receipt))) as unknown as ReceiptCheck;
  }

  async openSubjectRequest(document: JsonObject): Promise<SubjectRequestView> {
    return (await this.send('POST', '/v1/subject-requests', JSON.stringify(document))) as SubjectRequestView;
  }

  async subjectRequest(requestId: string, opening?: StatedOpening): Promise<ShownSubjectRequest> {
    const path = `/v1/subject-requests/${encodeURIComponent(requestId)}`;
    return (await this.open(path, opening)) as ShownSubjectRequest;
  }

  async extendSubjectRequest(requestId: string, reason: string): Promise<SubjectRequestView> {
    const path = `/v1/subject-requests/${encodeURIComponent(requestId)}/extension`;
    return (await this.send('POST', path, JSON.stringify({ reason }))) as SubjectRequestView;
  }

  async answerSubjectRequest(requestId: string, document: JsonObject): Promise<SubjectRequestView> {
    const path = `/v1/subject-requests/${encodeURIComponent(requestId)}/answer`;
    return (await this.send('POST', path, JSON.stringify(document))) as SubjectRequestView;
  }

  async packSubjectRequest(requestId: string): Promise<AsyncIterable<PackageLine>> {
    const response = await this.request('POST', `/v1/subject-requests/${encodeURIComponent(requestId)}/package`);
    return packageLines(response, this.place);
  }

  async placeHold(request: JsonObject): Promise<JsonObject> {
    return (await this.send('POST', '/v1/holds', JSON.stringify(request))) as JsonObject;
  }

  async holds(status: 'active' | 'lifted' | 'all'): Promise<readonly ShownHold[]> {
    const { holds } = (await this.send('GET', `/v1/holds?status=${status}`)) as { readonly holds: ShownHold[] };
    return holds;
  }

  async liftHold(holdId: string, reason: string | null): Promise<JsonObject> {
    const body = JSON.stringify(reason === null ? {} : { reason });
    return (await this.send('POST', `/v1/holds/${encodeURIComponent(holdId)}/lift`, body)) as JsonObject;
  }

  async addSuppressions(request: JsonObject): Promise<readonly ShownSuppression[]> {
    const answer = (await this.send('POST', '/v1/suppressions', JSON.stringify(request))) as {
      readonly suppressions: ShownSuppression[];
    };
    return answer.suppressions;
  }

  async liftSuppression(suppressionId: string): Promise<ShownSuppression> {
    const path = `/v1/suppressions/${encodeURIComponent(suppressionId)}/lift`;
    return (await this.send('POST', path, '{}')) as ShownSuppression;
  }

  async placeRestriction(request: JsonObject): Promise<ShownRestriction> {
    return (await this.send('POST', '/v1/restrictions', JSON.stringify(request))) as ShownRestriction;
  }

  async restrictions(status: RestrictionSelection): Promise<readonly ShownRestriction[]> {
    const answer = (await this.send('GET', `/v1/restrictions?status=${status}`)) as {
      readonly restrictions: ShownRestriction[];
    };
    return answer.restrictions;
  }

  async liftRestriction(restrictionId: string): Promise<ShownRestriction> {
    const path = `/v1/restrictions/${encodeURIComponent(restrictionId)}/lift`;
    return (await this.send('POST', path, '{}')) as ShownRestriction;
  }

  async previewDecision(decision: DecisionToMake): Promise<DecisionPreview> {
    const path = `${decisionPath(decision)}/preview`;
    return (await this.send('POST', path, JSON.stringify(decision.document))) as DecisionPreview;
  }

  async decide(decision: DecisionToMake): Promise<DecisionMade> {
    return (await this.send('POST', decisionPath(decision), JSON.stringify(decision.document))) as DecisionMade;
  }

  async publishPolicy(policy: unknown, options: PublishOptions): Promise<JsonObject> {
    return (await this.send('POST', '/v1/policies', JSON.stringify({ policy, ...options }))) as JsonObject;
  }

  async registerType(definition: unknown): Promise<TypeRegistered> {
    return (await this.send('POST', '/v1/types', JSON.stringify(definition))) as TypeRegistered;
  }

  async checkType(request: CheckTypeRequest): Promise<TypeChecked> {
    return (await this.send('POST', '/v1/types/check', JSON.stringify(request))) as TypeChecked;
  }

  async types(): ReturnType<Engine['types']> {
    return (await this.send('GET', '/v1/types')) as Awaited<ReturnType<Engine['types']>>;
  }

  async policyDryRun(
    policy: Policy,
    draft: JsonObject,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<PolicyDryRunSummary> {
    const { effectiveFrom = null, restates = false } = draft;
    const body = JSON.stringify({ policy, effectiveFrom, restates });
    return (await this.runJob('policy-dry-run', onProgress, signal, body)) as unknown as PolicyDryRunSummary;
  }

  async refold(onProgress: OnProgress, signal: AbortSignal): Promise<void> {
    await this.runJob('refold', onProgress, signal);
  }

  async quarantinedEvent(quarantineId: string, opening?: StatedOpening): Promise<JsonObject> {
    return (await this.open(`/v1/quarantine/${encodeURIComponent(quarantineId)}`, opening)) as JsonObject;
  }

  async release(quarantineId: string, fixed: unknown): Promise<JsonObject> {
    const body = JSON.stringify(fixed === undefined ? {} : { fixed });
    return (await this.send('POST', `/v1/quarantine/${encodeURIComponent(quarantineId)}/release`, body)) as JsonObject;
  }

  async discard(quarantineId: string, reason: string): Promise<JsonObject> {
    const path = `/v1/quarantine/${encodeURIComponent(quarantineId)}/discard`;
    return (await this.send('POST', path, JSON.stringify({ reason }))) as JsonObject;
  }

  async clock(): Promise<ClockStatus> {
    return (await this.send('GET', '/v1/clock')) as ClockStatus;
  }

  async confirmClock(): Promise<ClockStatus> {
    return (await this.send('POST', '/v1/clock/confirm')) as ClockStatus;
  }

  async apiKeys(): Promise<readonly ApiKeyInfo[]> {
    return (await this.send('GET', '/v1/keys')) as ApiKeyInfo[];
  }

  async createApiKey(request: KeyRequest): Promise<ApiKeyInfo & { readonly key: string }> {
    return (await this.send('POST', '/v1/keys', JSON.stringify(request))) as ApiKeyInfo & { readonly key: string };
  }

  async apiKey(id: string): Promise<ApiKeyInfo> {
    return (await this.send('GET', `/v1/keys/${encodeURIComponent(id)}`)) as ApiKeyInfo;
  }

  async rotateApiKey(
    id: string,
    rotation: { readonly overlapDays?: number },
  ): Promise<ApiKeyInfo & { readonly key: string }> {
    const path = `/v1/keys/${encodeURIComponent(id)}/rotate`;
    return (await this.send('POST', path, JSON.stringify(rotation))) as ApiKeyInfo & { readonly key: string };
  }

  async blockPrincipal(principal: string): Promise<void> {
    await this.send('POST', `/v1/principals/${encodeURIComponent(principal)}/block`);
  }

  async unblockPrincipal(principal: string): Promise<void> {
    await this.send('DELETE', `/v1/principals/${encodeURIComponent(principal)}/block`);
  }

  async sessions(): Promise<readonly ShownSession[]> {
    return (await this.send('GET', '/v1/sessions')) as readonly ShownSession[];
  }

  async endSession(id: string): Promise<void> {
    await this.send('DELETE', `/v1/sessions/${encodeURIComponent(id)}`);
  }

  async revokeApiKey(id: string): Promise<ApiKeyInfo> {
    return (await this.send('DELETE', `/v1/keys/${encodeURIComponent(id)}`)) as ApiKeyInfo;
  }

  async releaseMany(selection: ManyQuarantined): Promise<ClosedMany> {
    return (await this.send('POST', '/v1/quarantine/release', JSON.stringify(selection))) as ClosedMany;
  }

  async discardMany(selection: ManyQuarantined, reason: string, replaced = false): Promise<ClosedMany> {
    const body = { ...selection, reason, ...(replaced ? { replaced } : {}) };
    return (await this.send('POST', '/v1/quarantine/discard', JSON.stringify(body))) as ClosedMany;
  }

  async acts(state: string | null): Promise<readonly ActInfo[]> {
    const search = state === null ? '' : `?state=${encodeURIComponent(state)}`;
    return ((await this.send('GET', `/v1/acts${search}`)) as { readonly acts: readonly ActInfo[] }).acts;
  }

  async approveAct(id: string): Promise<ActInfo> {
    return (await this.send('POST', `/v1/acts/${encodeURIComponent(id)}/approve`, '{}')) as ActInfo;
  }

  async declineAct(id: string, reason: string | null): Promise<ActInfo> {
    const body = JSON.stringify(reason === null ? {} : { reason });
    return (await this.send('POST', `/v1/acts/${encodeURIComponent(id)}/decline`, body)) as ActInfo;
  }

  async recordFacts(documents: readonly unknown[]): Promise<readonly ItemOutcome[]> {
    const body = documents.map((document) => `${JSON.stringify(document)}\n`).join('');
    const result = (await this.send('POST', '/v1/facts', body, 'application/x-ndjson')) as IngestResultBody;
    const outcomes: ItemOutcome[] = documents.map(() => ({ outcome: 'accepted' }));
    for (const { index, ...outcome } of result.results) outcomes[index] = outcome;
    return outcomes;
  }

  async sources(): Promise<readonly SourceListing[]> {
    return ((await this.send('GET', '/v1/sources')) as { readonly sources: readonly SourceListing[] }).sources;
  }

  async createSource(document: JsonObject): Promise<SourceListing & { readonly key: string | null }> {
    return (await this.send('POST', '/v1/sources', JSON.stringify(document))) as SourceListing & {
      readonly key: string | null;
    };
  }

  async changeSource(name: string, changes: JsonObject): Promise<SourceListing> {
    const path = `/v1/sources/${encodeURIComponent(name)}`;
    return (await this.send('PATCH', path, JSON.stringify(changes))) as SourceListing;
  }

  async setSourceStatus(name: string, status: 'active' | 'paused' | 'retired'): Promise<SourceListing> {
    const verb = { active: 'resume', paused: 'pause', retired: 'retire' }[status];
    return (await this.send('POST', `/v1/sources/${encodeURIComponent(name)}/${verb}`)) as SourceListing;
  }

  async attributes(): Promise<readonly AttributeListing[]> {
    return ((await this.send('GET', '/v1/attributes')) as { readonly attributes: readonly AttributeListing[] })
      .attributes;
  }

  async defineAttribute(document: unknown): Promise<AttributeChange> {
    return (await this.send('POST', '/v1/attributes', JSON.stringify(document))) as AttributeChange;
  }

  async removeAttribute(name: string): Promise<AttributeChange> {
    return (await this.send('DELETE', `/v1/attributes/${encodeURIComponent(name)}`)) as AttributeChange;
  }

  async defineSegment(document: unknown): Promise<SegmentOnRecord> {
    return (await this.send('POST', '/v1/segments', JSON.stringify(document))) as SegmentOnRecord;
  }

  async removeSegment(segmentId: string): Promise<SegmentOnRecord> {
    return (await this.send('DELETE', `/v1/segments/${encodeURIComponent(segmentId)}`)) as SegmentOnRecord;
  }

  async webhooks(): Promise<readonly JsonObject[]> {
    return (await this.send('GET', '/v1/webhooks')) as JsonObject[];
  }

  async replayWebhook(
    id: string,
    from: { readonly fromPosition?: number; readonly from?: string },
  ): Promise<JsonObject> {
    const path = `/v1/webhooks/${encodeURIComponent(id)}/replays`;
    return (await this.send('POST', path, JSON.stringify(from))) as JsonObject;
  }

  async backUp(folder: string, onProgress: OnProgress, signal: AbortSignal): Promise<BackupSummary> {
    let job = (await this.send('POST', '/v1/backups', JSON.stringify({ folder }))) as BackupBody;
    let stopping = false;
    while (job.state === 'running') {
      if (job.progress !== null) onProgress(job.progress);
      await sleep(POLL_MS);
      if (signal.aborted && !stopping) {
        stopping = true;
        await this.send('DELETE', '/v1/backups/current');
      }
      job = (await this.send('GET', '/v1/backups/current')) as BackupBody;
    }
    if (job.result !== null) return job.result;
    const { code, detail } = job.failure ?? { code: null, detail: 'no reason was given' };
    throw BackupError.isCode(code)
      ? new BackupError(code, detail)
      : new CliError(EXIT.failed, `The backup failed: ${detail}`);
  }

  async stepTimings(): Promise<Readonly<Record<string, number>>> {
    const { stepMs } = (await this.send('GET', '/v1/projections/status')) as { stepMs: Record<string, number> };
    const metrics = await this.request('GET', '/metrics').then((response) => response.text());
    const seconds = Number(/^perennial_log_commit_seconds_sum (\S+)$/m.exec(metrics)?.[1] ?? 0);
    const projecting = Object.entries(stepMs).map(([step, ms]) => [`projecting: ${step}`, ms] as const);
    return { 'committing to the log': seconds * 1_000, ...Object.fromEntries(projecting) };
  }

  async close(): Promise<void> {}

  /** Which engine answers, on which folder and which log; null where it does not say, or rejects the key. */
  async describe(): Promise<EngineDescription | null> {
    try {
      return (await this.send('GET', '/v1/engine')) as EngineDescription;
    } catch (error) {
      // No answer at all is reported as it is: the engine may be starting.
      if (error instanceof CliError && error.cause === undefined) return null;
      throw error;
    }
  }

  /** Starts a job, or joins the one that is running, and polls it until it ends. Ctrl-C stops the job in the engine too. */
  private async runJob(
    kind: 'rebuild' | 'rebuild?dryRun=true' | 'rollback' | 'verify' | 'policy-dry-run' | 'refold',
    onProgress: OnProgress,
    signal: AbortSignal,
    body?: string,
  ): Promise<JsonObject> {
    let job = (await this.send('POST', `/v1/projections/${kind}`, body)) as JobBody;
    let stopping = false;
    while (job.state === 'running') {
      if (job.progress !== null) {
        const { phase, done, total, items } = job.progress;
        onProgress({ step: phase, done, total, items, unit: phase === 'customers' ? 'customers' : 'events' });
      }
      await sleep(POLL_MS);
      if (signal.aborted && !stopping) {
        stopping = true;
        await this.send('DELETE', '/v1/projections/jobs/current');
      }
      job = (await this.send('GET', '/v1/projections/jobs/current')) as JobBody;
    }
    if (job.state === 'done' && job.result !== null) return job.result;
    if (stopping) throw new CliError(EXIT.stopped, 'Stopped. Run the same command again: it continues from there.');
    throw new CliError(
      EXIT.failed,
      `The ${kind.replace('rebuild?dryRun=true', 'dry run')} failed: ${job.failure ?? 'no reason was given'}`,
    );
  }

  /** Gets what may show personal data. */
  private async open(path: string, opening?: StatedOpening): Promise<unknown> {
    const headers = opening === undefined ? {} : openingHeaders(opening, opening.kind);
    return (await this.request('GET', path, undefined, undefined, headers)).json();
  }

  /** Sends a request, and retries it: all requests are idempotent by their ids. */
  private async send(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: string,
    type = 'application/json',
  ): Promise<unknown> {
    const response = await this.request(method, path, body, type);
    if (response.status === 204) return {};
    const answer: unknown = await response.json();
    if (isWaitingAct(response.status, answer)) throw new ActRequested(answer);
    return answer;
  }

  private async bearer(): Promise<string | null> {
    const { credential } = this;
    return credential === null || typeof credential === 'string' ? credential : credential.bearer();
  }

  private async request(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: string,
    type = 'application/json',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const bearer = await this.bearer();
      let response: Response;
      try {
        response = await fetch(new URL(path, this.url), {
          method,
          headers: {
            accept: 'application/json',
            ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
            ...(body === undefined ? {} : { 'content-type': type }),
            ...headers,
          },
          ...(body === undefined ? {} : { body }),
        });
      } catch (error) {
        const cause = (error as Error).cause;
        const reason = cause instanceof Error ? cause.message : (error as Error).message;
        if (attempt >= CONNECTIONS_MAX)
          throw unreachable(`${this.place} does not answer (${reason}): start it, or correct --url.`, { cause: error });
        await sleep(200 * attempt);
        continue;
      }
      if ((response.status === 429 || response.status === 503) && attempt < ATTEMPTS_MAX) {
        await response.body?.cancel();
        await sleep(1000 * Math.min(30, Number(response.headers.get('retry-after') ?? 1)));
        continue;
      }
      if (response.ok) return response;
      throw problemError(response.status, (await response.json().catch(() => ({}))) as ProblemBody, this.place);
    }
  }
}

/** Jobs are answered with 202 too. */
const isWaitingAct = (status: number, answer: unknown): answer is WaitingAct =>
  status === 202 && typeof (answer as Partial<WaitingAct>).actId === 'string';

/** An error response of the engine as an end of the command. */
function problemError(status: number, { title, detail, errors, type }: ProblemBody, place: string): CliError {
  const isInvalidQuery = type?.endsWith(':invalid-query') === true;
  const issues = issueLines(errors ?? [], isInvalidQuery ? optionName : undefined);
  const text = issues !== '' ? `${title ?? 'Rejected'}:${issues}` : (detail ?? title ?? `HTTP ${status}`);
  if (status === 401) return unreachable(`${place} rejects the API key or login: ${text}`);
  if (status === 403) return unreachable(`${place} does not permit this: ${text}`);
  if (isInvalidQuery) return usage(text);
  if (status === 507 || type?.endsWith(':disk-full') === true) return Object.assign(rejected(text), { code: 'full' });
  if (status >= 400 && status < 500) return rejected(text);
  return new CliError(EXIT.failed, `${place} failed: ${text}`);
}

/** The route of a decision. */
function decisionPath({ kind, decisionId = '' }: DecisionToMake): string {
  switch (kind) {
    case 'merge':
      return '/v1/identity/merges';
    case 'unmerge':
      return '/v1/identity/unmerges';
    case 'keep-apart':
      return '/v1/identity/keep-aparts';
    case 'lift':
      return `/v1/identity/decisions/${encodeURIComponent(decisionId)}/lift`;
  }
}

/** The lines of a package; a stream that breaks off has no last line, which its reader misses. */
async function* packageLines(response: Response, place: string): AsyncGenerator<PackageLine> {
  if (response.body === null) throw new CliError(EXIT.failed, `${place} sent no package.`);
  const lines = createInterface({ input: Readable.fromWeb(response.body as never), crlfDelay: Infinity });
  for await (const line of lines) if (line !== '') yield JSON.parse(line) as PackageLine;
}

/** A row as the engine reads it. */
function rowOf(item: ImportItem): object {
  if (item.kind === 'invalid') return { invalidRow: item.invalid };
  const { touchpoint, origin } = item;
  const [row] = origin?.rows ?? [];
  if (origin === undefined || row === undefined) return { touchpoint };
  return { touchpoint, origin: { file: origin.file, line: origin.line, row } };
}
