import { describe, expect, it } from '@jest/globals';
import {
  PERSONAL_CLASSES,
  personalClassAt,
  personalPathsOf,
  readSealedFields,
  subjectOfStream,
  TOUCHPOINT_TYPES,
  touchpointSchema,
  type JsonSchema,
  type TouchpointMeta,
} from '#contracts';
import { openSqliteKeyStore, partsOf, Sealer } from '#keys';
import { memoryLog, orderPlaced } from '#testing';
import { SealedClasses } from './class-keys.js';
import { IngestTouchpoints, IngestTouchpointsHandler } from './ingest-touchpoints.js';
import { Ingestion } from './ingestion.js';

const NOW = Date.UTC(2026, 0, 31, 12);

const ingestionOf = () => {
  const log = memoryLog({ clock: { now: () => NOW } });
  const keys = openSqliteKeyStore({ file: ':memory:' });
  const sealer = new Sealer(keys);
  const classes = new SealedClasses();
  const ingestion = new Ingestion({ log, sealer, classes });
  const ingest = async (...documents: unknown[]) => {
    const items = documents.map((document) => ({ document }));
    return (await new IngestTouchpointsHandler(ingestion).execute(new IngestTouchpoints(items, NOW))).results;
  };
  /** What is sealed of each touchpoint of the log, as it is written and as it opens. */
  const sealed = async () => {
    const found: { id: string; text: string; versions: readonly string[]; opened: unknown }[] = [];
    for await (const page of log.readAll(0))
      for (const { stream, id, meta } of page) {
        const subjectId = subjectOfStream(stream);
        if (subjectId === null) continue;
        const { sealed: text = '' } = JSON.parse(meta) as TouchpointMeta;
        const versions = (partsOf(text) ?? []).map(({ text: part }) => part.replace(/[^.]*$/, ''));
        const [opened = null] = await sealer.openMany([{ subjectId, sealed: text }]);
        found.push({ id, text, versions, opened: opened === null ? null : readSealedFields(opened) });
      }
    return found;
  };
  return { log, keys, sealer, classes, ingest, sealed, ingestion };
};

const called = (id: string, time: string, more: object = {}) =>
  orderPlaced({
    ...{ id, time, type: 'unsubscribed', identifiers: [{ namespace: 'userId', value: 'u1' }] },
    data: { purpose: 'marketing', reason: 'too many mails', nickname: 'Annie', ...more },
  });

describe('fields of a class that is kept for a shorter time', () => {
  it('are sealed under a key of their class and the year of the event, the others under the key of the subject', async () => {
    const { classes, ingest, sealed, keys } = ingestionOf();
    classes.replace(['free-text']);
    await ingest(called('a', '2019-12-31T23:59:59Z'), called('b', '2026-01-01T00:00:00Z'));
    await ingest(called('c', '2026-01-02T00:00:00Z'));
    const written = await sealed();
    expect(written.map(({ versions }) => versions)).toEqual([
      ['1.', '2.free-text.2019.'],
      ['1.', '2.free-text.2026.'],
      ['1.', '2.free-text.2026.'],
    ]);
    for (const { opened } of written)
      expect(opened).toEqual({
        personal: { '/nickname': 'Annie', '/reason': 'too many mails' },
        ...{ beside: {}, expired: [], mixed: false },
      });
    expect(await keys.classKeys()).toEqual([
      { personalClass: 'free-text', year: 2019, keys: 1, held: 0 },
      { personalClass: 'free-text', year: 2026, keys: 1, held: 0 },
    ]);
  });

  it('are sealed as ever while no rule limits their time, and no key is made for them', async () => {
    const { ingest, sealed, keys } = ingestionOf();
    await ingest(called('a', '2019-12-31T23:59:59Z'));
    expect((await sealed()).map(({ versions }) => versions)).toEqual([['1.']]);
    expect(await keys.classKeys()).toEqual([]);
  });

  it('change no content hash: an event that is sent again is a duplicate, whether a rule began or ended since', async () => {
    const { classes, ingest, keys } = ingestionOf();
    await ingest(called('before', '2026-01-01T00:00:00Z'));
    classes.replace(['free-text']);
    await ingest(called('during', '2026-01-01T00:00:00Z'));
    expect(await ingest(called('before', '2026-01-01T00:00:00Z'))).toMatchObject([{ outcome: 'duplicate' }]);
    await keys.destroyClassKeys({ personalClass: 'free-text', year: 2026 }, 10);
    expect(await ingest(called('during', '2026-01-01T00:00:00Z'))).toMatchObject([{ outcome: 'duplicate' }]);
    classes.replace([]);
    expect(await ingest(called('during', '2026-01-01T00:00:00Z'))).toMatchObject([{ outcome: 'duplicate' }]);
    const other = called('during', '2026-01-01T00:00:00Z', { reason: 'another' });
    expect(await ingest(other)).toMatchObject([{ outcome: 'quarantined', code: 'id-reused' }]);
  });

  it('are not kept where the key of their year was destroyed; the rest of the event is', async () => {
    const { classes, ingest, sealed, keys } = ingestionOf();
    classes.replace(['free-text']);
    const classYear = { personalClass: 'free-text', year: 2019 };
    await ingest(called('a', '2019-05-01T00:00:00Z'));
    await keys.destroyClassKeys(classYear, 10);
    expect(await ingest(called('late', '2019-06-01T00:00:00Z'))).toMatchObject([{ outcome: 'accepted' }]);
    const written = await sealed();
    expect(written[1]?.text).toMatch(/ 2\.free-text\.2019\.$/);
    for (const { opened } of written)
      expect(opened).toMatchObject({ personal: { '/nickname': 'Annie' }, expired: [classYear] });
  });

  it('are gone with the person', async () => {
    const { classes, ingest, sealed, keys, ingestion } = ingestionOf();
    classes.replace(['free-text']);
    await ingest(called('a', '2026-01-01T00:00:00Z'));
    await keys.destroy([ingestion.identities.of('userId', 'u1').subjectId]);
    expect((await sealed()).map(({ opened }) => opened)).toEqual([null]);
    expect(await keys.classKeys()).toEqual([]);
    expect(await ingest(called('b', '2026-01-01T00:00:00Z'))).toMatchObject([{ outcome: 'suppressed' }]);
  });
});

describe('the class of a personal field', () => {
  it('is known for every text of the catalogue that a person or an employee wrote', () => {
    const without = TOUCHPOINT_TYPES.flatMap(({ name }) => {
      const schema = touchpointSchema(name) as JsonSchema;
      return personalPathsOf(schema)
        .filter((path) => personalClassAt(schema, path.replaceAll('*', '0')) === null)
        .map((path) => `${name}${path}`);
    });
    expect(without).toEqual(['profile-updated/attributes']);
    expect(PERSONAL_CLASSES).toContain(personalClassAt(touchpointSchema('note-added') as JsonSchema, '/text'));
  });

  it('is none for a field that the contract does not know, or that is not personal', () => {
    const schema = touchpointSchema('unsubscribed') as JsonSchema;
    for (const pointer of ['/nickname', '/purpose', '/reason/x', ''])
      expect(personalClassAt(schema, pointer)).toBeNull();
  });
});
