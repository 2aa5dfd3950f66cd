import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import { rejected } from '../exit-codes.js';

/** Where an answer goes: the standard output, or a file. Waits where the reader is slow, so that memory stays flat. */
export class Output {
  private closed = false;

  private constructor(
    private readonly stream: NodeJS.WritableStream,
    private readonly file: string | null,
  ) {
    // A reader that has seen enough (`| head`) closes the pipe: that is no failure.
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

  /** Whether nobody reads any more: the rest need not be made. */
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
    // `failure` is set by the error listener while we waited.
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
