import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Database } from '#database';
import { describeError, FailureLog, Loop } from '#platform';
import type { Projector } from '../processor/projector.js';
import type { ProjectorLogger } from '../processor/projector-logger.js';
import { HEARTBEAT_TIMEOUT_SECONDS, POLL_MS, type JobKind, type JobState } from './job.js';

/** The progress and the cancellation of a job. */
type JobOptions = NonNullable<Parameters<Projector['rebuild']>[0]>;

/**
 * Runs the jobs that other processes request, one at a time, in a process that keeps the read models in step with the log. It
 * sends a heartbeat for itself and for its job. Another worker takes over a job whose heartbeat stopped; a rebuild then
 * continues from where it was.
 */
export class JobRunner {
  readonly #worker = `${hostname()} ${process.pid} ${randomUUID().slice(0, 8)}`;
  readonly #loop: Loop;

  constructor(
    private readonly database: Database,
    private readonly projector: Projector,
    logger: ProjectorLogger,
  ) {
    this.#loop = new Loop((signal) => this.#turn(signal), {
      backoff: { firstMs: POLL_MS, maxMs: 10 * POLL_MS },
      observer: new FailureLog(logger, 'The job runner'),
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** Stops the running job and releases it for another worker. */
  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.database.query('DELETE FROM perennial.workers WHERE worker = $1', [this.#worker]).catch(() => undefined);
  }

  async #turn(signal: AbortSignal): Promise<number> {
    await this.#sendHeartbeat();
    if (this.projector.role !== 'workers') await this.#runNext(signal);
    return POLL_MS;
  }

  async #sendHeartbeat(): Promise<void> {
    await this.database.query(
      `INSERT INTO perennial.workers (worker, role, failure) VALUES ($1, $2, $3)
       ON CONFLICT (worker) DO UPDATE SET heartbeat_at = now(), failure = EXCLUDED.failure`,
      [this.#worker, this.projector.role, this.projector.failure],
    );
    await this.database.query(
      `DELETE FROM perennial.workers WHERE heartbeat_at < now() - make_interval(secs => $1 * 4)`,
      [HEARTBEAT_TIMEOUT_SECONDS],
    );
  }

  async #runNext(signal: AbortSignal): Promise<void> {
    const [job] = await this.database.query<{ id: number; kind: JobKind }>(
      `UPDATE perennial.jobs SET state = 'running', heartbeat_at = now() WHERE id = (
         SELECT id FROM perennial.jobs
          WHERE state = 'requested' OR (state = 'running' AND heartbeat_at < now() - make_interval(secs => $1))
          ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING id, kind`,
      [HEARTBEAT_TIMEOUT_SECONDS],
    );
    if (job !== undefined) await this.#runJob(job, signal);
  }

  async #runJob({ id, kind }: { readonly id: number; readonly kind: JobKind }, signal: AbortSignal): Promise<void> {
    const cancelled = new AbortController();
    let progress: unknown = null;
    const heartbeat = setInterval(() => {
      void this.database
        .query<{ cancel_requested: boolean }>(
          `UPDATE perennial.jobs SET heartbeat_at = now(), progress = $2::text::jsonb WHERE id = $1 RETURNING cancel_requested`,
          [id, JSON.stringify(progress)],
        )
        .then(([row]) => {
          if (row?.cancel_requested === true) cancelled.abort(new Error('The job was cancelled.'));
        })
        // A heartbeat that fails is sent again at the next interval.
        .catch(() => undefined);
      void this.#sendHeartbeat().catch(() => undefined);
    }, POLL_MS);
    try {
      const result = await this.#resultOf(kind, {
        signal: AbortSignal.any([signal, cancelled.signal]),
        onProgress: (step) => {
          progress = step;
        },
      });
      await this.#close(id, 'done', JSON.stringify(result), null);
    } catch (error) {
      if (signal.aborted) await this.#close(id, 'requested', null, null);
      else await this.#close(id, 'failed', null, describeError(error));
    } finally {
      clearInterval(heartbeat);
    }
  }

  #resultOf(kind: JobKind, options: JobOptions): Promise<unknown> {
    switch (kind) {
      case 'rebuild':
        return this.projector.rebuild(options);
      case 'dry-run':
        return this.projector.dryRun(options);
      case 'rollback':
        return this.projector.rollback(undefined, options);
      case 'verify':
        return this.projector.verify(options);
      case 'digest':
        return this.projector.digest();
    }
  }

  async #close(id: number, state: JobState, result: string | null, failure: string | null): Promise<void> {
    await this.database.query(
      'UPDATE perennial.jobs SET state = $2, result = $3::text::jsonb, failure = $4, progress = NULL WHERE id = $1',
      [id, state, result, failure],
    );
  }
}
