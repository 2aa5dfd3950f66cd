import { afterAll, describe, expect, it } from '@jest/globals';
import type { EventLog, MovedEvent, ReadOptions } from '#event-log';
import { openSqliteKeyStore, Sealer } from '#keys';
import {
  DiscardQuarantined,
  DiscardQuarantinedHandler,
  Ingestion,
  IngestTouchpoints,
  IngestTouchpointsHandler,
  prepareLog,
  Quarantine,
  ReleaseQuarantined,
  ReleaseQuarantinedHandler,
  type IngestItem,
} from '#ingestion';
import { memoryLog, orderPlaced } from '#testing';
import { eraseSubjects } from '../erasure/erase-subjects.js';
import { checkContents, type ContentsProgress } from './check-contents.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const CLOCK = { now: () => NOW };
const keys = openSqliteKeyStore({ file: ':memory:' });
const sealer = new Sealer(keys);
const log = memoryLog({ clock: CLOCK });
const ingestion = new Ingestion({ log, sealer });
const quarantine = new Quarantine(log, sealer);
afterAll(() => keys.close());

const order = (id: string, more: object = {}) =>
  orderPlaced({ id, identifiers: [{ namespace: 'email', value: `${id}@shop.example` }], ...more });
const message = { topic: 'touchpoints.shop', partition: 1, key: 'dan@shop.example', headers: { tenant: 'one' } };

async function ingest(items: readonly IngestItem[]): Promise<void> {
  await new IngestTouchpointsHandler(ingestion).execute(new IngestTouchpoints(items, NOW, 'kept'));
}

async function events(): Promise<MovedEvent[]> {
  const all: MovedEvent[] = [];
  for await (const page of log.readAll(0, { with: 'contentHash' })) all.push(...(page as MovedEvent[]));
  return all;
}

/** The log with one event as it is after a change on the disk. */
function changed(
  position: number,
  change: (event: MovedEvent) => Partial<MovedEvent>,
): Pick<EventLog, 'readAll' | 'read' | 'head'> {
  return {
    head: () => log.head(),
    read: (stream) => log.read(stream),
    async *readAll(after: number, options?: ReadOptions) {
      for await (const page of log.readAll(after, options))
        yield page.map((event) => (event.position === position ? { ...event, ...change(event as MovedEvent) } : event));
    },
  };
}

/** Each digit of a text, one after the other, replaced by another digit. */
const flips = (text: string): readonly string[] =>
  [...text.matchAll(/\d/g)].map(
    ({ index, 0: digit }) => `${text.slice(0, index)}${(Number(digit) + 1) % 10}${text.slice(index + 1)}`,
  );

await prepareLog(log, keys, { kind: 'built-in', name: 'retail' }, NOW);
await ingest([
  { document: order('plain') },
  { document: order('versioned', { schemaVersion: 1 }) },
  { document: order('untimed', { time: undefined }) },
  { document: order('corrected', { time: '2026-01-31T11:00:00Z', sentAt: '2026-01-31T11:58:00Z' }) },
  { document: order('sealed', { data: { orderId: 'n-1', currency: 'EUR', totalMinor: 2933, note: 'likes blue 4' } }) },
  { document: order('topic'), provenance: { ...message, offset: 7, timestamp: NOW - 86_400_000 } },
  { document: order('gone') },
  { document: { ...order('open'), type: 'nonsense' } },
  {
    document: { ...order('later', { time: '2026-01-31T11:00:00Z', sentAt: '2026-01-31T11:58:00Z' }), channel: 7 },
    provenance: { ...message, offset: 8, timestamp: NOW - 86_400_000 },
  },
  { document: { ...order('useless'), type: 'nonsense' }, at: { file: 'orders.csv', line: 4 } },
]);
for (const { type, id, data } of await events())
  if (type === 'event-quarantined') {
    const { eventId } = JSON.parse(data) as { eventId: string };
    if (eventId === 'useless')
      await new DiscardQuarantinedHandler(quarantine, CLOCK).execute(new DiscardQuarantined(id, 'no use', 'me'));
    if (eventId === 'later') {
      const fixed = order('later', { time: '2026-01-31T11:00:00Z', sentAt: '2026-01-31T11:58:00Z' });
      await new ReleaseQuarantinedHandler(quarantine, ingestion, CLOCK).execute(
        new ReleaseQuarantined(id, fixed, 'me'),
      );
    }
  }
const { subjectId } = ingestion.identities.of('email', 'gone@shop.example');
await eraseSubjects({ log, keys }, { subjectIds: [subjectId], customerId: null, by: 'me' }, NOW);

/** Another character at the end: what is sealed may have any there already. */
const another = (all: string, start: string): string => `${start}${all.endsWith('_') ? '-' : '_'}`;

describe('the check of the content hashes', () => {
  it('finds every event as it was recorded, also one that was released and dated by its message', async () => {
    const all = await events();
    const seen: ContentsProgress[] = [];
    const check = await checkContents(log, sealer, { onProgress: (progress) => seen.push(progress) });
    expect(check).toEqual({
      events: all.length,
      intact: all.length - 1,
      refuted: 0,
      refutations: [],
      unchecked: { erased: 1, expired: 0, withoutKey: 0, partly: 0, unknown: 0 },
    });
    expect(seen.at(-1)).toMatchObject({ items: all.length, done: all.at(-1)?.position });
  });

  it('finds a digit that was changed in the data of any touchpoint, and names the event', async () => {
    for (const { position, stream, source, id, type, data } of await events()) {
      if (type !== 'order-placed' || id === 'gone') continue;
      for (const other of flips(data)) {
        const check = await checkContents(
          changed(position, () => ({ data: other })),
          sealer,
        );
        expect(check).toMatchObject({ refuted: 1, refutations: [{ position, stream, source, id, type }] });
      }
    }
  });

  it('finds what was changed in the time, the type, the version, the subjects and what is sealed', async () => {
    const [sealed, at] = [(await events()).find(({ id }) => id === 'sealed'), NOW - 5] as const;
    const { position = 0 } = sealed ?? {};
    const changes: readonly ((event: MovedEvent) => Partial<MovedEvent>)[] = [
      () => ({ occurredAt: at }),
      () => ({ type: 'order-returned' }),
      ({ meta }) => ({ meta: meta.replace('"role":"self"', '"role":"referee"') }),
      ({ meta }) => ({ meta: meta.replace(/("subjectId":")./, '$1x') }),
      ({ meta }) => ({ meta: meta.replace(/(,"sealed":"1\..{20})./, another) }),
      ({ meta }) => ({ meta: meta.replace(/("sealed":"1\..{20})./, another) }),
      ({ meta }) => ({ meta: meta.slice(0, -1) }),
      ({ data }) => ({ data: data.slice(0, -1) }),
    ];
    for (const change of changes)
      expect(await checkContents(changed(position, change), sealer)).toMatchObject({
        refuted: 1,
        refutations: [{ position }],
      });
  });

  it('finds a changed body in quarantine, and a changed fact', async () => {
    for (const { position, type } of await events()) {
      const change =
        type === 'event-quarantined'
          ? ({ meta }: MovedEvent) => ({
              meta: meta.replace(/("sealed":"1\..{20})./, another),
            })
          : type === 'policy-published'
            ? ({ data }: MovedEvent) => ({ data: data.replace(/"currency":[^,]+/, '"currency":"XTS"') })
            : type === 'person-erased'
              ? ({ data }: MovedEvent) => ({ data: data.replace(/[0-9a-f]{32}/, '0'.repeat(32)) })
              : null;
      if (change === null) continue;
      expect(await checkContents(changed(position, change), sealer)).toMatchObject({
        refuted: 1,
        refutations: [{ position }],
      });
    }
  });

  it('counts what belongs to an erased person, and says where a key is missing', async () => {
    const others = openSqliteKeyStore({ file: ':memory:' });
    const { intact, refuted, unchecked } = await checkContents(log, new Sealer(others));
    await others.close();
    expect({ refuted, erased: unchecked.erased }).toEqual({ refuted: 0, erased: 0 });
    expect(unchecked.withoutKey).toBe((await events()).length - intact);
  });

  it('stops between two pages', async () => {
    await expect(checkContents(log, sealer, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });
});
