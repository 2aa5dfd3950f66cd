import { describeError } from '#platform';
import { BackupError } from './backup-error.js';
import type { BackupOptions, BackupProgress, BackupSummary } from './take-backup.js';

/** The running backup, or the last one. */
export interface BackupJob {
  readonly folder: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly startedAt: number;
  readonly progress: BackupProgress | null;
  readonly result: BackupSummary | null;
  /** Why it failed, with a code where that was foreseen. */
  readonly failure: { readonly code: string | null; readonly detail: string } | null;
}

/** A backup that outlives the request that started it. One at a time. */
export class CurrentBackup {
  private job: BackupJob | null = null;
  private abort = new AbortController();
  private ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly take: (folder: string, options: BackupOptions) => Promise<BackupSummary>,
    private readonly now: () => number,
  ) {}

  get current(): BackupJob | null {
    return this.job;
  }

  /** When the last backup of this process was complete; null where there was none. */
  get completedAt(): number | null {
    return this.completed;
  }
  private completed: number | null = null;

  /** Starts a backup, or joins the running one into the same folder. Null while one into another folder runs. */
  start(folder: string): BackupJob | null {
    if (this.job?.state === 'running') return this.job.folder === folder ? this.job : null;
    this.abort = new AbortController();
    const begun: BackupJob = {
      ...{ folder, state: 'running', startedAt: this.now(), progress: null, result: null, failure: null },
    };
    this.job = begun;
    const onProgress = (progress: BackupProgress): void => {
      if (this.job?.state === 'running') this.job = { ...begun, progress };
    };
    this.ended = this.take(folder, { now: this.now, onProgress, signal: this.abort.signal }).then(
      (result) => {
        this.completed = this.now();
        this.job = { ...begun, state: 'done', result };
      },
      (error: unknown) => {
        const { code } = error as { readonly code?: unknown };
        const known = error instanceof BackupError || typeof code === 'string';
        this.job = {
          ...{ ...begun, state: 'failed' },
          failure: { code: known ? String(code) : null, detail: describeError(error) },
        };
      },
    );
    return begun;
  }

  /** Stops the running backup; resolves once it has stopped. */
  stop(): Promise<void> {
    this.abort.abort();
    return this.ended;
  }
}
