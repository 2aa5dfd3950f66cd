/** A legal hold in force, as the key store keeps it. */
export interface KeyHold {
  /** 32 hex characters. */
  readonly id: string;
  /** The reference of the case. It names no person. */
  readonly case: string;
}

/** A hold to keep: the subjects (and quarantined bodies) whose keys must not be destroyed while it is in force. */
export interface KeptHold extends KeyHold {
  readonly subjectIds: readonly string[];
}

/**
 * What a key store does about legal holds. The log is the truth of them; the key store keeps them too, so that it refuses to destroy by itself. The order of
 * calls has no effect: a hold that was lifted stays lifted, whenever it is placed again.
 */
export interface HoldKeeping {
  /** Keeps the keys of these subjects until the hold is lifted. Durable when it resolves. */
  placeHold(hold: KeptHold): Promise<void>;
  /**
   * Ends a hold for ever. In the same transaction it destroys the listed keys that an erasure of another person left because of it.
   * Resolves with how many those were.
   */
  liftHold(holdId: string): Promise<number>;
  /** The holds in force that keep any of these ids, ordered by case and id. */
  holdsOn(ids: readonly string[]): Promise<readonly KeyHold[]>;
}

/** The order in which holds are listed. */
export const byCase = (a: KeyHold, b: KeyHold): number =>
  a.case < b.case ? -1 : a.case > b.case ? 1 : a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
