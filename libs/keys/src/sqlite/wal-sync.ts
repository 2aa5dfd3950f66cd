import { closeSync, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { KeyStoreError } from '../key-store.js';

const syncData = promisify(fdatasync);

/**
 * Makes the commits in a WAL durable without blocking the event loop: a sync takes milliseconds, and while new customers arrive, every batch
 * needs one. Calls during a sync share the next one.
 */
export class WalSync {
  private file: number | null = null;
  private running: Promise<void> = Promise.resolve();
  private next: Promise<void> | null = null;

  constructor(private readonly path: string) {}

  /** Resolves when everything that was committed before the call is on the disk. */
  sync(): Promise<void> {
    // The running sync may have begun before the commit: only the next one certainly includes it.
    this.next ??= this.running
      .catch(() => undefined)
      .then(() => {
        this.next = null;
        this.running = this.syncNow();
        return this.running;
      });
    return this.next;
  }

  async close(): Promise<void> {
    await (this.next ?? this.running).catch(() => undefined);
    if (this.file !== null) closeSync(this.file);
    this.file = null;
  }

  private async syncNow(): Promise<void> {
    try {
      // The file exists, since something was just committed to it, and stays as long as the store is open.
      await syncData((this.file ??= openSync(this.path, 'r+')));
    } catch (error) {
      throw new KeyStoreError('unavailable', `The disk under the key store failed: ${(error as Error).message}.`, {
        cause: error,
      });
    }
  }
}
