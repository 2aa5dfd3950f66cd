/** A decision about an act that is not carried out. */
export class ApprovalError extends Error {
  override readonly name = 'ApprovalError';
  constructor(
    readonly code:
      | 'unknown-act'
      /** It was approved or declined before, or performed. */
      | 'decided'
      | 'lapsed'
      /** The approver has seen another act. */
      | 'other-digest'
      /** The one who asked approves, by this key or another one. */
      | 'same-person'
      /** The command line of the machine may be anybody. */
      | 'local'
      /** The one who asked may not act any more. */
      | 'requester-locked-out',
    message: string,
  ) {
    super(message);
  }
}
