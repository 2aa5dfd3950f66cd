import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from '@photostructure/sqlite';
import { bytesOf } from '../subject-key.js';
import { KeyStoreError } from '../key-store.js';
import { asKeyStoreError } from './sqlite-errors.js';

/** A key store's file that is only inspected: no key of it is read, and the file is not written to. */
export class KeyStoreFile {
  private readonly known: StatementSyncInstance;

  private constructor(private readonly db: DatabaseSyncInstance) {
    this.known = db.prepare(
      'SELECT EXISTS (SELECT 1 FROM keys WHERE id = ?1) OR EXISTS (SELECT 1 FROM erased WHERE id = ?1) AS known',
    );
  }

  /** @throws KeyStoreError where the file is not a key store, or damaged */
  static open(file: string): KeyStoreFile {
    try {
      const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
      try {
        const [found] = db.prepare('PRAGMA integrity_check(1)').all() as { readonly integrity_check: string }[];
        if (found?.integrity_check !== 'ok')
          throw new KeyStoreError(
            'torn',
            `The key store ${file} is damaged: ${found?.integrity_check ?? 'no answer'}.`,
          );
        return new KeyStoreFile(db);
      } catch (error) {
        db.close();
        throw error;
      }
    } catch (error) {
      throw asKeyStoreError(error);
    }
  }

  /** Identifies the hash key without revealing it; null in a file that was never opened as a key store. */
  get hashKeyCheck(): string | null {
    const value = this.fact('hash-key-check');
    return value === undefined ? null : Buffer.from(value).toString('hex');
  }

  /** Whether the file holds the hash key, or HASH_KEY keeps it apart. */
  get holdsHashKey(): boolean {
    return this.fact('hash-key') !== undefined;
  }

  /** The ids that have neither a key nor an erasure. */
  lacks(ids: Iterable<string>): string[] {
    const lacking: string[] = [];
    for (const id of ids) {
      const { known } = this.known.get(bytesOf(id)) as { readonly known: number };
      if (known === 0) lacking.push(id);
    }
    return lacking;
  }

  close(): void {
    this.db.close();
  }

  private fact(name: string): Uint8Array | undefined {
    const row = this.db.prepare('SELECT value FROM facts WHERE name = ?').get(name) as
      { readonly value: Uint8Array } | undefined;
    return row?.value;
  }
}
