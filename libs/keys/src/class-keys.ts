import type { ClassYear } from './sealed-text.js';

/** The keys of one class and year, of all subjects. */
export interface ClassKeyCount extends ClassYear {
  readonly keys: number;
  /** Of these, the ones that a legal hold keeps. */
  readonly held: number;
}

/** Keys of one class and year that were destroyed since the time for which the class is kept was over. */
export interface DestroyedClassKeys extends ClassYear {
  /** Of these, the ones that are not confirmed as recorded yet. */
  readonly keys: number;
  /** All so far. */
  readonly total: number;
}

/** What a key store does about keys of classes and years. */
export interface ClassKeyKeeping {
  /** The classes and years that have keys, ordered by class and year. */
  classKeys(): Promise<readonly ClassKeyCount[]>;
  /**
   * Destroys up to `limit` keys of a class and year, of all subjects that no hold keeps, and forbids new ones under their ids; in one transaction with their
   * count. Resolves with how many: fewer than `limit` where no more of them may be destroyed.
   */
  destroyClassKeys(classYear: ClassYear, limit: number): Promise<number>;
  /** What was destroyed so far, ordered by class and year: also by a process that died before it recorded it. */
  destroyedClassKeys(): Promise<readonly DestroyedClassKeys[]>;
  /** Confirms that the log records these totals. A store that destroyed fewer, since it is an older copy, counts on from them. */
  confirmDestroyed(destroyed: readonly DestroyedClassKeys[]): Promise<void>;
}
