/** What `perennial.actions` says: the schema is in docs/asyncapi.json. These are the fields that an e-mail needs. */
export interface Action {
  readonly actionId: string;
  readonly customerId: string;
  /** Counts what was said of this customer's actions, from 1. */
  readonly number: number;
  readonly kind: 'proposed' | 'withdrawn';
  readonly action: string;
  readonly purpose: string;
  readonly medium: string;
  readonly stage: string;
  readonly phase: string;
  readonly validUntil: string;
}

/**
 * What of a batch of messages is to be done: each action that was proposed and not withdrawn again further on. What was done before is passed
 * over (`done` has the newest number of each customer), and so is what is for other media, or too late.
 */
export function toBeDone(messages: readonly Action[], done: ReadonlyMap<string, number>, now: number): Action[] {
  const standing = new Map<string, Action>();
  for (const message of messages) {
    if (message.number <= (done.get(message.customerId) ?? 0)) continue;
    if (message.kind === 'withdrawn') standing.delete(message.actionId);
    else if (message.medium === 'email' && Date.parse(message.validUntil) > now)
      standing.set(message.actionId, message);
  }
  return [...standing.values()];
}
