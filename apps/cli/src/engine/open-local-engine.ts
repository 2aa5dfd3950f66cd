import 'reflect-metadata';
import { RecordedApprovals } from '#approvals';
import { DatabaseError, openOnFirstUse, placeOf, type Database } from '#database';
import {
  EventLogError,
  lockDataFolder,
  MemoryIdTable,
  openLogOf,
  RecordedActs,
  timedLog,
  type EventLog,
} from '#event-log';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  CheckTouchpointsHandler,
  DiscardManyHandler,
  DiscardQuarantinedHandler,
  ClassRules,
  FirstPolicy,
  Ingestion,
  IngestTouchpointsHandler,
  policyOf,
  PublishPolicyHandler,
  Quarantine,
  registeredTypes,
  RegisterTypeHandler,
  OpenQuarantined,
  ReleaseManyHandler,
  ReleaseQuarantinedHandler,
  keyPermits,
  ManageAttributes,
  ManageSegments,
  ManageSources,
  recordedSources,
  SealedClasses,
  SourceActivity,
  Sources,
  TypeContracts,
} from '#ingestion';
import { backupSources, takeBackup } from '#backup';
import { MakePackage, ManageSubjectRequests } from '#data-subjects';
import { DecideCustomers } from '#identity';
import { MINUTE } from '#contracts';
import {
  ApiKeys,
  KeyAdministration,
  KeyStoreError,
  openKeys,
  publicationMemory,
  sealedOpener,
  Sealer,
  SessionAdministration,
} from '#keys';
import { ClockGuard, ConfigError, StoreMismatchError, type Clock, type Config } from '#platform';
import {
  checkContents,
  checkFolder,
  EraseCustomerHandler,
  HoldKeeper,
  HoldRegister,
  ManageHolds,
  ManageRestrictions,
  ManageSuppressions,
  SuppressionRegister,
  RestrictionRegister,
  JournalError,
  openErasureJournal,
  prepareStores,
  reconcileJournal,
  RecordedOpenings,
  recordMark,
} from '#privacy';
import { ClockWatch, fitReadModels, openIdTable, Projector, SILENT_LOGGER } from '#projections';
import { personalData, storeBytesIn } from '#queries';
import { CliError, EXIT, rejected, unreachable, usage } from '../exit-codes.js';
import { isFull } from '../full-disk.js';
import { announcingWatch } from './announcing-watch.js';
import type { Engine } from './engine.js';
import { LocalAttributes } from './local-attributes.js';
import { LocalSegments } from './local-segments.js';
import { LocalHolds } from './local-holds.js';
import { LocalDecisions } from './local-decisions.js';
import { LocalRestrictions } from './local-restrictions.js';
import { LocalSuppressions } from './local-suppressions.js';
import { LocalTypes } from './local-types.js';
import { LocalEngine } from './local-engine.js';

export interface OpeningLocalEngine {
  /** Whether the command may begin a log: a query never creates a store. */
  readonly creates: boolean;
  /** Shows a sentence about the stores. */
  readonly announce: (line: string) => void;
  /** Aborts when the command is to end: it does not wait for a store that does not answer. */
  readonly signal: AbortSignal;
}

/**
 * Opens a data folder whose engine is stopped, with the stores that the settings name, and locks it until `close`. The commands are handled by
 * the same handlers as over HTTP.
 */
export async function openLocalEngine(
  config: Config,
  clock: Clock,
  { creates, announce, signal }: OpeningLocalEngine,
): Promise<Engine> {
  const { dataDir } = config;
  const closing: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  // What the engine makes is readable by its owner only, in whatever folder it makes it.
  process.umask(0o077);
  try {
    // Locking creates the folder and the file of the lock: not for a command that creates nothing. A locked folder is reported as locked.
    if (!existsSync(creates ? dataDir : join(dataDir, 'lock.db'))) checkFolder(config, creates);
    const lock = lockDataFolder(dataDir);
    closing.push(() => lock.release());
    checkFolder(config, creates);
    const watch = announcingWatch(announce, signal);
    const keys = await openKeys(config, watch);
    closing.push(() => keys.close());
    const memory = publicationMemory(keys);
    const fit = (database: Database, log: EventLog): Promise<void> =>
      fitReadModels({ database, log, now: clock.now(), keeps: true, memory, announce });
    // The log on a server needs the id table, which is in the database: the two are compared through a connection that knows no repeated ids.
    const isServer = config.eventLog.kind === 'eventstore';
    const prepare = async (opened: Database): Promise<void> => {
      if (!isServer) return fit(opened, log);
      const probe = await openLogOf(config, clock, new MemoryIdTable(), watch);
      await fit(opened, probe).finally(() => probe.close());
    };
    const database = openOnFirstUse(placeOf(config), { prepare, onBrokenFolder: announce, watch });
    closing.push(() => database.close());
    const ids = isServer ? await openIdTable(database) : null;
    const log = await openLogOf(config, clock, ids, watch);
    closing.push(() => log.close());
    if (!creates && (await log.head()).position === 0)
      throw new StoreMismatchError(
        'nothing-here',
        'The event log that EVENT_LOG names holds no event: there is nothing to query, and nothing was written. Check its address and its #NAME.',
      );
    await prepareStores({ log, keys, config, now: clock.now(), announce, ownsFolder: true });
    const journal = await openErasureJournal(config, SILENT);
    closing.push(() => journal?.close());
    if (journal !== null) await reconcileJournal(journal, log, keys);
    // On a full disk the mark of the last start stays.
    closing.push(() => recordMark(log, keys).catch(() => undefined));
    await keys.destroyExpired(clock.now());
    const sealer = new Sealer(keys);
    let commitMs = 0;
    const timed = timedLog(log, (elapsedMs) => (commitMs += elapsedMs));
    const contracts = new TypeContracts(await registeredTypes(log));
    const firstPolicy = new FirstPolicy(log, policyOf(config.policy), () => clock.now());
    const sources = new Sources((await recordedSources(log)).sources);
    const classes = new SealedClasses();
    await new ClassRules(log, classes, clock).refresh();
    const ingestion = new Ingestion({ log: timed, sealer, contracts, sources, classes, firstPolicy });
    const { identities } = ingestion;
    const quarantine = new Quarantine(log, sealer);
    const openApiKeys = () => ApiKeys.open(keys.apiKeys, clock);
    const acts = new RecordedActs(log, clock);
    const peopleSignIn = config.oidcIssuer !== null;
    const approvals = new RecordedApprovals({
      ...{ log, apiKeys: openApiKeys, sealer, clock, logger: SILENT_LOGGER, peopleSignIn },
    });
    const releaseQuarantined = new ReleaseQuarantinedHandler(quarantine, ingestion, clock, async (by, source) =>
      keyPermits((await openApiKeys()).list(), by, source),
    );
    const open = new OpenQuarantined(database);
    const embedded = { log: config.eventLog.kind === 'sqlite', keys: config.keysUrl === null };
    const storeBytes = () => storeBytesIn(dataDir, embedded);
    const clockWatch = new ClockWatch({ guard: new ClockGuard(clock), database, log, logger: SILENT_LOGGER });
    const openProjector = async (): Promise<Projector> => {
      const options = {
        database,
        log,
        clock,
        temporaryFolder: dataDir,
        open: sealedOpener(sealer),
        ...(ids === null ? {} : { ids }),
      };
      const projector = await Projector.open(options).catch(throwReadable);
      // Deadlines are fired by this clock: a wrong one is told before it does harm.
      await clockWatch.refresh();
      const { state, detail } = clockWatch.report();
      if (state !== 'right') announce(detail);
      return projector;
    };
    let opening: Promise<Projector> | null = null;
    const projector = () => (opening ??= openProjector());
    const context = {
      database,
      log,
      clock,
      personalData: personalData(sealer),
      storeBytes,
      hasRelay: config.kafkaBrokers !== null,
      mayAudit: true,
    };
    const openings = new RecordedOpenings({ log, sealer, clock, database });
    const subjectRequests = new ManageSubjectRequests({ context, sealer });
    const eraseCustomer = new EraseCustomerHandler({
      log,
      keys,
      identities,
      sealer,
      database,
      clock,
      journal,
      approvals,
    });
    const restrictionRegister = new RestrictionRegister(log);
    const restrictions = new LocalRestrictions(
      restrictionRegister,
      new ManageRestrictions({ log, keys, identities, sealer, database, clock, register: restrictionRegister }),
    );
    const register = new HoldRegister(log);
    const manageHolds = new ManageHolds({
      ...{ log, keys, identities, sealer, database, clock, register, approvals },
    });
    const holds = new LocalHolds(register, manageHolds, new HoldKeeper(register, keys, eraseCustomer, SILENT));
    return new LocalEngine(`the folder ${dataDir}`, {
      context,
      quarantine,
      openings,
      sealer,
      ingestTouchpoints: new IngestTouchpointsHandler(ingestion),
      eraseCustomer,
      holds,
      restrictions,
      decisions: new LocalDecisions(new DecideCustomers({ context, sealer })),
      suppressions: new LocalSuppressions(
        new ManageSuppressions({ log, identities, sealer, clock, register: new SuppressionRegister(log) }),
      ),
      subjectRequests,
      packages: new MakePackage({ context, openings, requests: subjectRequests, sealer }),
      publishPolicy: new PublishPolicyHandler(log, clock, approvals),
      releaseQuarantined,
      checkTouchpoints: new CheckTouchpointsHandler(ingestion),
      releaseMany: new ReleaseManyHandler(open, releaseQuarantined),
      discardMany: new DiscardManyHandler(open, quarantine, clock),
      discardQuarantined: new DiscardQuarantinedHandler(quarantine, clock),
      apiKeys: async () => new KeyAdministration(await openApiKeys(), clock, acts, approvals),
      sessions: async () =>
        new SessionAdministration(keys.sessions, await openApiKeys(), clock, acts, config.sessionIdleMinutes * MINUTE),
      approvals,
      acts,
      sources,
      manageSources: new ManageSources(log, sources, contracts, clock),
      sourceActivity: new SourceActivity(database),
      segments: new LocalSegments(new ManageSegments(log, clock)),
      types: new LocalTypes(log, new RegisterTypeHandler(log, contracts, clock)),
      attributes: new LocalAttributes(log, new ManageAttributes(log, () => contracts.types, clock)),
      projector,
      // Its tables are there once the projector is open.
      clockWatch: () => projector().then(() => clockWatch),
      checkContents: (options) => checkContents(log, sealer, options),
      backUp: async (folder, options) => takeBackup(await backupSources(config, log, keys), folder, options),
      commitMs: () => commitMs,
      logIdentity: () => log.identity(),
      close,
    });
  } catch (error) {
    await close();
    return throwReadable(error);
  }
}

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined };

/** Errors of opening the stores that an operator can fix are shown without their stack. */
function throwReadable(error: unknown): never {
  if (error instanceof StoreMismatchError) throw rejected(error.message);
  if (error instanceof EventLogError && error.code === 'locked') throw unreachable(error.message, { cause: error });
  if (error instanceof ConfigError) throw usage(error.message);
  if ([EventLogError, KeyStoreError, DatabaseError, JournalError].some((each) => error instanceof each))
    throw new CliError(isFull(error) ? EXIT.stopped : EXIT.failed, (error as Error).message, { cause: error });
  throw error;
}
