import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { STREAMS } from '#contracts';
import type { EventLog } from '#event-log';
import { openSqliteKeyStore, type SqliteKeyStore } from '#keys';
import { prepareLog } from '#ingestion';
import { memoryLog } from '#testing';
import { eraseSubjects } from '../erasure/erase-subjects.js';
import { JournalError, type ErasureJournal, type JournaledErasure } from './erasure-journal.js';
import { reconcileJournal, reconciliationText } from './reconcile.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const id = (number: number): string => number.toString(16).padStart(32, '0');

class MemoryJournal implements ErasureJournal {
  readonly place = 'in memory';
  readonly erasures: JournaledErasure[] = [];
  failure: JournalError | null = null;
  async append(erasure: JournaledErasure): Promise<void> {
    if (this.failure !== null) throw this.failure;
    this.erasures.push(erasure);
  }
  readAll = async (): Promise<readonly JournaledErasure[]> => [...this.erasures];
  close = async (): Promise<void> => {};
}

describe('the erasure journal', () => {
  let log: EventLog;
  let keys: SqliteKeyStore;
  let journal: MemoryJournal;
  const hashKey = Buffer.alloc(32, 7);
  const open = async (): Promise<void> => {
    log = memoryLog({ clock: { now: () => NOW } });
    keys = openSqliteKeyStore({ file: ':memory:', hashKey });
    await prepareLog(log, keys, { kind: 'built-in', name: 'retail' }, NOW);
    await keys.keysFor([id(1), id(2), id(3)], { create: true });
  };
  beforeEach(async () => {
    journal = new MemoryJournal();
    await open();
  });
  afterEach(() => keys.close());

  const erase = (...subjectIds: string[]) =>
    eraseSubjects({ log, keys, journal }, { subjectIds, customerId: null, by: 'me' }, NOW);
  const state = async (subjectId: string) => {
    const key = (await keys.keysFor([subjectId])).get(subjectId);
    return key === undefined ? 'unknown' : key === 'erased' ? 'erased' : 'readable';
  };

  it('holds an erasure before it is acknowledged', async () => {
    await erase(id(2), id(1));
    expect(journal.erasures).toMatchObject([{ subjectIds: [id(1), id(2)], by: 'me', erasedAt: NOW }]);
  });

  it('prevents an erasure that it cannot record: nothing is destroyed, and the same request succeeds later', async () => {
    journal.failure = new JournalError('full', 'The disk under the erasure journal is full.');
    await expect(erase(id(1))).rejects.toMatchObject({ name: 'JournalError', code: 'full' });
    expect(await state(id(1))).toBe('readable');
    journal.failure = null;
    expect(await erase(id(1))).toMatchObject({ subjectKeysDestroyed: 1 });
  });

  it('destroys again, in a restored log and restored keys, what was erased since the backup', async () => {
    await erase(id(1));
    await keys.close();
    await open();
    expect(await state(id(1))).toBe('readable');
    const reconciled = await reconcileJournal(journal, log, keys);
    expect(reconciled).toMatchObject({ erasures: 1, applied: 1, keysDestroyed: 1, added: 0, otherHashKey: 0 });
    expect(reconciliationText(reconciled)).toBe('1 erasure of the journal applied again, 1 key destroyed');
    expect([await state(id(1)), await state(id(2))]).toEqual(['erased', 'readable']);
    expect(
      await log.find([{ source: 'perennial/privacy', id: `erasure/${journal.erasures[0]?.erasureId}` }]),
    ).toMatchObject([{ type: 'person-erased', occurredAt: NOW }]);
  });

  it('applies all that repeated erasures of one person destroyed, since the first of them', async () => {
    const bodies = [id(11), id(12)];
    const request = { subjectIds: [id(1)], customerId: null, by: 'me' };
    await keys.keysFor(bodies, { create: true });
    await eraseSubjects({ log, keys, journal }, { ...request, quarantineIds: [id(11)], namespaces: ['email'] }, NOW);
    // Requested again, since its answer was lost; in the meantime another body was found.
    const again = { ...request, quarantineIds: [id(12)], namespaces: ['email', 'phone'] };
    await eraseSubjects({ log, keys, journal }, again, NOW + 60_000);
    await keys.close();
    await open();
    await keys.keysFor(bodies, { create: true });
    expect(await reconcileJournal(journal, log, keys)).toMatchObject({ erasures: 1, applied: 1, keysDestroyed: 3 });
    expect(await Promise.all([id(1), ...bodies].map(state))).toEqual(['erased', 'erased', 'erased']);
    const [event] = await log.find([{ source: 'perennial/privacy', id: `erasure/${journal.erasures[0]?.erasureId}` }]);
    expect(event).toMatchObject({ occurredAt: NOW });
    expect(JSON.parse(event?.data ?? '')).toMatchObject({ namespaces: ['email', 'phone'], quarantineIds: bodies });
  });

  it('completes the record of a repeated erasure, in the log and in the journal', async () => {
    const bodies = [id(11), id(12), id(13)];
    const request = { subjectIds: [id(1)], customerId: null, by: 'me' };
    const eraseBody = (stores: Parameters<typeof eraseSubjects>[0], body: string) =>
      eraseSubjects(stores, { ...request, quarantineIds: [body] }, NOW);
    const recorded = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const page of log.read(STREAMS.privacy))
        for (const { type, data } of page)
          if (type === 'person-erased') found.push(...(JSON.parse(data) as { quarantineIds: string[] }).quarantineIds);
      return found;
    };
    await eraseBody({ log, keys, journal }, id(11));
    // One that the log alone knows, and one that the journal alone knows.
    await eraseBody({ log, keys }, id(12));
    journal.erasures.push({ ...(journal.erasures[0] as JournaledErasure), quarantineIds: [id(13)] });
    expect(await reconcileJournal(journal, log, keys)).toMatchObject({ erasures: 1, applied: 1, added: 1 });
    expect(await recorded()).toEqual(bodies);
    expect(new Set(journal.erasures.flatMap(({ quarantineIds }) => quarantineIds))).toEqual(new Set(bodies));
    expect(new Set(journal.erasures.map(({ erasureId }) => erasureId)).size).toBe(1);
    expect(reconciliationText(await reconcileJournal(journal, log, keys))).toBeNull();
    expect(await recorded()).toEqual(bodies);
  });

  it('changes nothing the second time', async () => {
    await erase(id(1));
    await reconcileJournal(journal, log, keys);
    const { position } = await log.head();
    const again = await reconcileJournal(journal, log, keys);
    expect(reconciliationText(again)).toBeNull();
    expect((await log.head()).position).toBe(position);
    expect(journal.erasures).toHaveLength(1);
  });

  it('destroys again where only the keys are older than the log', async () => {
    await erase(id(1));
    await keys.close();
    keys = openSqliteKeyStore({ file: ':memory:', hashKey });
    await keys.keysFor([id(1)], { create: true });
    expect(await reconcileJournal(journal, log, keys)).toMatchObject({ applied: 0, keysDestroyed: 1 });
    expect(await state(id(1))).toBe('erased');
  });

  it('gets the erasures that the log alone knows: a journal that is new, or was lost, is complete after a start', async () => {
    await eraseSubjects({ log, keys }, { subjectIds: [id(1)], customerId: null, by: 'me' }, NOW);
    await eraseSubjects({ log, keys }, { subjectIds: [id(2)], customerId: null, by: 'you' }, NOW);
    expect(await reconcileJournal(journal, log, keys)).toMatchObject({ erasures: 2, applied: 0, added: 2 });
    expect(journal.erasures.map(({ subjectIds, by }) => [subjectIds, by])).toEqual([
      [[id(1)], 'me'],
      [[id(2)], 'you'],
    ]);
  });

  it('counts erasures of another hash key, whose ids have no meaning here, and does not apply them', async () => {
    journal.erasures.push({
      ...{ erasureId: id(8), subjectIds: [id(3)], customerId: null, erasedAt: NOW, by: 'me', hashKeyCheck: id(99) },
    });
    const reconciled = await reconcileJournal(journal, log, keys);
    expect(reconciled).toMatchObject({ erasures: 0, otherHashKey: 1 });
    expect(reconciliationText(reconciled)).toBe('1 erasure of another hash key passed over');
    expect(await state(id(3))).toBe('readable');
  });
});
