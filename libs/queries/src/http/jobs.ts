import { formatInstant } from '#contracts';
import { describeError } from '#platform';
import type { ContentsProgress } from '#privacy';
import type { ContentChecker } from './contents.js';
import type { BuildProgress, PolicyDraft, Projector, RebuildOptions } from '#projections';

/** What builds and compares versions of the read models. */
export type Building = Pick<
  Projector,
  'rebuild' | 'dryRun' | 'verify' | 'digest' | 'rollback' | 'versions' | 'policyDryRun' | 'refold'
>;

/**
 * `dry-run`: a rebuild that is compared with the live version and dropped. `policy-dry-run`: what publishing a policy would change. `refold`: until
 * the published policies hold for every customer.
 */
export const JOB_KINDS = ['rebuild', 'dry-run', 'verify', 'rollback', 'policy-dry-run', 'refold'] as const;
export type JobKind = (typeof JOB_KINDS)[number];

/** How far a job has come. */
export type JobProgress = BuildProgress | ContentsProgress;

/** The options of every step of a job. */
interface StepOptions extends RebuildOptions {
  readonly onProgress: (progress: JobProgress) => void;
}

/** A job on the versions of the read models: the running one, or the last one. */
export interface Job {
  readonly kind: JobKind;
  readonly state: 'running' | 'done' | 'failed';
  readonly startedAt: number;
  /** Its progress; null before the first step, and once it has ended. */
  readonly progress: JobProgress | null;
  /** Its result. */
  readonly result: Readonly<Record<string, unknown>> | null;
  /** Why it failed. */
  readonly failure: string | null;
}

/**
 * A job that outlives the request that started it; later requests read its progress. One at a time, since each builds a whole
 * version of the read models. It keeps no state that matters: a rebuild that dies with the process continues when started again.
 */
export class CurrentJob {
  private job: Job | null = null;
  private abort = new AbortController();
  private ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly building: Building,
    private readonly contents: ContentChecker,
    private readonly now: () => number,
  ) {}

  /** The running job, or the last one; null if there was none since the process started. */
  get current(): Job | null {
    return this.job;
  }

  /** Starts a job, or joins the running one of the same kind. Null while a job of another kind runs. */
  start(kind: JobKind, draft: PolicyDraft | null = null): Job | null {
    // A dry run of another policy is another job.
    if (this.job?.state === 'running') return this.job.kind === kind && draft === null ? this.job : null;
    this.abort = new AbortController();
    const begun: Job = { kind, state: 'running', startedAt: this.now(), progress: null, result: null, failure: null };
    this.job = begun;
    const { signal } = this.abort;
    const onProgress = (progress: JobProgress): void => {
      if (this.job?.startedAt === begun.startedAt && this.job.state === 'running') this.job = { ...begun, progress };
    };
    const result = this.run(kind, draft, { signal, onProgress });
    this.ended = result.then(
      (result) => {
        this.job = { ...begun, state: 'done', result };
      },
      (error: unknown) => {
        this.job = { ...begun, state: 'failed', failure: describeError(error) };
      },
    );
    return begun;
  }

  /** Stops the running job between two of its steps; resolves once it has stopped. */
  stop(): Promise<void> {
    this.abort.abort(new Error('It was stopped.'));
    return this.ended;
  }

  private async run(
    kind: JobKind,
    draft: PolicyDraft | null,
    options: StepOptions,
  ): Promise<Readonly<Record<string, unknown>>> {
    switch (kind) {
      case 'rebuild': {
        const { version, position, events, elapsedMs } = await this.building.rebuild(options);
        const { overall } = await this.building.digest();
        return { version, position, events, elapsedMs, digest: overall };
      }
      case 'dry-run':
        return { ...(await this.building.dryRun(options)) };
      case 'verify': {
        // The log first: read models that were built from a changed event differ, and this is why.
        const contents = await this.contents.check(options);
        const { equal, live, rebuilt, differences } = await this.building.verify(options);
        const differing = differences.map(({ table, onlyLive, onlyRebuilt }) => ({ table, onlyLive, onlyRebuilt }));
        return { equal, position: live.position, live: live.overall, rebuilt: rebuilt.overall, differing, contents };
      }
      case 'policy-dry-run': {
        if (draft === null) throw new TypeError('A dry run of a policy needs one.');
        const { asOf, ...result } = await this.building.policyDryRun(draft, options);
        return { asOf: formatInstant(asOf), ...result };
      }
      case 'refold':
        return { ...(await this.building.refold(options)) };
      case 'rollback': {
        const { version } = await this.building.rollback(undefined, options);
        const { position, overall } = await this.building.digest();
        return { version, position, digest: overall };
      }
    }
  }
}
