import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real file system of its own size, in memory: what happens on it is what happens on a full disk. */
export interface SmallDisk {
  /** Where it is, once it is mounted. */
  readonly folder: string;
  mount(): void;
  /** Makes room: as an operator would. */
  enlarge(megabytes: number): void;
  unmount(): void;
}

/**
 * A disk of this size, to be mounted by the suite that needs it; null where this machine does not allow it, and then stderr names what is skipped. Such
 * a case is left out of the suite rather than skipped: only a test machine with the right to mount can carry it, and none is promised that right.
 */
export function smallDisk(megabytes: number, leftOut: string): SmallDisk | null {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-small-disk-'));
  const mount = (options: string, ...what: string[]): Buffer =>
    execFileSync('mount', ['-o', options, ...what, folder], { stdio: ['ignore', 'ignore', 'pipe'] });
  const disk: SmallDisk = {
    folder,
    mount: () => {
      mkdirSync(folder, { recursive: true });
      mount(`size=${megabytes}m`, '-t', 'tmpfs', 'tmpfs');
    },
    enlarge: (to) => void mount(`remount,size=${to}m`),
    unmount: () => {
      // Lazily: SQLite's handles go when they are collected.
      execFileSync('umount', ['-l', folder]);
      rmSync(folder, { recursive: true });
    },
  };
  try {
    // Tried while suites are collected, before it is known which of them run and unmount it again.
    disk.mount();
    disk.unmount();
    return disk;
  } catch {
    rmSync(folder, { recursive: true });
    process.stderr.write(`Left out: ${leftOut}, because no disk of ${megabytes} MB can be mounted here.\n`);
    return null;
  }
}
