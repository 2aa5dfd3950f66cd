import type { ActForApproval, Data } from '#contracts';
import type { Principal } from './principal.js';

/** An act that a policy may put under four eyes, before it is done. */
export interface ProposedAct {
  /** What it counts as: it needs an approval where one of them does. */
  readonly acts: readonly ActForApproval[];
  /** What is to be done, in the clear: nothing personal, and no secret. What is approved is this, to the letter. */
  readonly detail: Data;
  /** What is personal or secret of it: kept sealed until it is done. */
  readonly hidden?: Data;
  /** The persons of the act: erasing one destroys what is hidden. */
  readonly subjectIds?: readonly string[];
  readonly by: Principal;
}

/** An act that was approved, and is now to be done. */
export interface ApprovedAct {
  readonly actId: string;
  readonly detail: Data;
  /** Null where a person of the act was erased in the meantime. */
  readonly hidden: Data | null;
  /** Who asked for it, as `actorOf` names a principal. */
  readonly by: string;
}

/**
 * Does an approved act. It may be called again for the same act, after a crash or by another process: twice is the same as once.
 * @throws ActImpossible where it can never be done; any other error is tried again
 */
export type ActPerformer = (act: ApprovedAct) => Promise<void>;

/** An approved act does not fit the state of the engine any more. */
export class ActImpossible extends Error {
  override readonly name = 'ActImpossible';
}

/** A policy asks for four eyes, and there are not enough principals to approve anything: they could never be lifted again. */
export class TooFewApprovers extends Error {
  override readonly name = 'TooFewApprovers';
}

/** How an act that waits for its approval is shown. */
export interface WaitingAct {
  readonly actId: string;
  readonly act: ActForApproval;
  readonly state: 'waiting';
  /** SHA-256 over what was asked. */
  readonly digest: string;
  /** RFC 3339: from then on it cannot be approved. */
  readonly until: string;
  /** Of a key that was asked for: the key itself, which is valid once the act was performed. It is shown only this once. */
  readonly key?: string;
}

/** Thrown in the place of the act: it was recorded, and waits for another principal. Over HTTP it is 202. */
export class ActRequested extends Error {
  override readonly name = 'ActRequested';
  constructor(readonly waiting: WaitingAct) {
    super(
      `The act waits for another principal: ${waiting.act} ${waiting.actId}. It lapses at ${waiting.until}. perennial acts approve ${waiting.actId}`,
    );
  }

  /** The same with the key that was asked for. */
  withKey(key: string): ActRequested {
    return new ActRequested({ ...this.waiting, key });
  }
}

/** Four eyes. Every use case that does such an act asks here first. The lib `approvals` provides it as APPROVALS. */
export interface Approvals {
  /**
   * Resolves where the act may be done at once.
   * @throws ActRequested where the policy in force wants another principal's approval: the act is recorded, and waits
   * @throws TooFewApprovers for a policy that asks for four eyes where no other principal could approve
   */
  require(act: ProposedAct): Promise<void>;
  /** Says how approved acts of a kind are done in this process. */
  onApproved(act: ActForApproval, perform: ActPerformer): void;
}
