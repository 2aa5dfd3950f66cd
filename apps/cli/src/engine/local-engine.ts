import { EventLogError, lockDataFolder, openLogOf, timedLog } from '#event-log';
import { CustomersBySubject, EraseCustomer, EraseCustomerHandler } from '#privacy';
import {
  DiscardQuarantined,
  DiscardQuarantinedHandler,
  importedItem,
  Ingestion,
  IngestTouchpoints,
  IngestTouchpointsHandler,
  prepareLog,
  PublishPolicy,
  PublishPolicyHandler,
  Quarantine,
  registeredTypes,
  ReleaseQuarantined,
  ReleaseQuarantinedHandler,
  TypeContracts,
  type Closing,
} from '#ingestion';
import { type ImportItem, type ItemOutcome } from '#imports';
import { KeyStoreError, openKeys, Sealer, type KeyStore } from '#keys';
import { type Clock, type Config } from '#platform';
import { DatabaseError, openOnFirstUse, placeOf } from '#database';
import { openIdTable, Projector, type BuildProgress } from '#projections';
import {
  runQuery,
  personalData,
  QueryRejected,
  storeBytesIn,
  type Answer,
  type QueryContext,
  type RawParams,
} from '#queries';
import { CliError, EXIT, rejected, unreachable, usage } from '../exit-codes.js';
import { isFull } from '../full-disk.js';
import { issueLines } from '../terminal/issue-lines.js';
import { businessZone } from './business-zone.js';
import type { JsonObject, Engine, Erasure, OnProgress, RebuildSummary, DryRunSummary, Verification } from './engine.js';

/** Who is written down as having done what the command line does on the folder itself. */
const LOCAL = 'local';
const POLL_MS = 250;

/** The parts of an engine, opened here: what `npm start` has in its process, without HTTP. */
interface LocalDependencies {
  readonly context: QueryContext;
  readonly keys: KeyStore;
  readonly ingestion: Ingestion;
  readonly quarantine: Quarantine;
  /** Opened when it is first needed: what only reads or writes the log does without. */
  readonly projector: () => Promise<Projector>;
  /** Milliseconds spent waiting for commits so far. */
  readonly commitMs: () => number;
  close(): Promise<void>;
}

/** Opens a data folder whose engine is stopped, with the stores that the settings name, and owns it until `close`. */
export async function openLocalEngine(config: Config, clock: Clock): Promise<Engine> {
  const { dataDir, policy } = config;
  const closing: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const lock = lockDataFolder(dataDir);
    closing.push(() => lock.release());
    const keys = await openKeys(config);
    closing.push(() => keys.close());
    const database = openOnFirstUse(placeOf(config));
    closing.push(() => database.close());
    const ids = config.eventLog.kind === 'eventstore' ? await openIdTable(database) : null;
    const log = await openLogOf(config, clock, ids);
    closing.push(() => log.close());
    await prepareLog(log, keys, policy, clock.now());
    const sealer = new Sealer(keys);
    let commitMs = 0;
    const timed = timedLog(log, (elapsedMs) => (commitMs += elapsedMs));
    const ingestion = new Ingestion({ log: timed, sealer, contracts: new TypeContracts(await registeredTypes(log)) });
    const embedded = { log: config.eventLog.kind === 'sqlite', keys: config.keysUrl === null };
    const storeBytes = () => storeBytesIn(dataDir, embedded);
    const context = { database, log, clock, personalData: personalData(sealer), storeBytes, mayReadPersonal: true };
    const quarantine = new Quarantine(log, sealer);
    let opening: Promise<Projector> | null = null;
    const projector = () =>
      (opening ??= Projector.open({ database, log, clock, ...(ids === null ? {} : { ids }) }).catch(throwReadable));
    const parts = { context, keys, ingestion, quarantine, projector, commitMs: () => commitMs, close };
    return new LocalEngine(`the folder ${dataDir}`, parts);
  } catch (error) {
    await close();
    return throwReadable(error);
  }
}

/** What a person can fix who opens the stores is told without its trace. */
function throwReadable(error: unknown): never {
  if (error instanceof EventLogError && error.code === 'locked') throw unreachable(error.message, { cause: error });
  if (error instanceof KeyStoreError || error instanceof DatabaseError)
    throw new CliError(isFull(error) ? EXIT.stopped : EXIT.failed, error.message, { cause: error });
  throw error;
}

class LocalEngine implements Engine {
  /** Whether the read models were brought up to the log and the clock since they were last left behind. */
  private current = false;

  private readonly ingestTouchpoints: IngestTouchpointsHandler;

  constructor(
    readonly place: string,
    private readonly parts: LocalDependencies,
  ) {
    this.ingestTouchpoints = new IngestTouchpointsHandler(parts.ingestion);
  }

  async runQuery(query: string, params: RawParams): Promise<Answer> {
    if (!this.current) await this.catchUp(() => undefined);
    return this.answer(query, params);
  }

  timeZone(): Promise<string> {
    // The policies are read from the log: the read models need not have caught up.
    return businessZone({ runQuery: (query, params) => this.answer(query, params) });
  }

  async ingest(items: readonly ImportItem[]): Promise<readonly ItemOutcome[]> {
    this.current = false;
    const command = new IngestTouchpoints(items.map(importedItem), this.now());
    const { results } = await this.ingestTouchpoints.execute(command);
    return results.map(({ outcome, code }) => (code === undefined ? { outcome } : { outcome, code }));
  }

  async catchUp(onProgress: OnProgress): Promise<void> {
    const projector = await this.parts.projector();
    const most = { lag: 0, dirty: 0 };
    const before = (await projector.status()).counters.events;
    let busy = true;
    const look = async (): Promise<void> => {
      while (busy) {
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
    const looking = look().catch(() => undefined);
    try {
      await projector.catchUp();
      this.current = true;
    } finally {
      busy = false;
      await looking;
    }
  }

  async rebuild(onProgress: OnProgress, signal: AbortSignal): Promise<RebuildSummary> {
    const projector = await this.parts.projector();
    const { version, position, events, elapsedMs } = await projector.rebuild({
      signal,
      onProgress: onBuild(onProgress),
    });
    const { overall } = await projector.digest();
    return { version, position, events, elapsedMs, digest: overall };
  }

  async dryRun(onProgress: OnProgress, signal: AbortSignal): Promise<DryRunSummary> {
    const projector = await this.parts.projector();
    return projector.dryRun({ signal, onProgress: onBuild(onProgress) });
  }

  async rollback(onProgress: OnProgress, signal: AbortSignal): Promise<Omit<RebuildSummary, 'elapsedMs' | 'events'>> {
    const projector = await this.parts.projector();
    const { version } = await projector
      .rollback(undefined, { signal, onProgress: onBuild(onProgress) })
      .catch((error: unknown) => {
        throw error instanceof RangeError ? rejected(error.message) : error;
      });
    const { position, overall } = await projector.digest();
    return { version, position, digest: overall };
  }

  async verify(onProgress: OnProgress, signal: AbortSignal): Promise<Verification> {
    await this.catchUp(onProgress);
    const projector = await this.parts.projector();
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
    };
  }

  async erase({ identifier, customer }: Erasure): Promise<JsonObject> {
    await this.catchUp(() => undefined);
    const { context, keys, ingestion } = this.parts;
    const colon = identifier?.indexOf(':') ?? -1;
    const identifiers =
      identifier === undefined ? [] : [{ namespace: identifier.slice(0, colon), value: identifier.slice(colon + 1) }];
    const { log, clock } = context;
    const customers = new CustomersBySubject(context.database);
    const handler = new EraseCustomerHandler({ log, keys, identities: ingestion.identities, customers, clock });
    const verdict = await handler.execute(new EraseCustomer({ identifiers, customerId: customer ?? null }, LOCAL));
    switch (verdict.outcome) {
      case 'erased':
        return { ...verdict.receipt };
      case 'unknown-customer':
        throw rejected('There is no such customer.');
      case 'several-customers':
        throw rejected(`These identifiers belong to several customers: ${verdict.customerIds.join(', ')}.`);
      case 'behind':
        throw new CliError(EXIT.failed, 'The read models have not yet seen all of the log: try again.');
    }
  }

  async publishPolicy(policy: unknown, effectiveFrom: string | null): Promise<JsonObject> {
    const { log, clock } = this.parts.context;
    const verdict = await new PublishPolicyHandler(log, clock).execute(new PublishPolicy(policy, effectiveFrom));
    this.current = false;
    if (!verdict.ok) throw rejected(`The policy cannot be published:${issueLines(verdict.errors)}`);
    const { published, position, changed } = verdict;
    return { version: published.version, effectiveFrom: published.effectiveFrom, position, changed };
  }

  async quarantinedEvent(quarantineId: string): Promise<JsonObject> {
    const found = await this.parts.quarantine.find(quarantineId);
    if (found === null) throw rejected('There is no quarantined event of this id.');
    const body = await this.parts.quarantine.body(quarantineId);
    return { ...found, body: body === null ? null : found.cut === true ? body : (JSON.parse(body) as unknown) };
  }

  async release(quarantineId: string, fixed: unknown): Promise<JsonObject> {
    this.current = false;
    return closedEvent(
      await new ReleaseQuarantinedHandler(
        this.parts.quarantine,
        this.parts.ingestion,
        this.parts.context.clock,
      ).execute(new ReleaseQuarantined(quarantineId, fixed, LOCAL)),
    );
  }

  async discard(quarantineId: string, reason: string): Promise<JsonObject> {
    this.current = false;
    return closedEvent(
      await new DiscardQuarantinedHandler(this.parts.quarantine, this.parts.context.clock).execute(
        new DiscardQuarantined(quarantineId, reason, LOCAL),
      ),
    );
  }

  webhooks(): Promise<never> {
    return Promise.reject(unreachable('Webhooks are told by a running engine: start it first.'));
  }

  replayWebhook(): Promise<never> {
    return this.webhooks();
  }

  async stepTimings(): Promise<Readonly<Record<string, number>>> {
    const projector = await this.parts.projector();
    const { stepMs } = await projector.status();
    const projecting = Object.entries(stepMs).map(([step, ms]) => [`projecting: ${step}`, ms] as const);
    return { 'committing to the log': this.parts.commitMs(), ...Object.fromEntries(projecting) };
  }

  close(): Promise<void> {
    return this.parts.close();
  }

  private now(): number {
    return this.parts.context.clock.now();
  }

  private async answer(query: string, params: RawParams): Promise<Answer> {
    try {
      return await runQuery(this.parts.context, query, params);
    } catch (error) {
      if (!(error instanceof QueryRejected)) throw error;
      const issues = issueLines(error.issues);
      if (error.code === 'unknown-customer') throw rejected(`There is no such customer:${issues}`);
      throw usage(`The parameters of the query are not valid:${issues}`);
    }
  }
}

const BUILD_UNITS: Readonly<Record<BuildProgress['phase'], string>> = {
  links: 'events',
  components: 'subjects',
  customers: 'customers',
  indexes: 'indexes',
  'catching-up': 'events',
  switching: 'steps',
};

function onBuild(onProgress: OnProgress): (progress: BuildProgress) => void {
  return ({ phase, done, total, items }) => onProgress({ step: phase, done, total, items, unit: BUILD_UNITS[phase] });
}

function closedEvent(closing: Closing): JsonObject {
  switch (closing.outcome) {
    case 'closed':
      return { ...closing.quarantined };
    case 'unknown':
      throw rejected('There is no quarantined event of this id.');
    case 'conflict':
      throw rejected(`It was ${closing.quarantined.status} before.`);
    case 'erased':
      throw rejected('A person whom it names was erased: nothing of it can be opened.');
    case 'rejected':
      throw rejected(
        `It is still not a touchpoint (${closing.code}). Nothing was written.${issueLines(closing.errors)}`,
      );
  }
}
