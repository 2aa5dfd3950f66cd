import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { openSqliteLog, type AppendItem, type EventLog } from '#event-log';
import { BUILT_IN_POLICIES, type Policy } from '#lifecycle';
import { memoryLog } from '#testing';
import { anyPostgres } from '../../../../test/services/postgres.js';
import { Projector } from './projector.js';
import { liveSchema } from '../schema.js';
import { racingClock, racingFrom } from '../testdata/racing-clock.js';
import { heldByConsumer, heldByTables } from '../testdata/reconciled.js';
import { policyRestated } from '../testdata/store.js';
import { withDecisions } from '../testdata/decisions.js';
import { day, appendAll } from '../testdata/touchpoints.js';
import { world } from '../testdata/world.js';
import { openStore, type OpenedStore } from '#testing/stores';

jest.setTimeout(300_000);

const SEED = 23;
const END = day(600);
/** The days of the world go by in so much time, while its events come in. */
const WITHIN_MS = 8_000;

// On one version: what is shown here is ours, and not the server's.
const offer = anyPostgres();
const [suite, title] =
  offer.missing === null
    ? [describe, `workers in processes of their own on ${offer.name}`]
    : [describe.skip, `workers in processes of their own (skipped: ${offer.missing})`];

/** What the workers made of it. */
interface FoldedByWorkers {
  readonly digest: string;
  /** How many customers the indexer folded. */
  readonly folded: number;
  readonly parked: number;
  /** Whether a rebuild gives the same. */
  readonly asRebuilt: boolean;
}

suite(title, () => {
  let store: OpenedStore;
  let folder: string;
  let log: EventLog;
  let file: string;
  let expected: string;
  const children = new Set<ChildProcess>();

  // Shuffled: so customers merge late, and events come after what they precede. Operators merge and unmerge customers in between.
  const items = withDecisions(world(SEED, 40, 20), SEED, 40, day(0));

  beforeAll(async () => {
    store = await openStore(offer.name);
    // What one process makes of it, at the end of time, in one go.
    const whole = memoryLog({ clock: { now: () => END } });
    await appendAll(whole, items);
    const alone = await Projector.open({ database: store.database, log: whole, clock: { now: () => END } });
    expected = (await alone.digest()).overall;
  });
  afterAll(() => store.stop());
  beforeEach(async () => {
    await store.wipe();
    folder = mkdtempSync(join(tmpdir(), 'perennial-workers-'));
    file = join(folder, 'log.db');
  });
  afterEach(async () => {
    for (const child of children) await end(child, 'SIGKILL');
    await log.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
    children.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };

  /** A worker process that waits for the clock. */
  const prepare = async (): Promise<ChildProcess> => {
    const child = spawn(
      process.execPath,
      [
        ...['--conditions=source', '--import', '#from-source'],
        join(import.meta.dirname, '../testdata/worker-child.ts'),
        ...[store.url ?? '', file],
      ],
      { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
    );
    children.add(child);
    await once(child.stdout as Readable, 'data');
    return child;
  };

  /** Has so many of them fold what one process indexes, while events, deadlines and time come, and some are killed. */
  const fold = async (
    workers: number,
    kills: number,
    given: readonly AppendItem[] = items,
  ): Promise<FoldedByWorkers> => {
    // As many again wait, to take the place of those who are killed.
    const waiting = await Promise.all(Array.from({ length: workers + kills }, prepare));
    const clockText = racingFrom(day(0), END, WITHIN_MS);
    const clock = racingClock(clockText);
    const working: ChildProcess[] = [];
    const next = (): void => {
      const child = waiting.shift();
      if (child === undefined) throw new Error('No worker is left.');
      child.stdin?.write(`${clockText}\n`);
      working.push(child);
    };
    log = await openSqliteLog({ file, clock, writing: 'here' });
    const indexer = await Projector.open({ database: store.database, log, clock, role: 'indexer', pageSize: 20 });
    indexer.start();
    for (let n = 0; n < workers; n += 1) next();
    const killing = (async () => {
      for (let n = 0; n < kills; n += 1) {
        await sleep(WITHIN_MS / (kills + 1));
        const victim = working.shift();
        if (victim !== undefined) await end(victim, 'SIGKILL');
        next();
      }
    })();
    for (let at = 0; at < given.length; at += 25) {
      await appendAll(log, given.slice(at, at + 25));
      await sleep((WITHIN_MS * 25) / given.length);
    }
    await killing;
    for (;;) {
      const { lag, dirty, clock: at } = await indexer.status();
      if (lag === 0 && dirty === 0 && at === END) break;
      await sleep(50);
    }
    const { folded } = (await indexer.status()).counters;
    await indexer.stop();
    for (const child of [...children]) await end(child, 'SIGTERM');
    const { parked } = await indexer.status();
    const { overall } = await indexer.digest();
    const { equal } = await indexer.verify();
    return { digest: overall, folded, parked, asRebuilt: equal };
  };

  it.each([
    [1, 1],
    [2, 2],
    [4, 3],
  ])('gives with %i of them what one process gives, though %i are killed on the way', async (workers, kills) => {
    const { digest, folded, parked, asRebuilt } = await fold(workers, kills);
    expect(parked).toBe(0);
    expect(digest).toBe(expected);
    expect(asRebuilt).toBe(true);
    // The indexer folded no customer: the workers folded all.
    expect(folded).toBe(0);
  });

  it('gives with merges, unmerges, late events and policies on the way what a rebuild gives, and a consumer can reconcile each merge', async () => {
    const { durable, retail } = BUILT_IN_POLICIES;
    const restated = (version: string, { silence }: Pick<Policy, 'silence'>) =>
      policyRestated(version, { silence }, day(0));
    const third = Math.floor(items.length / 3);
    const { parked, asRebuilt } = await fold(3, 1, [
      ...[...items.slice(0, third), restated('retail@2', durable), ...items.slice(third, 2 * third)],
      ...[restated('retail@3', retail), ...items.slice(2 * third)],
    ]);
    expect(parked).toBe(0);
    expect(asRebuilt).toBe(true);
    expect(await heldByConsumer(store.database)).toEqual(await heldByTables(store.database));
    // Of each customer who is now another one, the last message says who that is. An earlier one may be of a merge into them.
    const gone = await store.database.query<{ customer_id: string; into_id: string | null }>(
      `SELECT DISTINCT ON (customer_id) customer_id, into_id FROM perennial.published p
        WHERE NOT EXISTS (SELECT FROM ${await liveSchema(store.database)}.customers c WHERE c.customer_id = p.customer_id)
        ORDER BY customer_id, publication DESC`,
    );
    expect(gone.length).toBeGreaterThan(0);
    expect(gone.filter(({ into_id: into }) => into === null)).toEqual([]);
  });
});
