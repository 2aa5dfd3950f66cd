import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** How far a log's file had come, as a file beside it says: see `SeenFile`. */
export interface SeenPosition {
  readonly copyId: string;
  readonly position: number;
}

const POSITION_DIGITS = 16;
const pathOf = (file: string): string => `${file}-seen`;

/**
 * The last position that was committed, in a small file beside the log. It is not synced, and so may be older after a power cut; but after a crash of
 * the process it is exact. A log whose -wal file was lost or cut short is shorter than it, and no other file need know of the last seconds.
 */
export class SeenFile {
  private readonly file: number;

  constructor(
    log: string,
    private copyId: string,
  ) {
    this.file = openSync(pathOf(log), 'a+', 0o600);
    closeSync(this.file);
    this.file = openSync(pathOf(log), 'r+');
  }

  /** The log became another copy. */
  rename(copyId: string, position: number): void {
    this.copyId = copyId;
    this.write(position);
  }

  write(position: number): void {
    try {
      writeSync(this.file, `${this.copyId} ${String(position).padStart(POSITION_DIGITS, '0')}\n`, 0);
    } catch {
      // The commit stands; a file that could not be written says less, and nothing wrong.
    }
  }

  close(): void {
    closeSync(this.file);
  }
}

/** Null where there is none, or none that can be read. */
export function seenPosition(log: string): SeenPosition | null {
  try {
    const [, copyId, position] = /^([0-9a-f]{32}) (\d+)$/.exec(readFileSync(pathOf(log), 'latin1').trim()) ?? [];
    return copyId === undefined ? null : { copyId, position: Number(position) };
  } catch {
    return null;
  }
}
