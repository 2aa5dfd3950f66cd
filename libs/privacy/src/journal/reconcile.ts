import { STREAMS } from '#contracts';
import type { EventLog } from '#event-log';
import { OWN_SOURCES } from '#ingestion';
import type { KeyStore } from '#keys';
import { recordErasureRequest } from '../holds/hold-facts.js';
import { HoldRegister, keptHold } from '../holds/hold-register.js';
import {
  personErasedEvent,
  extentBeyond,
  readErasureFactId,
  recordErasure,
  type PersonErased,
} from '../erasure/person-erased.js';
import type { ErasureJournal, JournaledErasure } from './erasure-journal.js';

/** What a start, or a restore, did with the journal. */
export interface Reconciled {
  /** Erasures in the journal that were made under this hash key. */
  readonly erasures: number;
  /** Of these, those that the log did not know, or not whole: they are applied and recorded now. */
  readonly applied: number;
  /** Keys that were still there, and are destroyed now. */
  readonly keysDestroyed: number;
  /** Erasures of the log that the journal did not have, or not whole, and has now. */
  readonly added: number;
  /** Erasures of the journal that wait for the end of a legal hold, by a log that does not know of them. */
  readonly held: number;
  /** Erasures in the journal that were made under another hash key, and are not applied. */
  readonly otherHashKey: number;
}

/** Erasures in one transaction of the key store. */
const ERASURES_A_CALL = 1_000;

/**
 * Brings the journal, the keys and the log together: what the journal knows is destroyed and recorded, and what the log alone knows is added to the
 * journal. An erasure of a person that a hold of the log keeps is recorded as requested. Twice is the same as once. To be called before anything is served.
 */
export async function reconcileJournal(
  journal: ErasureJournal,
  log: Pick<EventLog, 'appendMany' | 'find' | 'read'>,
  keys: KeyStore,
): Promise<Reconciled> {
  const all = await journal.readAll();
  const journaledHere = merged(all.filter((each) => each.hashKeyCheck === keys.hashKeyCheck));
  const known = await erasuresOfLog(log, keys.hashKeyCheck);
  // A restored key store may lack a hold of the log that was restored with it.
  const { holds } = await new HoldRegister(log).load();
  for (const hold of holds.values()) if (hold.lifted === null) await keys.placeHold(keptHold(hold));
  const held = await heldOf(
    journaledHere.filter(({ erasureId }) => !known.has(erasureId)),
    keys,
  );
  // The log that was restored holds them: they are erased when the last hold is lifted.
  for (const { erasedAt, ...erasure } of held)
    await recordErasureRequest(log, { ...erasure, identifiers: [] }, erasedAt);
  const own = journaledHere.filter((erasure) => !held.has(erasure));
  let keysDestroyed = 0;
  for (const erasures of pagesOf(own)) {
    const bodies = erasures.flatMap(({ quarantineIds = [] }) => quarantineIds);
    const destroyed = await keys.destroy(
      erasures.flatMap(({ subjectIds }) => subjectIds),
      { bodies, recorded: true },
    );
    keysDestroyed += destroyed.subjectKeys + destroyed.listedKeys;
  }
  const missing = own.filter(({ erasureId }) => !known.has(erasureId));
  if (missing.length > 0) {
    const verdicts = await log.appendMany(
      missing.map((erasure) => ({ stream: STREAMS.privacy, event: personErasedEvent(erasure) })),
    );
    const failed = verdicts.find(({ status }) => status !== 'accepted' && status !== 'duplicate');
    if (failed !== undefined) throw new Error(`The log did not record an erasure of the journal (${failed.status}).`);
  }
  const incomplete = own.filter((erasure) => {
    const recorded = known.get(erasure.erasureId);
    return recorded !== undefined && extentBeyond(erasure, recorded) !== null;
  });
  for (const erasure of incomplete) await recordErasure(log, erasure);
  const journaled = new Map(journaledHere.map((erasure) => [erasure.erasureId, erasure]));
  const toAdd = [...known.values()].filter((erasure) => {
    const inJournal = journaled.get(erasure.erasureId);
    return inJournal === undefined || extentBeyond(erasure, inJournal) !== null;
  });
  for (const erasure of toAdd) await journal.append(erasure);
  return {
    erasures: new Set([...journaledHere, ...toAdd].map(({ erasureId }) => erasureId)).size,
    applied: missing.length + incomplete.length,
    keysDestroyed,
    added: toAdd.length,
    held: held.size,
    otherHashKey: all.filter((each) => each.hashKeyCheck !== keys.hashKeyCheck).length,
  };
}

function* pagesOf<T>(items: readonly T[]): Generator<readonly T[], void> {
  for (let from = 0; from < items.length; from += ERASURES_A_CALL) yield items.slice(from, from + ERASURES_A_CALL);
}

/** Those of these erasures whose person a legal hold keeps. */
async function heldOf(erasures: readonly JournaledErasure[], keys: KeyStore): Promise<ReadonlySet<JournaledErasure>> {
  const held = new Set<JournaledErasure>();
  for (const page of pagesOf(erasures)) {
    if ((await keys.holdsOn(page.flatMap(({ subjectIds }) => subjectIds))).length === 0) continue;
    for (const erasure of page) if ((await keys.holdsOn(erasure.subjectIds)).length > 0) held.add(erasure);
  }
  return held;
}

/** One erasure for each id: of one that was requested again, the first instant, and all that any of them destroyed. */
function merged(erasures: readonly JournaledErasure[]): readonly JournaledErasure[] {
  const byId = new Map<string, JournaledErasure>();
  for (const next of erasures) {
    const known = byId.get(next.erasureId);
    if (known === undefined) {
      byId.set(next.erasureId, next);
      continue;
    }
    const [first, other] = next.erasedAt < known.erasedAt ? [next, known] : [known, next];
    byId.set(next.erasureId, {
      ...first,
      namespaces: union(first.namespaces, other.namespaces),
      quarantineIds: union(first.quarantineIds, other.quarantineIds),
    });
  }
  return [...byId.values()];
}

const union = (some: readonly string[] = [], others: readonly string[] = []): readonly string[] =>
  [...new Set([...some, ...others])].sort();

/** The erasures that the log has recorded, by their id. Those from before a change of the hash key have ids of the former key, and are in the keys. */
async function erasuresOfLog(
  log: Pick<EventLog, 'read'>,
  hashKeyCheck: string,
): Promise<ReadonlyMap<string, JournaledErasure>> {
  const found: JournaledErasure[] = [];
  for await (const page of log.read(STREAMS.privacy))
    for (const { source, id, type, data, meta, occurredAt } of page) {
      const named = readErasureFactId(id);
      if (source !== OWN_SOURCES.privacy || type !== 'person-erased' || named === null) continue;
      const erasure = JSON.parse(data) as PersonErased;
      const { by = 'unknown' } = JSON.parse(meta) as { readonly by?: string };
      found.push({ ...erasure, erasureId: named.erasureId, erasedAt: occurredAt, by, hashKeyCheck });
    }
  return new Map(merged(found).map((erasure) => [erasure.erasureId, erasure]));
}

/** For the log lines of a start: what was done, in one sentence; null where nothing was. */
export function reconciliationText({ applied, keysDestroyed, added, held, otherHashKey }: Reconciled): string | null {
  const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? '' : 's'}`;
  const parts = [
    ...(applied > 0 ? [`${count(applied, 'erasure')} of the journal applied again`] : []),
    ...(keysDestroyed > 0 ? [`${count(keysDestroyed, 'key')} destroyed`] : []),
    ...(added > 0 ? [`${count(added, 'erasure')} of the log added to the journal`] : []),
    ...(held > 0 ? [`${count(held, 'erasure')} waiting for the end of a legal hold`] : []),
    ...(otherHashKey > 0 ? [`${count(otherHashKey, 'erasure')} of another hash key passed over`] : []),
  ];
  return parts.length === 0 ? null : parts.join(', ');
}
