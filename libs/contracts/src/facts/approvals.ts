import { ACTS_FOR_APPROVAL, type ActForApproval } from '../approvals.js';
import { AnyObject, AnyText, At, Matching, OneOf, Optional, Text } from '../fields.js';

/** Acts that wait for a second principal, and what became of them. Who did each stands in the `meta` of the event (`by`). */

const ActId = (): PropertyDecorator => Matching('^[0-9a-f]{32}$', 32, '32 hex characters');
const Digest = (): PropertyDecorator => Matching('^[0-9a-f]{64}$', 64, '64 hex characters');

/** A principal asked for an act that another one has to approve first. */
export class ActRequested {
  @ActId() actId!: string;
  @OneOf(...ACTS_FOR_APPROVAL) act!: ActForApproval;
  /** What is to be done: nothing personal, and no secret. */
  @AnyObject() detail!: object;
  /** SHA-256 over act and detail: what is approved is what was asked. */
  @Digest() digest!: string;
  /** From then on it cannot be approved any more. */
  @At() until!: number;
  /** What is personal or secret of it, under the key of the act. */
  @Optional() @AnyText() sealed?: string;
}

/** Another principal approved the act; the engine performs it. */
export class ActApproved {
  @ActId() actId!: string;
  @Digest() digest!: string;
}

/** A principal declined the act: it is never performed. */
export class ActDeclined {
  @ActId() actId!: string;
  /** Why: free text, under a key of its own that is destroyed with the keys of the persons of the act. */
  @Optional() @AnyText() sealed?: string;
}

/** The engine performed an approved act. */
export class ActPerformed {
  @ActId() actId!: string;
  @OneOf(...ACTS_FOR_APPROVAL) act!: ActForApproval;
  @Text(512) approvedBy!: string;
}

/** An approved act could not be performed, for good: what it asks does not fit the state of the engine any more. */
export class ActFailed {
  @ActId() actId!: string;
  @AnyText() detail!: string;
}
