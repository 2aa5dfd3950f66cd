import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { EventLog, NewEvent } from '../port.js';
import { openSqliteLog } from '../sqlite/sqlite-log.js';
import { SqliteMoveTarget } from '../sqlite/sqlite-move-target.js';
import { identityOfFile } from '../sqlite/schema.js';
import { LogDigest } from './log-digest.js';
import { LogMoveError, moveLog, type MoveProgress } from './move-log.js';
import type { MovedEvent, MoveTarget } from './moved-event.js';

const folder = mkdtempSync(join(tmpdir(), 'perennial-move-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let number = 0;
const newFile = (): string => join(folder, `${(number += 1)}.db`);

const event = (index: number): NewEvent => ({
  source: index % 2 === 0 ? 'shop' : 'app',
  id: `e-${index}`,
  type: 'site-visited',
  schemaVersion: 1 + (index % 2),
  occurredAt: 1_000 - index,
  contentHash: Buffer.alloc(16, index),
  meta: `{"channel":"web","n":${index}}`,
  data: `{ "spaced" : ${index}.0 }`,
});

/** Events of one commit: each waits for the disk. */
const BATCH = 50;

/** A log of so many events in a few streams, each batch of them recorded a second after the one before. */
async function logOf(file: string, events: number): Promise<EventLog> {
  let now = 0;
  const log = await openSqliteLog({ file, writing: 'here', clock: { now: () => now } });
  for (let at = 0; at < events; at += BATCH) {
    now += 1_000;
    await log.appendMany(
      Array.from({ length: Math.min(BATCH, events - at) }, (_, n) => ({
        stream: `subject-${(at + n) % 3}`,
        event: event(at + n),
      })),
    );
  }
  return log;
}

async function everything(file: string): Promise<MovedEvent[]> {
  const log = await openSqliteLog({ file, writing: 'here' });
  const all = [];
  for await (const page of log.readAll(0, { with: 'contentHash' })) all.push(...page);
  await log.close();
  return all as MovedEvent[];
}

describe('moving a log', () => {
  const EVENTS = 2_500;
  let oldFile: string;
  let old: EventLog;
  let newFileName: string;
  let target: SqliteMoveTarget;
  beforeEach(async () => {
    oldFile ??= newFile();
    old ??= await logOf(oldFile, EVENTS);
    newFileName = newFile();
    target = new SqliteMoveTarget(newFileName);
  });
  afterAll(() => old.close());

  it('carries over every event with its name, its stream, its order and its instants, and proves it', async () => {
    const steps = new Set<MoveProgress['step']>();
    const moved = await moveLog({ from: old, to: target, onProgress: ({ step }) => steps.add(step) });
    target.close();
    expect(moved).toMatchObject({ outcome: 'done', events: EVENTS, copied: EVENTS });
    expect(moved.digest?.to).toBe(moved.digest?.from);
    expect([...steps]).toEqual(['copying', 'proving']);
    expect(await everything(newFileName)).toEqual(await everything(oldFile));
  });

  it('is taken up by an engine: what was recorded is a duplicate, and time goes on from there', async () => {
    await moveLog({ from: old, to: target });
    target.close();
    const log = await openSqliteLog({ file: newFileName, writing: 'here', clock: { now: () => 5 } });
    const [again, next] = await log.appendMany([
      { stream: 'subject-0', event: event(7) },
      { stream: 'subject-0', event: event(99_999) },
    ]);
    expect(again).toEqual({ status: 'duplicate', position: 8 });
    // recordedAt never decreases, even where the clock of the new machine is behind.
    expect(next).toMatchObject({ status: 'accepted', position: EVENTS + 1, recordedAt: (EVENTS / BATCH) * 1_000 });
    await log.close();
  });

  it('goes on where it stopped, and done again it copies nothing', async () => {
    const stop = new AbortController();
    const first = await moveLog({ from: old, to: target, signal: stop.signal, onProgress: () => stop.abort() });
    expect(first).toEqual({ outcome: 'stopped', events: 1_000, copied: 1_000, digest: null });
    expect(await moveLog({ from: old, to: target })).toMatchObject({ outcome: 'done', copied: 1_500 });
    expect(await moveLog({ from: old, to: target })).toMatchObject({ outcome: 'done', copied: 0, events: EVENTS });
    target.close();
  });

  it('stores all of a page or nothing of it', async () => {
    const [first] = await everything(oldFile);
    if (first === undefined) throw new Error('The log is empty.');
    await expect(target.importEvents([first, { ...first, id: 'other' }, first])).rejects.toThrow(
      'cannot be taken over',
    );
    await expect(target.importEvents([first, { ...first, id: 'earlier', recordedAt: 0 }])).rejects.toThrow(
      'recorded before the one that it follows',
    );
    target.close();
    expect(await everything(newFileName)).toEqual([]);
  });

  it.each([
    ['another event', (all: MovedEvent[]) => [{ ...all[0]!, id: 'other' }]],
    ['an event of another time', (all: MovedEvent[]) => [{ ...all[0]!, recordedAt: 999 }]],
    ['another text of the same', (all: MovedEvent[]) => [{ ...all[0]!, data: '{"spaced":0}' }]],
    ['an event out of turn', (all: MovedEvent[]) => [all[1]!]],
    ['more than there is', (all: MovedEvent[]) => [...all, { ...all[0]!, id: 'beyond', recordedAt: 1e9 }]],
  ])('rejects a target that holds %s, and writes nothing to it', async (_, held) => {
    await target.importEvents(held(await everything(oldFile)));
    const before = await everything(newFileName);
    await expect(moveLog({ from: old, to: target })).rejects.toMatchObject({ code: 'occupied' });
    target.close();
    expect(await everything(newFileName)).toEqual(before);
  });

  it('keeps the identity of the log, and gives the copy one of its own, once', async () => {
    await moveLog({ from: old, to: target });
    const moved = identityOfFile(newFileName);
    expect(moved?.logId).toBe((await old.identity()).logId);
    expect(moved?.copyId).not.toBe((await old.identity()).copyId);
    await moveLog({ from: old, to: target });
    expect(identityOfFile(newFileName)).toEqual(moved);
    target.close();
  });

  it('does not believe a target that stores something else than it was given', async () => {
    const liar: MoveTarget = {
      readAll: (after, options) => target.readAll(after, options),
      belongTo: (log) => target.belongTo(log),
      importEvents: (events) => target.importEvents(events.map((one, at) => (at === 5 ? { ...one, meta: '{}' } : one))),
    };
    await expect(moveLog({ from: old, to: liar })).rejects.toThrow(LogMoveError);
    target.close();
  });
});

describe('the digest of a log', () => {
  it('changes with everything that is told of an event, and with their order', async () => {
    const file = newFile();
    await (await logOf(file, 3)).close();
    const events = await everything(file);
    const digestOf = (all: readonly MovedEvent[]): string => {
      const digest = new LogDigest();
      for (const one of all) digest.add(one);
      return digest.end();
    };
    const [first, ...rest] = events as [MovedEvent, ...MovedEvent[]];
    const digests = [
      events,
      [...rest, first],
      ...(['stream', 'source', 'id', 'type', 'meta', 'data'] as const).map((name) => [
        { ...first, [name]: 'x' },
        ...rest,
      ]),
      ...(['schemaVersion', 'occurredAt', 'recordedAt'] as const).map((name) => [{ ...first, [name]: 77 }, ...rest]),
      [{ ...first, contentHash: Buffer.alloc(16, 77) }, ...rest],
    ].map(digestOf);
    expect(new Set(digests).size).toBe(digests.length);
    // Where it lies does not count.
    expect(digestOf(events.map((one) => ({ ...one, position: one.position + 9 })))).toBe(digestOf(events));
  });
});
