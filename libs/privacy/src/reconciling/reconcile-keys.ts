import { formatInstant, STREAMS, subjectOfStream, type Instant } from '#contracts';
import { checkMark, markOf, type EventLog } from '#event-log';
import { adoptedHashKey, mustBeAdopted } from '#ingestion';
import type { KeyStore, KeyStoreFacts } from '#keys';
import { compareIdentity, type LogIdentity } from '#platform';
import type { PersonErased } from '../erasure/person-erased.js';
import type { HoldPlaced } from '../holds/hold-facts.js';
import { destroyAgain, type PersonalFieldsExpired } from '../class-expiry/class-expiry.js';
import { keptHold } from '../holds/hold-register.js';
import { LogFacts, type MissingKeys } from './log-facts.js';

/** So many events after the mark are searched for subjects without a key: a mark is seconds old, except in an old copy. */
const SEARCHED_EVENTS_MAX = 50_000;

export interface Reconciling {
  readonly log: EventLog;
  readonly keys: KeyStore & KeyStoreFacts;
  readonly now: Instant;
  /** A sentence for the operator. */
  readonly announce: (line: string) => void;
}

/**
 * Compares the key store with the log, before anything is served or written: the keys belong to this log, and the log is at least as long as an engine
 * with these keys has seen it. A key store of an earlier version belongs to the log whose hash key it holds.
 * @throws StoreMismatchError, KeyStoreError
 */
export async function matchKeys({ log, keys }: Pick<Reconciling, 'log' | 'keys'>): Promise<LogIdentity> {
  const facts = new LogFacts(keys);
  const identity = await log.identity();
  const recorded = await facts.identity();
  if (recorded !== null)
    compareIdentity(
      recorded,
      identity,
      'The keys',
      'Start the engine with the DATA_DIR or KEYS_URL that belongs to this log, or with the log that belongs to these keys.',
    );
  mustBeAdopted(await adoptedHashKey(log), keys);
  const mark = await facts.seen(identity.copyId);
  if (mark !== null) await checkMark(log, mark, 'The keys');
  return identity;
}

/**
 * Brings the key store up to date with the log, at every start and after `matchKeys`: each erasure and each legal hold that the log records is applied
 * again, so that keys from a backup bring no erased person back and destroy nothing that is held; and subjects whose keys are missing are reported. Twice is the same as once.
 */
export async function reconcileKeys({ log, keys, now, announce }: Reconciling): Promise<MissingKeys | null> {
  const facts = new LogFacts(keys);
  const identity = await log.identity();
  const recorded = await facts.identity();
  await applyErasures(log, keys, facts, identity.copyId, announce);
  const missing = (await noticeMissing(log, keys, facts, identity.copyId, now)) ?? (await facts.missing());
  if (missing !== null)
    announce(
      `The key store is older than the event log: ${missing.subjects === 1 ? '1 subject of the log has' : `${missing.subjects} subjects of the log have`} no key in it ` +
        `(noticed ${missing.noticedAt}). What was sealed under the missing keys cannot be opened. Stop the engine and put back the newest copy of the key store; every erasure of the log is applied to it again.`,
    );
  if (recorded?.copyId !== identity.copyId) await facts.recordIdentity(identity);
  await recordMark(log, keys);
  return missing;
}

/** Records how far the log has come, in the key store: a log that is shorter later is noticed. */
export async function recordMark(log: EventLog, keys: KeyStoreFacts): Promise<void> {
  const facts = new LogFacts(keys);
  const mark = await markOf(log);
  if (mark === null) return;
  const before = await facts.seen(mark.copyId);
  if (before === null || before.position < mark.position) await facts.recordSeen(mark);
}

async function applyErasures(
  log: EventLog,
  keys: KeyStore,
  facts: LogFacts,
  copyId: string,
  announce: (line: string) => void,
): Promise<void> {
  const applied = await facts.appliedErasures(copyId);
  let revision = applied;
  let forbidden = 0;
  for await (const page of log.read(STREAMS.privacy, applied + 1)) {
    let erasures: PersonErased[] = [];
    const destroy = async (): Promise<void> => {
      if (erasures.length === 0) return;
      const bodies = erasures.flatMap(({ quarantineIds = [] }) => quarantineIds);
      const subjectIds = erasures.flatMap((erasure) => erasure.subjectIds);
      forbidden += (await keys.destroy(subjectIds, { bodies, recorded: true })).forbidden;
      erasures = [];
    };
    // In the order of the log: a hold keeps what an erasure after it would destroy with it.
    for (const { type, data } of page) {
      if (type === 'person-erased') erasures.push(JSON.parse(data) as PersonErased);
      else if (type === 'hold-placed' || type === 'hold-lifted') {
        await destroy();
        if (type === 'hold-placed') await keys.placeHold(keptHold(JSON.parse(data) as HoldPlaced));
        else await keys.liftHold((JSON.parse(data) as { readonly holdId: string }).holdId);
      } else if (type === 'personal-fields-expired') {
        await destroy();
        await destroyAgain(JSON.parse(data) as PersonalFieldsExpired, keys);
      }
    }
    await destroy();
    revision = page.at(-1)?.revision ?? revision;
  }
  if (revision === applied) return;
  await facts.recordAppliedErasures({ copyId, revision });
  if (forbidden > 0)
    announce(
      `The key store did not know of erasures that the event log records: they were applied to it again (${forbidden === 1 ? '1 subject' : `${forbidden} subjects`}). It is an older copy.`,
    );
}

/** A key is durable before an event that needs it is: a subject of the log without a key, and not erased, lost its key. */
async function noticeMissing(
  log: EventLog,
  keys: KeyStore,
  facts: LogFacts,
  copyId: string,
  now: Instant,
): Promise<MissingKeys | null> {
  const mark = await facts.seen(copyId);
  if (mark === null) return null;
  const missing = new Set<string>();
  let searched = 0;
  for await (const page of log.readAll(mark.position, { without: 'data' })) {
    const subjectIds = new Set<string>();
    for (const { stream } of page) {
      const subjectId = subjectOfStream(stream);
      if (subjectId !== null) subjectIds.add(subjectId);
    }
    const known = await keys.keysFor([...subjectIds]);
    for (const subjectId of subjectIds) if (!known.has(subjectId)) missing.add(subjectId);
    searched += page.length;
    if (searched >= SEARCHED_EVENTS_MAX) break;
  }
  if (missing.size === 0) return null;
  const noticed = { subjects: missing.size, noticedAt: formatInstant(now) };
  await facts.recordMissing(noticed);
  return noticed;
}
