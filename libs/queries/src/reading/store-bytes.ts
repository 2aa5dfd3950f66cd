import { statSync } from 'node:fs';
import { join } from 'node:path';

/** How many bytes the stores beside the read models take; null where a store is no file of the data folder. */
export interface StoreBytes {
  readonly log: number | null;
  readonly keys: number | null;
}

/** Looks the sizes of the embedded stores up, each with what stands beside its file until it is folded in. */
export function storeBytesIn(dataDir: string, embedded: { readonly log: boolean; readonly keys: boolean }): StoreBytes {
  return {
    log: embedded.log ? bytesOf(join(dataDir, 'log.db')) : null,
    keys: embedded.keys ? bytesOf(join(dataDir, 'keys.db')) : null,
  };
}

function bytesOf(file: string): number {
  return ['', '-wal'].reduce((sum, end) => sum + (statSync(file + end, { throwIfNoEntry: false })?.size ?? 0), 0);
}
