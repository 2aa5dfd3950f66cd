import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SAVE_EVERY_MS = 500;

/**
 * How far an import of one file by one mapping came: a small file in the data folder, beside what was stored. It only saves time: without it
 * a second run would count everything that is there as a duplicate.
 */
export class ImportCheckpoint {
  private readonly folder: string;
  private readonly path: string;
  private savedAt = -Infinity;

  /** @param identity the file, its size and time, and how it is read */
  constructor(dataDir: string, identity: string) {
    this.folder = join(dataDir, 'imports');
    this.path = join(this.folder, `${createHash('sha256').update(identity).digest('hex').slice(0, 16)}.json`);
  }

  /** The number of items that were imported before. */
  items(): number {
    try {
      const { items } = JSON.parse(readFileSync(this.path, 'utf8')) as { readonly items: unknown };
      return typeof items === 'number' && Number.isSafeInteger(items) && items > 0 ? items : 0;
    } catch {
      return 0;
    }
  }

  /** Saves the number of items at most twice a second. */
  write(items: number): void {
    const now = performance.now();
    if (now - this.savedAt < SAVE_EVERY_MS) return;
    this.savedAt = now;
    this.save(items);
  }

  save(items: number): void {
    try {
      // For their owner only, like all files of the data folder.
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${this.path}.new`, JSON.stringify({ items }), { mode: 0o600 });
      renameSync(`${this.path}.new`, this.path);
    } catch {
      // A full disk: the next run counts duplicates where it could have skipped them.
    }
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}
