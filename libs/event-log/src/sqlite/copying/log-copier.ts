import { threadFile, WorkerClient, type LogIdentity } from '#platform';
import { EventLogError } from '../../port.js';
import type { Segment, SegmentEnd, SegmentFile } from './segment.js';
import { SharedProgress } from './shared-progress.js';

export type CopyRequest =
  | {
      readonly kind: 'write';
      readonly no: number;
      readonly file: string;
      readonly to: string;
      readonly before: SegmentEnd;
    }
  | {
      readonly kind: 'join';
      readonly no: number;
      readonly segments: readonly SegmentFile[];
      readonly to: string;
      readonly identity: LogIdentity;
    }
  | { readonly kind: 'digest'; readonly no: number; readonly file: string }
  | { readonly kind: 'close' };

/** How to follow a copy, and how to stop it. */
export interface CopyOptions {
  readonly onProgress?: (events: number, total: number) => void;
  readonly signal?: AbortSignal;
}

const POLL_MS = 200;

/** Copies log files in a thread: the segments of a backup, and a log made of them. One copy at a time. */
export class LogCopier {
  private constructor(
    private readonly thread: WorkerClient<CopyRequest, unknown>,
    private readonly progress: SharedProgress,
  ) {}

  static async start(): Promise<LogCopier> {
    const progress = new SharedProgress();
    const thread = new WorkerClient<CopyRequest, unknown>({
      file: threadFile(import.meta.url, 'copying-thread'),
      workerData: progress.memory,
      errorOf: ({ code, message }) =>
        code === null ? new Error(message) : new EventLogError(code as EventLogError['code'], message),
      ended: (cause) =>
        new EventLogError('closed', 'The thread that copies the log ended.', cause === undefined ? {} : { cause }),
    });
    await thread.ready();
    return new LogCopier(thread, progress);
  }

  /** Writes the events of a log's file behind a segment into another file: see `writeSegment`. Null where it was stopped. */
  writeSegment(file: string, to: string, before: SegmentEnd, options: CopyOptions): Promise<Segment | null> {
    return this.follow(options, (no) => ({ kind: 'write', no, file, to, before })) as Promise<Segment | null>;
  }

  /** Makes a log's file of segments: see `joinSegments`. False where it was stopped. */
  joinSegments(
    segments: readonly SegmentFile[],
    to: string,
    identity: LogIdentity,
    options: CopyOptions,
  ): Promise<boolean> {
    return this.follow(options, (no) => ({ kind: 'join', no, segments, to, identity })) as Promise<boolean>;
  }

  /** The size of a file and the SHA-256 of its bytes. */
  digest(file: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
    return this.thread.ask((no) => ({ kind: 'digest', no, file })) as Promise<{ bytes: number; sha256: string }>;
  }

  async close(): Promise<void> {
    this.progress.stop();
    await this.thread.close({ kind: 'close' });
  }

  private async follow({ onProgress, signal }: CopyOptions, request: (no: number) => CopyRequest): Promise<unknown> {
    const stop = (): void => this.progress.stop();
    if (signal?.aborted === true) stop();
    signal?.addEventListener('abort', stop);
    const polling = setInterval(() => {
      if (this.progress.total > 0) onProgress?.(this.progress.done, this.progress.total);
    }, POLL_MS);
    try {
      return await this.thread.ask(request);
    } finally {
      clearInterval(polling);
      signal?.removeEventListener('abort', stop);
    }
  }
}
