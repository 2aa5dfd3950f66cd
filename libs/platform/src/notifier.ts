/**
 * Tells listeners in the same process that there may be new outbox messages, so that they need not poll at short intervals. A notification carries no
 * content: each listener reads what is pending.
 */
export class Notifier {
  private readonly listeners = new Set<() => void>();

  notify(): void {
    for (const listener of this.listeners) listener();
  }

  /** Calls the listener at every notification, until the returned function is called. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }
}
