import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EventLog } from '#event-log';
import { memoryLog } from '#testing';
import { anyPostgres } from '../../../../test/services/postgres.js';
import { Projector } from '../processor/projector.js';
import { day, tell } from '../testdata/touchpoints.js';
import { world } from '../testdata/world.js';
import { JobRunner } from './job-runner.js';
import { RemoteProjector } from './remote-projector.js';
import { openStore, type OpenedStore } from '#testing/stores';

jest.setTimeout(120_000);

const clock = { now: () => day(600) };
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
const offer = anyPostgres();
const [suite, title] =
  offer.missing === null
    ? [describe, `asking another process's projector, on ${offer.name}`]
    : [describe.skip, `asking another process's projector (skipped: ${offer.missing})`];

suite(title, () => {
  let store: OpenedStore;
  let log: EventLog;
  let keeping: Projector;
  let remote: RemoteProjector;
  let jobRunners: JobRunner[];

  beforeAll(async () => {
    store = await openStore(offer.name);
  });
  afterAll(() => store.stop());
  beforeEach(async () => {
    await store.wipe();
    log = memoryLog({ clock });
    await tell(log, world(5, 8, 8));
    const { database } = store;
    keeping = await Projector.open({ database, log, clock, role: 'indexer' });
    // As another process has it: it keeps nothing itself.
    remote = new RemoteProjector(database, await Projector.open({ database, log, clock }));
    jobRunners = [];
  });
  afterEach(async () => {
    for (const jobRunner of jobRunners) await jobRunner.stop();
    await keeping.stop();
  });

  const open = (projector = keeping): JobRunner => {
    const jobRunner = new JobRunner(store.database, projector, silent);
    jobRunner.start();
    jobRunners.push(jobRunner);
    return jobRunner;
  };

  it('has it rebuild, digest and verify, and sees the version that is live then', async () => {
    open();
    const { overall } = await remote.digest();
    const rebuilt = await remote.rebuild();
    expect(rebuilt.version).toBe(2);
    expect(await remote.status()).toMatchObject({ version: 2, running: true, failure: null });
    expect(await remote.digest()).toMatchObject({ overall });
    expect(await remote.verify()).toMatchObject({ equal: true, differences: [] });
  });

  it('stops what is wanted no more, before it is begun and while it is done', async () => {
    const aborted = AbortSignal.abort();
    await expect(remote.rebuild({ signal: aborted })).rejects.toThrow(/It was stopped/);
    const abort = new AbortController();
    open({
      role: 'indexer',
      failure: null,
      rebuild: ({ signal, onProgress }: { signal: AbortSignal; onProgress: (step: object) => void }) => {
        onProgress({ phase: 'links', done: 1, total: 2, rate: 1, secondsLeft: 1 });
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      },
    } as unknown as Projector);
    const seen: unknown[] = [];
    const asked = remote.rebuild({
      signal: abort.signal,
      onProgress: (progress) => {
        seen.push(progress);
        abort.abort();
      },
    });
    await expect(asked).rejects.toThrow(/It was stopped/);
    expect(seen[0]).toMatchObject({ phase: 'links', done: 1 });
  });

  it('tells why it failed', async () => {
    open({ role: 'both', failure: null, verify: () => Promise.reject(new Error('no room')) } as unknown as Projector);
    await expect(remote.verify()).rejects.toThrow('no room');
  });

  it('is taken up by another when whoever did it died', async () => {
    const asked = remote.digest();
    // Somebody had it, and has been silent since.
    while (
      (
        await store.database.query(
          `UPDATE perennial.requests SET state = 'running', seen_at = now() - interval '1 hour' RETURNING id`,
        )
      ).length === 0
    );
    open();
    expect((await asked).overall).toMatch(/^[0-9a-f]{32}$/);
  });

  it('is left for another by whoever ends', async () => {
    const ending = open({
      role: 'indexer',
      failure: null,
      rebuild: ({ signal }: { signal: AbortSignal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    } as unknown as Projector);
    const asked = remote.rebuild();
    const state = async (): Promise<unknown> =>
      (await store.database.query<{ state: string }>('SELECT state FROM perennial.requests'))[0]?.state;
    while ((await state()) !== 'running');
    await ending.stop();
    expect(await state()).toBe('asked');
    open();
    expect(await asked).toMatchObject({ version: 2 });
  });

  it('is not done by one who only folds', async () => {
    open(await Projector.open({ database: store.database, log, clock, role: 'workers' }));
    expect(await remote.status()).toMatchObject({ version: 1 });
    await store.database.query(`INSERT INTO perennial.requests (kind) VALUES ('rebuild')`);
    while ((await store.database.query('SELECT 1 FROM perennial.keepers')).length === 0);
    expect(await store.database.query('SELECT state FROM perennial.requests')).toEqual([{ state: 'asked' }]);
  });
});
