import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseError } from '../port.js';
import { DISK_FULL, IO_ERROR } from './failure.js';

/** Stands beside the folder once a statement met damage in it: the next start renames it. */
const markOf = (folder: string): string => `${folder}.damaged`;

/** SQLSTATEs of damage: corrupted data or index, an internal error, a file that is not there. */
const DAMAGE = /^(?:XX00[012]|58P01)$/;
/** What PGlite and PostgreSQL say, without a SQLSTATE, of files that they cannot work with. */
const DAMAGED =
  /failed to initialize|Aborted\(|unreachable|memory access out of bounds|function signature mismatch|invalid page|invalid magic number|could not (?:read|open|access|find|locate)|PANIC|FATAL|database files are incompatible|bad checkpoint record/i;

/** Whether the files of a database cannot be used any more. A full disk, or a folder that may not be read, is no damage. */
export function isDamage(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false;
  if (error.code === DISK_FULL || error.code === IO_ERROR) return false;
  return DAMAGE.test(error.code) || (error.code === '' && DAMAGED.test(error.message));
}

/** Notes that a statement met damage: this process goes on as far as it can, and the next start renames the folder. */
export function noteDamage(folder: string, error: unknown): void {
  try {
    if (!existsSync(markOf(folder))) writeFileSync(markOf(folder), `${(error as Error).message}\n`, { mode: 0o600 });
  } catch {
    // On a full disk the next start meets the damage again.
  }
}

/** Why the folder was found damaged while it was used; null where it was not. */
export function notedDamage(folder: string): string | null {
  try {
    return readFileSync(markOf(folder), 'utf8').trim();
  } catch {
    return null;
  }
}

/** Renames a folder that cannot be used, so that a new one can be made. Returns the new name. */
export function renameBrokenFolder(folder: string, now = new Date()): string {
  const stamp = now.toISOString().slice(0, 19).replaceAll(':', '-');
  let renamed = `${folder}.broken-${stamp}`;
  for (let n = 2; existsSync(renamed); n += 1) renamed = `${folder}.broken-${stamp}-${n}`;
  renameSync(folder, renamed);
  rmSync(markOf(folder), { force: true });
  return renamed;
}
