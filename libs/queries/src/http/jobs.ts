import type { BuildProgress, Projector, RebuildOptions } from '#projections';

/** What builds and compares versions of the read models. */
export type Building = Pick<Projector, 'rebuild' | 'dryRun' | 'verify' | 'digest' | 'rollback' | 'versions'>;

/** `dry-run`: a rebuild that is tried out, compared and dropped. */
export type WorkKind = 'rebuild' | 'dry-run' | 'verify' | 'rollback';

/** Work on the versions of the read models: the one under way, or the last one. */
export interface Work {
  readonly kind: WorkKind;
  readonly state: 'running' | 'done' | 'failed';
  readonly startedAt: number;
  /** How far it has come; null before the first step, and once it is over. */
  readonly progress: BuildProgress | null;
  /** What came of it. */
  readonly result: Readonly<Record<string, unknown>> | null;
  /** Why it failed. */
  readonly failure: string | null;
}

/**
 * Work that outlasts a request: started by one, asked after by others. One at a time, since each builds a whole version of the
 * read models. It holds no state that matters: a rebuild that dies with the process goes on when it is started again.
 */
export class LongWork {
  private work: Work | null = null;
  private abort = new AbortController();
  private ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly building: Building,
    private readonly now: () => number,
  ) {}

  /** The work under way, or the last one; null where there was none since the process began. */
  get current(): Work | null {
    return this.work;
  }

  /** Starts, or joins what is under way of the same kind. Null where work of the other kind is. */
  start(kind: WorkKind): Work | null {
    if (this.work?.state === 'running') return this.work.kind === kind ? this.work : null;
    this.abort = new AbortController();
    const begun: Work = { kind, state: 'running', startedAt: this.now(), progress: null, result: null, failure: null };
    this.work = begun;
    const { signal } = this.abort;
    const onProgress = (progress: BuildProgress): void => {
      if (this.work?.startedAt === begun.startedAt && this.work.state === 'running') this.work = { ...begun, progress };
    };
    const result = this.run(kind, { signal, onProgress });
    this.ended = result.then(
      (result) => {
        this.work = { ...begun, state: 'done', result };
      },
      (error: unknown) => {
        this.work = { ...begun, state: 'failed', failure: error instanceof Error ? error.message : String(error) };
      },
    );
    return begun;
  }

  /** Stops what is under way between two of its steps; resolves when it has. */
  stop(): Promise<void> {
    this.abort.abort(new Error('It was stopped.'));
    return this.ended;
  }

  private async run(kind: WorkKind, options: RebuildOptions): Promise<Readonly<Record<string, unknown>>> {
    switch (kind) {
      case 'rebuild': {
        const { version, position, events, elapsedMs } = await this.building.rebuild(options);
        const { overall } = await this.building.digest();
        return { version, position, events, elapsedMs, digest: overall };
      }
      case 'dry-run':
        return { ...(await this.building.dryRun(options)) };
      case 'verify': {
        const { equal, live, rebuilt, differences } = await this.building.verify(options);
        const differing = differences.map(({ table, onlyLive, onlyRebuilt }) => ({ table, onlyLive, onlyRebuilt }));
        return { equal, position: live.position, live: live.overall, rebuilt: rebuilt.overall, differing };
      }
      case 'rollback': {
        const { version } = await this.building.rollback(undefined, options);
        const { position, overall } = await this.building.digest();
        return { version, position, digest: overall };
      }
    }
  }
}
