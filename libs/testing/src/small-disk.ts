import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real file system of its own size, in memory: what happens on it is what happens on a full disk. */
export interface SmallDisk {
  readonly folder: string;
  /** Makes room: as an operator would. */
  enlarge(megabytes: number): void;
  unmount(): void;
}

/**
 * Mounts a disk of this size; null where this machine does not let us, and then it says on stderr what is left out. Such a case is left out of
 * the suite rather than skipped: only a test machine with the right to mount can carry it, and none is promised that right.
 */
export function smallDisk(megabytes: number, leftOut: string): SmallDisk | null {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-small-disk-'));
  const mount = (options: string, ...what: string[]): Buffer =>
    execFileSync('mount', ['-o', options, ...what, folder], { stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    mount(`size=${megabytes}m`, '-t', 'tmpfs', 'tmpfs');
  } catch {
    rmSync(folder, { recursive: true });
    process.stderr.write(`Left out: ${leftOut}, because no disk of ${megabytes} MB can be mounted here.\n`);
    return null;
  }
  return {
    folder,
    enlarge: (to) => void mount(`remount,size=${to}m`),
    unmount: () => {
      // Lazily: SQLite's handles go when they are collected.
      execFileSync('umount', ['-l', folder]);
      rmSync(folder, { recursive: true });
    },
  };
}
