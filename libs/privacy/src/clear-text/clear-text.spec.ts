import { describe, expect, it } from '@jest/globals';
import { readSealedFields, STREAMS, type TouchpointMeta } from '#contracts';
import type { EventLog, MovedEvent } from '#event-log';
import { contentText, IngestTouchpoints, IngestTouchpointsHandler, Ingestion } from '#ingestion';
import { openSqliteKeyStore, Sealer, type SubjectKey } from '#keys';
import { memoryLog, orderPlaced } from '#testing';
import { ClearTextSealer, eventsWithClearText } from './clear-text.js';
import { Rekeying } from '../rekeying/rekeying.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const TIME = '2026-01-31T11:00:00Z';
const REASON = 'Ann Doe has moved';
const ann = { namespace: 'userId', value: 'ann' };
const unsubscribed = orderPlaced({
  ...{ id: 'u-1', time: TIME, type: 'unsubscribed', identifiers: [ann] },
  data: { purpose: 'marketing', reason: REASON },
});

/** A log with an event as an older version stored it: its reason in the clear, and hashed there. */
async function oldLog() {
  const log = memoryLog({ clock: { now: () => NOW } });
  const keys = openSqliteKeyStore({ file: ':memory:' });
  const sealer = new Sealer(keys);
  const subjectId = sealer.subjectIdOf('userId', 'ann');
  const key = (await keys.keysFor([subjectId], { create: true })).get(subjectId) as SubjectKey;
  const data = JSON.stringify({ purpose: 'marketing', reason: REASON });
  const content = {
    ...{ type: 'unsubscribed', schemaVersion: '' as const, stated: Date.parse(TIME), facts: '', channel: '"web"' },
    ...{ subjects: `self ${subjectId} `, dataText: data, personalText: '' },
  };
  const identifiers = [{ namespace: 'userId', role: 'self', subjectId, sealed: sealer.sealIdentifier(key, 'ann') }];
  await log.append(STREAMS.subject(subjectId), 'any', [
    {
      ...{ source: 'shop', id: 'u-1', type: 'unsubscribed', schemaVersion: 1, occurredAt: Date.parse(TIME), data },
      contentHash: sealer.contentHash(key, contentText(content)),
      meta: JSON.stringify({ channel: 'web', identifiers, receivedAt: NOW }),
    },
  ]);
  return { log, keys, sealer, subjectId, key };
}

const everything = async (log: EventLog): Promise<MovedEvent[]> => {
  const events: MovedEvent[] = [];
  for await (const page of log.readAll(0, { with: 'contentHash' })) events.push(...(page as MovedEvent[]));
  return events;
};
const copyOf = async (events: readonly MovedEvent[]): Promise<EventLog> => {
  const log = memoryLog({ clock: { now: () => NOW } });
  for (const event of events) await log.append(event.stream, 'any', [event]);
  return log;
};
const outcomeOf = async (log: EventLog, sealer: Sealer): Promise<string | undefined> => {
  const handler = new IngestTouchpointsHandler(new Ingestion({ log, sealer }));
  return (await handler.execute(new IngestTouchpoints([{ document: unsubscribed }], NOW))).results[0]?.outcome;
};

describe('text that was stored in the clear before its field became personal', () => {
  it('is sealed on the way into another log, where the event is still recognised when it is sent again', async () => {
    const { log, sealer, subjectId, key } = await oldLog();
    expect(await eventsWithClearText(log, [subjectId])).toBe(1);
    const clear = new ClearTextSealer(sealer);
    const moved = await clear.map(await everything(log));
    expect(clear.counts).toEqual({ sealed: 1, dropped: 0 });
    expect(JSON.stringify(moved)).not.toContain(REASON);
    const meta = JSON.parse(moved[0]?.meta ?? '') as TouchpointMeta;
    expect(readSealedFields(sealer.open(key, meta.sealed ?? '')).personal).toEqual({ '/reason': REASON });
    const copy = await copyOf(moved);
    expect(await eventsWithClearText(copy, [subjectId])).toBe(0);
    expect(await outcomeOf(copy, sealer)).toBe('duplicate');
  });

  it('has one result, however often it is mapped, and none the second time', async () => {
    const { log, sealer } = await oldLog();
    const events = await everything(log);
    const first = await new ClearTextSealer(sealer).map(events);
    expect(await new ClearTextSealer(sealer).map(events)).toEqual(first);
    expect(await new ClearTextSealer(sealer).map(first)).toEqual(first);
  });

  it('is left out for an erased person', async () => {
    const { log, keys, sealer, subjectId } = await oldLog();
    await keys.destroy([subjectId]);
    const clear = new ClearTextSealer(sealer);
    const [event] = await clear.map(await everything(log));
    expect(clear.counts).toEqual({ sealed: 0, dropped: 1 });
    expect(JSON.parse(event?.data ?? '')).toEqual({ purpose: 'marketing' });
    expect(event?.meta).not.toContain('"sealed":"",');
  });

  it('is sealed under another hash key too, and the event is a duplicate there', async () => {
    const { log, keys } = await oldLog();
    const newKeys = openSqliteKeyStore({ file: ':memory:' });
    const rekeying = new Rekeying(keys, newKeys);
    const moved = await rekeying.map(await everything(log));
    expect(JSON.stringify(moved)).not.toContain(REASON);
    expect(rekeying.counts.unhashable).toBe(0);
    expect(await outcomeOf(await copyOf(moved), new Sealer(newKeys))).toBe('duplicate');
  });
});
