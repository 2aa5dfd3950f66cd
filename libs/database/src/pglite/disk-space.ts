import { statfsSync } from 'node:fs';
import { DISK_FULL } from './failure.js';
import type { Step } from './session.js';

const MIB = 1_024 * 1_024;

/** So much is kept free: the database writes its own log 16 MiB at a time, and where it cannot, it neither goes on nor ends. */
const ROOM_MIN = 64 * MIB;

/** What a new database takes. */
const NEW_DATABASE = 48 * MIB;

/** What rows that are copied in may come to: in the table, its indexes and the database's own log. */
const BYTES_PER_COPIED = 4;

const READING = /^\s*(?:SELECT|SHOW|SET|BEGIN|COMMIT|ROLLBACK)\b/i;

/** The bytes that must be free before the steps are begun; none for those that only read, which a full disk does not hinder. */
export function roomNeeded(steps: readonly Step[]): number {
  let needed = 0;
  for (const step of steps) {
    if ('text' in step) needed = Math.max(needed, ROOM_MIN) + step.text.length * BYTES_PER_COPIED;
    else if ('script' in step || !READING.test(step.sql)) needed = Math.max(needed, ROOM_MIN);
  }
  return needed;
}

/** Rejects, before anything is begun, what would find the disk full in the middle. Nothing is asked of a database in memory. */
export function mustHaveRoom(folder: string | null, needed: number): void {
  if (folder === null || needed === 0) return;
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= needed) return;
  throw Object.assign(
    new Error(
      `The disk of ${folder} is full: ${megabytes(free)} are free, and the read models need ${megabytes(needed)} to go on. Make room there: what was recorded stands, and they go on from it.`,
    ),
    { code: DISK_FULL },
  );
}

/** Rejects to make a new database where it would not find room. */
export const mustHaveRoomForNew = (parent: string): void => mustHaveRoom(parent, NEW_DATABASE + ROOM_MIN);

const megabytes = (bytes: number): string => `${(bytes / MIB).toFixed(1)} MiB`;
