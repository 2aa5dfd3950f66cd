import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EventLog } from '#event-log';
import { memoryLog } from '#testing';
import { anyPostgres } from '../../../../test/services/postgres.js';
import { Projector } from '../processor/projector.js';
import { day, appendAll } from '../testdata/touchpoints.js';
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
    ? [describe, `jobs that another process runs, on ${offer.name}`]
    : [describe.skip, `jobs that another process runs (skipped: ${offer.missing})`];

suite(title, () => {
  let store: OpenedStore;
  let log: EventLog;
  let projector: Projector;
  let remote: RemoteProjector;
  let jobRunners: JobRunner[];

  beforeAll(async () => {
    store = await openStore(offer.name);
  });
  afterAll(() => store.stop());
  beforeEach(async () => {
    await store.wipe();
    log = memoryLog({ clock });
    await appendAll(log, world(5, 8, 8));
    const { database } = store;
    projector = await Projector.open({ database, log, clock, role: 'indexer' });
    // As another process has it: its own projector follows no log.
    remote = new RemoteProjector(database, await Projector.open({ database, log, clock }));
    jobRunners = [];
  });
  afterEach(async () => {
    for (const jobRunner of jobRunners) await jobRunner.stop();
    await projector.stop();
  });

  const run = (on = projector): JobRunner => {
    const jobRunner = new JobRunner(store.database, on, silent);
    jobRunner.start();
    jobRunners.push(jobRunner);
    return jobRunner;
  };

  it('rebuild, digest and verify, and give the version that is live afterwards', async () => {
    run();
    const { overall } = await remote.digest();
    const rebuilt = await remote.rebuild();
    expect(rebuilt.version).toBe(2);
    expect(await remote.status()).toMatchObject({ version: 2, running: true, failure: null });
    expect(await remote.digest()).toMatchObject({ overall });
    expect(await remote.verify()).toMatchObject({ equal: true, differences: [] });
  });

  it('are cancelled before they start and while they run', async () => {
    const aborted = AbortSignal.abort();
    await expect(remote.rebuild({ signal: aborted })).rejects.toThrow(/The job was cancelled/);
    const abort = new AbortController();
    run({
      role: 'indexer',
      failure: null,
      rebuild: ({ signal, onProgress }: { signal: AbortSignal; onProgress: (step: object) => void }) => {
        onProgress({ phase: 'links', done: 1, total: 2, rate: 1, secondsLeft: 1 });
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      },
    } as unknown as Projector);
    const seen: unknown[] = [];
    const rebuilding = remote.rebuild({
      signal: abort.signal,
      onProgress: (progress) => {
        seen.push(progress);
        abort.abort();
      },
    });
    await expect(rebuilding).rejects.toThrow(/The job was cancelled/);
    expect(seen[0]).toMatchObject({ phase: 'links', done: 1 });
  });

  it('fail with the reason', async () => {
    run({ role: 'both', failure: null, verify: () => Promise.reject(new Error('no room')) } as unknown as Projector);
    await expect(remote.verify()).rejects.toThrow('no room');
  });

  it('are taken over by another worker when their worker died', async () => {
    const digest = remote.digest();
    // A worker started it, and sent its last heartbeat an hour ago.
    while (
      (
        await store.database.query(
          `UPDATE perennial.jobs SET state = 'running', heartbeat_at = now() - interval '1 hour' RETURNING id`,
        )
      ).length === 0
    );
    run();
    expect((await digest).overall).toMatch(/^[0-9a-f]{32}$/);
  });

  it('are released for another worker when their worker stops', async () => {
    const stopping = run({
      role: 'indexer',
      failure: null,
      rebuild: ({ signal }: { signal: AbortSignal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    } as unknown as Projector);
    const rebuilding = remote.rebuild();
    const state = async (): Promise<unknown> =>
      (await store.database.query<{ state: string }>('SELECT state FROM perennial.jobs'))[0]?.state;
    while ((await state()) !== 'running');
    await stopping.stop();
    expect(await state()).toBe('requested');
    run();
    expect(await rebuilding).toMatchObject({ version: 2 });
  });

  it('are not run by a worker that only folds', async () => {
    run(await Projector.open({ database: store.database, log, clock, role: 'workers' }));
    expect(await remote.status()).toMatchObject({ version: 1 });
    await store.database.query(`INSERT INTO perennial.jobs (kind) VALUES ('rebuild')`);
    while ((await store.database.query('SELECT 1 FROM perennial.workers')).length === 0);
    expect(await store.database.query('SELECT state FROM perennial.jobs')).toEqual([{ state: 'requested' }]);
  });
});
