/** A message of `perennial.actions`, as docs/asyncapi.json describes it: the fields that an e-mail needs. */
export interface Action {
  readonly actionId: string;
  readonly customerId: string;
  /** Counts the action messages of this customer, from 1. */
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
 * The actions of a batch of messages that are to be done: each one that was proposed and not withdrawn later in the batch. Messages that were
 * handled before (`done` has the newest number of each customer), actions for other media and expired ones are skipped.
 */
export function actionsToDo(messages: readonly Action[], done: ReadonlyMap<string, number>, now: number): Action[] {
  const open = new Map<string, Action>();
  for (const message of messages) {
    if (message.number <= (done.get(message.customerId) ?? 0)) continue;
    if (message.kind === 'withdrawn') open.delete(message.actionId);
    else if (message.medium === 'email' && Date.parse(message.validUntil) > now) open.set(message.actionId, message);
  }
  return [...open.values()];
}
