import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '#database';
import { describe } from '../folding/fold-customers.js';
import type { Projector } from '../processor/projector.js';
import type { ProjectorLogger } from '../processor/projector-logger.js';

/** It looks for requests, and says that it is alive, this often. */
const LOOK_MS = 500;
/** Whoever was silent for so long is taken to be gone. */
const SILENT_SECONDS = 15;

type Kind = 'rebuild' | 'dryRun' | 'rollback' | 'verify' | 'digest';

/**
 * Where a process that keeps the read models takes in what other processes ask of it. It says that it is alive, and does one
 * request at a time; one whose doer died is taken up again, and a rebuild then goes on from where it was.
 */
export class JobRunner {
  readonly #worker = `${hostname()} ${process.pid} ${randomUUID().slice(0, 8)}`;
  readonly #stopping = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly projector: Projector,
    private readonly logger: ProjectorLogger,
  ) {}

  start(): void {
    this.#ended = this.#run(this.#stopping.signal);
  }

  /** Lets go of what is under way, for another to take up, and leaves. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('This process is ending.'));
    await this.#ended;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#sayAlive();
        if (this.projector.role !== 'workers') await this.#doNext(signal);
      } catch (error) {
        if (!signal.aborted) this.logger.warn({ error: describe(error) }, 'Requests could not be looked for.');
      }
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
    await this.database.query('DELETE FROM perennial.keepers WHERE keeper = $1', [this.#worker]).catch(() => undefined);
  }

  async #sayAlive(): Promise<void> {
    await this.database.query(
      `INSERT INTO perennial.keepers (keeper, role, failure) VALUES ($1, $2, $3)
       ON CONFLICT (keeper) DO UPDATE SET seen_at = now(), failure = EXCLUDED.failure`,
      [this.#worker, this.projector.role, this.projector.failure],
    );
    await this.database.query(`DELETE FROM perennial.keepers WHERE seen_at < now() - make_interval(secs => $1 * 4)`, [
      SILENT_SECONDS,
    ]);
  }

  async #doNext(signal: AbortSignal): Promise<void> {
    const [request] = await this.database.query<{ id: number; kind: Kind }>(
      `UPDATE perennial.requests SET state = 'running', seen_at = now() WHERE id = (
         SELECT id FROM perennial.requests
          WHERE state = 'asked' OR (state = 'running' AND seen_at < now() - make_interval(secs => $1))
          ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING id, kind`,
      [SILENT_SECONDS],
    );
    if (request !== undefined) await this.#do(request, signal);
  }

  async #do({ id, kind }: { readonly id: number; readonly kind: Kind }, signal: AbortSignal): Promise<void> {
    const unwanted = new AbortController();
    let progress: unknown = null;
    const telling = setInterval(() => {
      void this.database
        .query<{ stop: boolean }>(
          `UPDATE perennial.requests SET seen_at = now(), progress = $2::text::jsonb WHERE id = $1 RETURNING stop`,
          [id, JSON.stringify(progress)],
        )
        .then(([row]) => {
          if (row?.stop === true) unwanted.abort(new Error('It was stopped.'));
        })
        // That it could not be told now is told the next time.
        .catch(() => undefined);
      void this.#sayAlive().catch(() => undefined);
    }, LOOK_MS);
    try {
      const result = await this.#work(kind, {
        signal: AbortSignal.any([signal, unwanted.signal]),
        onProgress: (step) => {
          progress = step;
        },
      });
      await this.#close(id, 'done', JSON.stringify(result), null);
    } catch (error) {
      if (signal.aborted) await this.#close(id, 'asked', null, null);
      else await this.#close(id, 'failed', null, error instanceof Error ? error.message : String(error));
    } finally {
      clearInterval(telling);
    }
  }

  #work(kind: Kind, options: Parameters<Projector['rebuild']>[0]): Promise<unknown> {
    switch (kind) {
      case 'rebuild':
        return this.projector.rebuild(options);
      case 'dryRun':
        return this.projector.dryRun(options);
      case 'rollback':
        return this.projector.rollback(undefined, options);
      case 'verify':
        return this.projector.verify(options);
      case 'digest':
        return this.projector.digest();
    }
  }

  async #close(id: number, state: string, result: string | null, failure: string | null): Promise<void> {
    await this.database.query(
      'UPDATE perennial.requests SET state = $2, result = $3::text::jsonb, failure = $4, progress = NULL WHERE id = $1',
      [id, state, result, failure],
    );
  }
}
