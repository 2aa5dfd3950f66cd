/** A header's value: text, or bytes that are not UTF-8. A repeated header has a list of them. */
export type HeaderValue = string | Buffer;
export type Headers = Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>;

/** A message to send. A value of null is a tombstone: in a compacted topic it deletes the value of its key. */
export interface OutgoingMessage {
  readonly topic: string;
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  readonly headers: Headers;
  /** Derived from the key by default. */
  readonly partition?: number;
}

/** A header's value as it was read; null for a header without one. */
export type ReceivedHeader = HeaderValue | null;

/** A message as it was read. */
export interface ReceivedMessage {
  readonly offset: number;
  /** The instant at which the broker or the sender dated it, in UTC milliseconds. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, ReceivedHeader | readonly ReceivedHeader[] | undefined>>;
}
