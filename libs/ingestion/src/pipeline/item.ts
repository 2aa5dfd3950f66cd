import type { ValidationIssue } from '#contracts';
import type { Envelope } from './envelope.js';
import type { Rejection } from './rejection.js';
import type { BatchWarning, Warning } from './warnings.js';

/** One event as it was received: a document in our JSON form, not validated yet, and a rejection where one is known already. */
export interface IngestItem {
  readonly document: unknown;
  /** The bytes that it came in, about: so much work it is. */
  readonly size?: number;
  readonly rejection?: Rejection;
  /** The text that a rejected document was read from, where the document does not hold all of it: a key stood twice, or a number was rounded. */
  readonly text?: string;
  /** The document as the reader of simple envelopes returned it, where it was read already. */
  readonly envelope?: Envelope;
  /** Whether it came by an entrance for facts of the business, which concern no customer. */
  readonly isFact?: true;
  /** Whether it came as a CloudEvent, which may have extensions that are not ours. */
  readonly isCloudEvent?: true;
  /** Whether it came as a call of an analytics library: names of such a call stand in the reason of a rejection as they are. */
  readonly isCall?: true;
  /** The place of a rejected row in its file: recorded with the reason. */
  readonly at?: { readonly file: string; readonly line: number };
  /** Where it was read, and the row by its content: recorded with the reason, should it be rejected. */
  readonly origin?: { readonly file: string; readonly line: number; readonly row: string };
  /** The place of the message in its topic: kept beside the touchpoint, and not part of its content. */
  readonly provenance?: Provenance;
}

/** The place of a message in a topic, with its key and headers. These may name a person, so they are sealed. */
export interface Provenance {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** When the broker or the producer dated it, in UTC milliseconds; −1 where neither did. */
  readonly timestamp?: number;
  readonly key: string | null;
  /** Headers that do not belong to the event itself; null where there are none. */
  readonly headers: Readonly<Record<string, string>> | null;
}

/** Stands for the source of an event that states none in a readable way, where outcomes are counted. */
export const UNREADABLE_SOURCE = '(unreadable)';

export type IngestOutcome = 'accepted' | 'duplicate' | 'quarantined' | 'suppressed';

/** The outcome of one event. */
export interface ItemResult {
  /** Its place in the batch, from 0. */
  readonly index: number;
  /** Null where the event states none that can be read. */
  readonly source: string | null;
  readonly id: string | null;
  readonly outcome: IngestOutcome;
  /** Position in the log; for a duplicate, of the event that it repeats; for a quarantined one, of its quarantine record. */
  readonly position?: number;
  /** Why it was quarantined or suppressed. */
  readonly code?: string;
  readonly pointer?: string;
  readonly detail?: string;
  readonly hint?: string;
  /** All that is wrong with a quarantined event, the most helpful first; `pointer`, `detail` and `hint` repeat the first. */
  readonly errors?: readonly ValidationIssue[];
  /** What the sender should look at, although the event was accepted. */
  readonly warnings?: readonly Warning[];
  /** By this id it can be released or discarded. */
  readonly quarantineId?: string;
}

/** received = accepted + duplicate + quarantined + suppressed, always. */
export interface OutcomeCounts {
  received: number;
  accepted: number;
  duplicate: number;
  quarantined: number;
  suppressed: number;
}

/** The outcomes of a batch: a result for each event, in their order. */
export interface IngestResult {
  readonly counts: OutcomeCounts;
  /** Built on demand: most batches are accepted as a whole, and no caller reads their results. */
  readonly results: readonly ItemResult[];
  /** The results of the events that were not accepted. */
  readonly exceptions: readonly ItemResult[];
  /** The warnings of the batch, each kind once. */
  readonly warnings: readonly BatchWarning[];
  /**
   * The same for a sender who may only publish, and so may not learn whether a person was erased: suppressed events look accepted, in
   * counts and results, and no result has a position.
   */
  readonly concealed: Omit<IngestResult, 'concealed'>;
}
