import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { rejected } from '../exit-codes.js';
import { tableWidth } from './width.js';

/** Where an answer is written: the standard output, or a file. It waits for a slow reader, so that memory stays flat. */
export class Output {
  private closed = false;

  private constructor(
    private readonly stream: NodeJS.WritableStream,
    private readonly file: string | null,
  ) {
    // A reader such as `| head` closes the pipe once it has enough: that is not a failure.
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.closed = true;
      if (error.code !== 'EPIPE') this.failure = error;
    });
  }

  private failure: Error | null = null;

  static async open(file: string | undefined): Promise<Output> {
    if (file === undefined || file === '-') return new Output(process.stdout, null);
    const stream = createWriteStream(file);
    try {
      await once(stream, 'open');
    } catch (error) {
      throw rejected(`${file} cannot be written: ${(error as Error).message}`);
    }
    return new Output(stream, file);
  }

  /** The width that a table may have; null where the answer goes to a file: then no column is left out. */
  get width(): number | null {
    return this.file === null ? tableWidth() : null;
  }

  /** Whether the reader closed the pipe: the rest need not be produced. */
  get done(): boolean {
    return this.closed;
  }

  async write(text: string): Promise<void> {
    if (this.failure !== null) throw this.failure;
    if (this.closed || text === '') return;
    if (this.stream.write(text)) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        this.stream.off('drain', go);
        this.stream.off('error', go);
        resolve();
      };
      this.stream.once('drain', go);
      this.stream.once('error', go);
    });
    // The error listener may have set `failure` in the meantime.
    const failed = this.failure as Error | null;
    if (failed !== null) throw failed;
  }

  async end(): Promise<void> {
    if (this.file === null) return;
    const stream = this.stream as WriteStream;
    await new Promise<void>((resolve, reject) => {
      stream.once('error', reject);
      stream.end(() => resolve());
    });
  }
}
