import type { StoreWait, StoreWatch } from '#platform';

/** The waiting for a server, by what waits. */
export interface Waits {
  readonly append: StoreWait;
  readonly read: StoreWait;
  readonly follow: StoreWait;
  /** The connection is back. Whether a subscription is, only the subscription tells. */
  allAnswered(): void;
  /** Why a call failed last. */
  cause(): string;
}

export function waitsOf(watch: StoreWatch): Waits {
  const store = 'event-log';
  const append = watch.of({ store, work: 'append', subject: 'Appending to the event log' });
  const read = watch.of({ store, work: 'read', subject: 'Reading the event log' });
  const follow = watch.of({ store, work: 'follow', subject: 'Following the event log' });
  return {
    ...{ append, read, follow },
    allAnswered() {
      append.answered();
      read.answered();
    },
    cause: () => [append, read, follow].find(({ failingForMs }) => failingForMs > 0)?.cause ?? 'it cannot be reached',
  };
}
