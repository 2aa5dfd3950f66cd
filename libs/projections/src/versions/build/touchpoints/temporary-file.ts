import { randomBytes } from 'node:crypto';
import { open, readdir, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** What a rebuild keeps on disk for a while could not be written, or not be read again. The rebuild continues where it was when it is run again. */
export class TemporaryFileError extends Error {
  constructor(
    readonly code: 'full' | 'unavailable',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'TemporaryFileError';
  }
}

const NAME = /^perennial-rebuild-[0-9a-f]{16}\.tmp$/;

/** A part of a file, in bytes. */
export interface Extent {
  readonly at: number;
  readonly length: number;
}

/**
 * A file for one process, for as long as it needs it: readable by its owner only, and without a name from the moment it is open, so that the system
 * frees it when the process ends, however it ends. Where a file that is open cannot lose its name, `close` deletes it, and after a crash the next `create`.
 */
export class TemporaryFile {
  #bytes = 0;

  private constructor(
    private readonly folder: string,
    private readonly file: FileHandle,
    /** Where the file still has a name. */
    private readonly path: string | null,
  ) {}

  /** @throws TemporaryFileError */
  static async create(folder: string): Promise<TemporaryFile> {
    try {
      await removeLeft(folder);
      const path = join(folder, `perennial-rebuild-${randomBytes(8).toString('hex')}.tmp`);
      const file = await open(path, 'wx+', 0o600);
      return new TemporaryFile(folder, file, (await removed(path)) ? null : path);
    } catch (error) {
      throw failureOf(error, folder, 0);
    }
  }

  /** How many bytes were written. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Appends these bytes, one after the other; returns where the first one is. @throws TemporaryFileError */
  async append(parts: readonly Uint8Array[]): Promise<number> {
    const begin = this.#bytes;
    try {
      for (let from = 0; from < parts.length; from += PARTS_MAX) {
        let left = parts.slice(from, from + PARTS_MAX);
        while (left.length > 0) {
          const { bytesWritten } = await this.file.writev(left, this.#bytes);
          this.#bytes += bytesWritten;
          left = after(left, bytesWritten);
        }
      }
    } catch (error) {
      throw failureOf(error, this.folder, this.#bytes);
    }
    return begin;
  }

  /** Reads extents into one buffer, one after the other. @throws TemporaryFileError */
  async read(extents: readonly Extent[]): Promise<Buffer> {
    const total = extents.reduce((sum, { length }) => sum + length, 0);
    const buffer = Buffer.allocUnsafe(total);
    try {
      let to = 0;
      await Promise.all(
        extents.map(({ at, length }) => {
          to += length;
          return this.#fill(buffer.subarray(to - length, to), at);
        }),
      );
    } catch (error) {
      throw failureOf(error, this.folder, this.#bytes);
    }
    return buffer;
  }

  async close(): Promise<void> {
    await this.file.close();
    if (this.path !== null) await unlink(this.path).catch(() => undefined);
  }

  async #fill(into: Buffer, at: number): Promise<void> {
    for (let done = 0; done < into.length;) {
      const { bytesRead } = await this.file.read(into, done, into.length - done, at + done);
      if (bytesRead === 0) throw new Error(`it ends at byte ${at + done}`);
      done += bytesRead;
    }
  }
}

/** So many parts are given to the system at once. */
const PARTS_MAX = 512;

/** What is left of some parts when so many bytes of them were written. */
function after(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  const left: Uint8Array[] = [];
  for (const part of parts) {
    if (skip >= part.length) skip -= part.length;
    else {
      left.push(skip === 0 ? part : part.subarray(skip));
      skip = 0;
    }
  }
  return left;
}

/** Files whose process died before they lost their names. One that is in use has none, or cannot be deleted. */
async function removeLeft(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (NAME.test(name)) await removed(join(folder, name));
}

async function removed(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

const WHY: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system can only be read',
  ENOENT: 'it does not exist',
  ENOTDIR: 'it is a file',
};

function failureOf(error: unknown, folder: string, bytes: number): TemporaryFileError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const cause = { cause: error };
  const what = `A rebuild keeps the touchpoints in a temporary file in ${folder}`;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG')
    return new TemporaryFileError(
      'full',
      `${what}, and the disk is full after ${bytes} bytes: free some space there and run the rebuild again.`,
      cause,
    );
  return new TemporaryFileError(
    'unavailable',
    `${what}, and that is not possible (${WHY[code] ?? message}): make it a folder that this user may write to, and run the rebuild again.`,
    cause,
  );
}
