import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '#database';
import type { Digest } from '../versions/digest.js';
import type { Projector } from '../processor/projector.js';
import type { ProjectorStatus } from '../processor/status.js';
import type { RebuildOptions } from '../versions/build-beside.js';
import type { DryRunResult } from '../versions/dry-run.js';
import type { Rebuilt } from '../versions/rebuild.js';
import type { Verification } from '../versions/verify.js';
import type { Version } from '../versions/versions.js';
import type { BuildProgress } from '../versions/build.js';

const LOOK_MS = 200;
/** A request that nobody took up for so long is taken back. */
const TAKEN_UP_WITHIN_MS = 30_000;
/** Whoever keeps the read models says so twice a second. */
const ALIVE_SECONDS = 15;

/**
 * The projector as a process sees it that does not keep the read models: what takes long is asked of one that does, by a row in
 * the database; what is a mere question or a mark is done here.
 */
export class RemoteProjector {
  constructor(
    private readonly database: Database,
    private readonly own: Projector,
  ) {}

  async status(): Promise<ProjectorStatus> {
    await this.own.refresh();
    const [status, workers] = await Promise.all([
      this.own.status(),
      this.database.query<{ failure: string | null }>(
        'SELECT failure FROM perennial.keepers WHERE seen_at > now() - make_interval(secs => $1)',
        [ALIVE_SECONDS],
      ),
    ]);
    const failure = workers.find((worker) => worker.failure !== null)?.failure ?? null;
    return { ...status, running: workers.length > 0, failure };
  }

  async release(customerId: string): Promise<boolean> {
    await this.own.refresh();
    return this.own.release(customerId);
  }

  rebuild(options: RebuildOptions = {}): Promise<Rebuilt> {
    return this.#have<Rebuilt>('rebuild', options);
  }

  dryRun(options: RebuildOptions = {}): Promise<DryRunResult> {
    return this.#have<DryRunResult>('dryRun', options);
  }

  /** Goes back to the version that was live before. */
  rollback(_number: undefined, options: RebuildOptions = {}): Promise<Version> {
    return this.#have<Version>('rollback', options);
  }

  versions(): Promise<readonly Version[]> {
    return this.own.versions();
  }

  verify(options: RebuildOptions = {}): Promise<Verification> {
    return this.#have<Verification>('verify', options);
  }

  digest(): Promise<Digest> {
    return this.#have<Digest>('digest', {});
  }

  /** @throws Error with the reason where it failed, or nobody is there to do it */
  async #have<T>(kind: string, { onProgress, signal }: RebuildOptions): Promise<T> {
    const [asked] = await this.database.query<{ id: number }>(
      'INSERT INTO perennial.requests (kind) VALUES ($1) RETURNING id',
      [kind],
    );
    const id = asked?.id;
    const givenUpAt = performance.now() + TAKEN_UP_WITHIN_MS;
    for (;;) {
      const late = performance.now() > givenUpAt;
      const [row] = await this.database.query<{
        state: 'asked' | 'running' | 'done' | 'failed';
        progress: BuildProgress | null;
        result: T;
        failure: string | null;
      }>(
        `UPDATE perennial.requests SET stop = stop OR $2,
                state = CASE WHEN state = 'asked' AND ($2 OR $3) THEN 'failed' ELSE state END,
                failure = CASE WHEN state = 'asked' AND $2 THEN 'It was stopped.'
                               WHEN state = 'asked' AND $3 THEN 'No projector has taken it up: is one running that indexes?'
                               ELSE failure END
          WHERE id = $1 RETURNING state, progress, result, failure`,
        [id, signal?.aborted === true, late],
      );
      if (row === undefined) throw new Error('The request is gone.');
      if (row.state === 'done') return row.result;
      if (row.state === 'failed') throw new Error(row.failure ?? 'It failed.');
      if (row.progress !== null) onProgress?.(row.progress);
      await sleep(LOOK_MS);
    }
  }
}
