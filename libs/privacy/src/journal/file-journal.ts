import { open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { JournalError, type ErasureJournal, type JournaledErasure } from './erasure-journal.js';
import { journalLine, readJournalLine } from './journal-record.js';

const LINE_FEED = 0x0a;

/**
 * The journal in a file, a line of JSON for each erasure. A line counts once its line feed is on the disk: a process that dies in the middle of one
 * has acknowledged nothing, and the next start removes the rest of it.
 */
export class FileJournal implements ErasureJournal {
  readonly place: string;
  /** Appends follow one another, so that no two lines mix. */
  private last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly path: string,
    private file: FileHandle,
  ) {
    this.place = `the file ${path}`;
  }

  /**
   * Opens the file, and creates it where it is missing. Its folder must exist: a disk that is not mounted must not be mistaken for an empty one.
   * @throws JournalError
   */
  static async open(path: string): Promise<FileJournal> {
    const file = await opened(path);
    try {
      await removeUnfinishedLine(file);
      return new FileJournal(path, file);
    } catch (error) {
      await file.close();
      throw unavailable(path, error);
    }
  }

  append(erasure: JournaledErasure): Promise<void> {
    const appended = this.last.then(() => this.write(`${journalLine(erasure)}\n`));
    this.last = appended.catch(() => undefined);
    return appended;
  }

  async readAll(): Promise<readonly JournaledErasure[]> {
    await this.last;
    const text = await readFile(this.path, 'utf8').catch((error: unknown) => {
      throw unavailable(this.path, error);
    });
    const lines = text.split('\n').slice(0, -1);
    return lines.flatMap((line, at) =>
      line.trim() === '' ? [] : [readJournalLine(line, `Line ${at + 1} of the erasure journal ${this.path}`)],
    );
  }

  async close(): Promise<void> {
    await this.last;
    await this.file.close();
  }

  private async write(line: string): Promise<void> {
    await this.followPath();
    const { size } = await this.file.stat();
    try {
      await this.file.appendFile(line, { encoding: 'utf8' });
      await this.file.datasync();
    } catch (error) {
      await this.file.truncate(size).catch(() => undefined);
      throw unavailable(this.path, error);
    }
  }

  /** A file that was moved away or whose disk was taken away is not written to: what has its name now is. */
  private async followPath(): Promise<void> {
    const [named, held] = [await stat(this.path).catch(() => null), await this.file.stat()];
    if (named?.ino !== held.ino || named.dev !== held.dev) await this.reopen();
  }

  private async reopen(): Promise<void> {
    const file = await opened(this.path);
    await this.file.close();
    this.file = file;
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    const isNew = (await stat(path).catch(() => null)) === null;
    const file = await open(path, 'a+', 0o600);
    if (isNew) {
      const folder = await open(dirname(path), 'r');
      await folder.sync().finally(() => folder.close());
    }
    return file;
  } catch (error) {
    throw unavailable(path, error);
  }
}

async function removeUnfinishedLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  const chunk = Buffer.alloc(4_096);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - chunk.length);
    const { bytesRead } = await file.read(chunk, 0, end - start, start);
    const at = chunk.subarray(0, bytesRead).lastIndexOf(LINE_FEED);
    if (at >= 0 || start === 0) {
      const whole = at >= 0 ? start + at + 1 : 0;
      if (whole < size) await file.truncate(whole);
      return;
    }
    end = start;
  }
}

function unavailable(path: string, error: unknown): JournalError {
  if (error instanceof JournalError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const cause = { cause: error };
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new JournalError(
      'full',
      `The disk under the erasure journal ${path} is full: free some space and try again.`,
      cause,
    );
  const hint =
    code === 'ENOENT'
      ? `its folder ${dirname(path)} does not exist. Create it, or mount its disk`
      : code === 'EISDIR'
        ? 'it is a folder. Give the path of a file'
        : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
          ? 'this user may not write it. Change its owner, or its permissions'
          : `${message}. Check its disk`;
  return new JournalError(
    'unavailable',
    `The erasure journal ${path} cannot be used: ${hint}; no erasure is acknowledged without it.`,
    cause,
  );
}
