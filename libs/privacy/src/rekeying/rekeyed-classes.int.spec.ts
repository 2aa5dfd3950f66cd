import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readSealedFields, subjectOfStream, type TouchpointMeta } from '#contracts';
import type { EventLog, MovedEvent } from '#event-log';
import { Ingestion, IngestTouchpoints, IngestTouchpointsHandler, prepareLog, SealedClasses } from '#ingestion';
import { openSqliteKeyStore, rekeyKeyStore, Sealer, type SqliteKeyStore } from '#keys';
import { memoryLog, orderPlaced } from '#testing';
import { checkContents } from '../content/check-contents.js';
import { eraseSubjects } from '../erasure/erase-subjects.js';
import { ManageRestrictions } from '../restrictions/manage-restrictions.js';
import { RestrictionRegister } from '../restrictions/restriction-register.js';
import { ManageSuppressions } from '../suppressions/manage-suppressions.js';
import { SuppressionRegister } from '../suppressions/suppression-register.js';
import { compareRekeyed } from './compare-rekeyed.js';
import { Rekeying } from './rekeying.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const OLD_TEXT = { personalClass: 'free-text', year: 2019 };

/** A log of three persons with free text of two years: of ann's 2019 the key was destroyed, cleo is erased. */
const SUPPRESSED = ['ann', 'cleo', 'robinson'];

describe('text under keys of classes and years, and restrictions of processing', () => {
  let log: EventLog;
  let keys: SqliteKeyStore;
  let sealer: Sealer;
  const wrote = (id: string, user: string, time: string, reason: string) =>
    orderPlaced({
      ...{ id, time, type: 'unsubscribed', identifiers: [{ namespace: 'userId', value: user }] },
      data: { purpose: 'marketing', reason, nickname: user },
    });

  beforeEach(async () => {
    log = memoryLog({ clock: { now: () => NOW } });
    keys = openSqliteKeyStore({ file: ':memory:' });
    sealer = new Sealer(keys);
    await prepareLog(log, keys, { kind: 'built-in', name: 'retail' }, NOW);
    const ingestion = new Ingestion({ log, sealer, classes: new SealedClasses(['free-text']) });
    const ingest = async (...documents: unknown[]) =>
      void (await new IngestTouchpointsHandler(ingestion).execute(
        new IngestTouchpoints(
          documents.map((document) => ({ document })),
          NOW,
          'kept',
        ),
      ));
    await ingest(wrote('a-2019', 'ann', '2019-05-01T00:00:00Z', 'old words of ann'));
    await keys.destroyClassKeys(OLD_TEXT, 10);
    await ingest(
      wrote('a-2026', 'ann', '2026-01-01T00:00:00Z', 'new words of ann'),
      wrote('b-2026', 'bob', '2026-01-01T00:00:00Z', 'words of bob'),
      wrote('c-2026', 'cleo', '2026-01-01T00:00:00Z', 'words of cleo'),
    );
    const register = new RestrictionRegister(log);
    const { identities } = ingestion;
    const clock = { now: () => NOW };
    const manage = new ManageRestrictions({ log, keys, identities, sealer, clock, register, database: null });
    for (const user of ['ann', 'never-seen']) {
      const person = { identifiers: [{ namespace: 'userId', value: user }], customerId: null };
      const placed = await manage.place({ person, ground: 'unlawful', requestId: null, by: 'me' });
      if (placed.outcome === 'placed' && user === 'ann') await manage.lift(placed.restriction.restrictionId, 'me');
    }
    const list = new SuppressionRegister(log);
    const suppressions = new ManageSuppressions({ log, identities, sealer, clock, register: list });
    const entry = { namespace: 'userId', reason: 'legal', medium: null, expiresAt: null } as const;
    const added = await suppressions.add(
      SUPPRESSED.map((value) => ({ ...entry, value })),
      'me',
    );
    await suppressions.lift(added[0]?.suppressionId ?? '', 'me');
    const { subjectId } = ingestion.identities.of('userId', 'cleo');
    await eraseSubjects({ log, keys }, { subjectIds: [subjectId], customerId: null, by: 'me' }, NOW);
  });
  afterEach(() => keys.close());

  const eventsOf = async (source: EventLog): Promise<MovedEvent[]> => {
    const all: MovedEvent[] = [];
    for await (const page of source.readAll(0, { with: 'contentHash' })) all.push(...(page as MovedEvent[]));
    return all;
  };
  const read = async (events: readonly MovedEvent[], by: Sealer): Promise<Record<string, unknown>> => {
    const texts: Record<string, unknown> = {};
    for (const { id, stream, meta } of events) {
      const subjectId = subjectOfStream(stream);
      const { sealed = '' } = JSON.parse(meta) as TouchpointMeta;
      if (subjectId === null) continue;
      const [text = null] = await by.openMany([{ subjectId, sealed }]);
      const fields = text === null ? null : readSealedFields(text);
      texts[id] =
        fields === null ? 'erased' : [fields.personal['/nickname'], fields.personal['/reason'], fields.expired];
    }
    return texts;
  };
  const TEXTS = {
    'a-2019': ['ann', undefined, [OLD_TEXT]],
    'a-2026': ['ann', 'new words of ann', []],
    'b-2026': ['bob', 'words of bob', []],
    'c-2026': 'erased',
  };

  it('are checked against their content hashes, as far as they can be opened', async () => {
    const { intact, refuted, unchecked } = await checkContents(log, sealer);
    expect({ refuted, unchecked }).toEqual({
      refuted: 0,
      unchecked: { erased: 1, expired: 1, withoutKey: 0, partly: 0, unknown: 0 },
    });
    expect(intact).toBeGreaterThan(2);
  });

  it.each([
    ['moved to another year', /(2\.free-text\.)2026/, '$12025', { refuted: 0, withoutKey: 1 }],
    ['removed', /(2\.free-text\.2026\.)[\w-]+/, '$1', { refuted: 1, withoutKey: 0 }],
    ['altered', /(2\.free-text\.2026\.)[\w-]{4}/, '$1AAAA', { refuted: 1, withoutKey: 0 }],
  ])('are not found intact once a part is %s', async (_, part, by, { refuted, withoutKey }) => {
    const all = (await eventsOf(log)).map((event) =>
      event.id === 'b-2026' ? { ...event, meta: event.meta.replace(part, by) } : event,
    );
    const changed = {
      head: () => log.head(),
      read: (stream: string) => log.read(stream),
      async *readAll() {
        yield all;
      },
    };
    expect(await checkContents(changed, sealer)).toMatchObject({ refuted, unchecked: { withoutKey, expired: 1 } });
  });

  it('are sealed again under another hash key: the same texts open, and what was destroyed stays destroyed', async () => {
    const events = await eventsOf(log);
    expect(await read(events, sealer)).toEqual(TEXTS);
    const newKeys = openSqliteKeyStore({ file: ':memory:', hashKey: Buffer.alloc(32, 9) });
    await rekeyKeyStore(keys, newKeys, { proven: false });
    const moved = await new Rekeying(keys, newKeys).map(events);
    expect(await read(moved, new Sealer(newKeys))).toEqual(TEXTS);
    // The same once more: an interrupted copy continues where it stopped.
    expect(await new Rekeying(keys, newKeys).map(events)).toEqual(moved);
    const logOf = (all: readonly MovedEvent[]) => ({
      async *readAll() {
        yield all;
      },
    });
    const digests = await compareRekeyed(
      { log: logOf(events) as never, keys },
      { log: logOf(moved) as never, keys: newKeys },
    );
    expect(digests?.after).toBe(digests?.before);
    expect(await newKeys.classKeys()).toEqual([{ personalClass: 'free-text', year: 2026, keys: 2, held: 0 }]);
    const to = new Sealer(newKeys);
    // So do suppressions: also of a person who was erased, whose hash alone was kept.
    const suppressed = moved
      .filter(({ type }) => type === 'suppression-added' || type === 'suppression-lifted')
      .map(({ data }) => (JSON.parse(data) as { subjectId: string }).subjectId);
    expect(suppressed).toEqual([...SUPPRESSED, 'ann'].map((user) => to.subjectIdOf('userId', user)));
    // Restrictions name the persons by their new ids: also one who has no event.
    const named = moved
      .filter(({ type }) => type === 'restriction-placed' || type === 'restriction-lifted')
      .map(({ data }) => (JSON.parse(data) as { subjectIds: string[] }).subjectIds);
    const [ann, unseen] = ['ann', 'never-seen'].map((user) => to.subjectIdOf('userId', user));
    expect(named).toEqual([[ann], [ann], [unseen]]);
    // A late event of the year gets no new key.
    const id = to.classKeyId({ subjectId: to.subjectIdOf('userId', 'ann'), ...OLD_TEXT });
    expect((await newKeys.keysFor([id])).get(id)).toBe('erased');
    await newKeys.close();
  });
});
