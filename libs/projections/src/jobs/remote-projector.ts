import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '#database';
import type { Projector } from '../processor/projector.js';
import type { ProjectorStatus } from '../processor/status.js';
import type { RebuildOptions } from '../versions/build-beside.js';
import type { BuildProgress } from '../versions/build/build-run.js';
import type { Digest } from '../versions/digest.js';
import type { Refolded } from '../processor/refold.js';
import type { DryRunResult } from '../versions/dry-run.js';
import type { PolicyDraft, PolicyDryRun } from '../versions/policy-dry-run.js';
import type { Rebuilt } from '../versions/rebuild.js';
import type { Verification } from '../versions/verify.js';
import type { Version } from '../versions/versions.js';
import { HEARTBEAT_TIMEOUT_SECONDS, RESULT_POLL_MS, type JobKind, type JobState } from './job.js';

/** A job that no worker starts within this time fails. */
const START_TIMEOUT_MS = 30_000;

/**
 * The projector for a process that does not keep the read models itself. Long work becomes a job, a row in the database that a
 * worker runs; short questions and marks are done here.
 */
export class RemoteProjector {
  constructor(
    private readonly database: Database,
    private readonly own: Projector,
  ) {}

  /** As of the live version; `running` when at least one worker sends heartbeats. */
  async status(): Promise<ProjectorStatus> {
    await this.own.refresh();
    const [status, workers] = await Promise.all([
      this.own.status(),
      this.database.query<{ failure: string | null }>(
        'SELECT failure FROM perennial.workers WHERE heartbeat_at > now() - make_interval(secs => $1)',
        [HEARTBEAT_TIMEOUT_SECONDS],
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
    return this.#request<Rebuilt>('rebuild', options);
  }

  dryRun(options: RebuildOptions = {}): Promise<DryRunResult> {
    return this.#request<DryRunResult>('dry-run', options);
  }

  /** Switches back to the version that was live before. */
  rollback(_number: undefined, options: RebuildOptions = {}): Promise<Version> {
    return this.#request<Version>('rollback', options);
  }

  versions(): Promise<readonly Version[]> {
    return this.own.versions();
  }

  verify(options: RebuildOptions = {}): Promise<Verification> {
    return this.#request<Verification>('verify', options);
  }

  /** Read here: it writes nothing, and needs no worker. */
  async policyDryRun(draft: PolicyDraft, options: RebuildOptions = {}): Promise<PolicyDryRun> {
    await this.own.refresh();
    return this.own.policyDryRun(draft, options);
  }

  refold(options: RebuildOptions = {}): Promise<Refolded> {
    return this.own.refold(options);
  }

  digest(): Promise<Digest> {
    return this.#request<Digest>('digest', {});
  }

  /**
   * Requests a job and waits for its result.
   * @throws Error with the reason when the job fails, is cancelled, or no worker starts it in time
   */
  async #request<T>(kind: JobKind, { onProgress, signal }: RebuildOptions): Promise<T> {
    const [requested] = await this.database.query<{ id: number }>(
      'INSERT INTO perennial.jobs (kind) VALUES ($1) RETURNING id',
      [kind],
    );
    const id = requested?.id;
    const startBy = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      const late = performance.now() > startBy;
      const [job] = await this.database.query<{
        state: JobState;
        progress: BuildProgress | null;
        result: T;
        failure: string | null;
      }>(
        `UPDATE perennial.jobs SET cancel_requested = cancel_requested OR $2,
                state = CASE WHEN state = 'requested' AND ($2 OR $3) THEN 'failed' ELSE state END,
                failure = CASE WHEN state = 'requested' AND $2 THEN 'The job was cancelled.'
                               WHEN state = 'requested' AND $3 THEN
                                 'No worker started the job within 30 seconds. Start a process whose PROJECTOR_ROLE is indexer or both.'
                               ELSE failure END
          WHERE id = $1 RETURNING state, progress, result, failure`,
        [id, signal?.aborted === true, late],
      );
      if (job === undefined) throw new Error(`Job ${id} is no longer in the database.`);
      if (job.state === 'done') return job.result;
      if (job.state === 'failed') throw new Error(job.failure ?? 'The job failed.');
      if (job.progress !== null) onProgress?.(job.progress);
      await sleep(RESULT_POLL_MS);
    }
  }
}
