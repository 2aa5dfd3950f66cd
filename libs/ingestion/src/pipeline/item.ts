import type { Envelope } from './envelope.js';
import type { Rejection } from './rejection.js';

/** One event as it was received: a document in our JSON form, not yet looked at, and a rejection where one is known already. */
export interface IngestItem {
  readonly document: unknown;
  readonly rejection?: Rejection;
  /** The document as the reader of plain envelopes took it, where it was asked already. */
  readonly envelope?: Envelope;
  /** Where a rejected row stood: told with the reason. */
  readonly at?: { readonly file: string; readonly line: number };
  /** Where in a channel's topic it stood: kept beside the touchpoint, and no part of what it says. */
  readonly provenance?: Provenance;
}

/** The place of a message in a topic, and what stood around its value: a key and headers may name somebody, so they are sealed. */
export interface Provenance {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  /** Those that do not belong to the event itself; null where there are none. */
  readonly headers: Readonly<Record<string, string>> | null;
}

export type IngestOutcome = 'accepted' | 'duplicate' | 'quarantined' | 'suppressed';

/** What became of one event. */
export interface ItemResult {
  /** Its place in the batch, from 0. */
  readonly index: number;
  /** Null where the event does not tell it in a readable way. */
  readonly source: string | null;
  readonly id: string | null;
  readonly outcome: IngestOutcome;
  /** Where the log holds it; for a duplicate, what it repeats; for a quarantined one, its quarantine record. */
  readonly position?: number;
  /** Why it was quarantined or suppressed. */
  readonly code?: string;
  readonly pointer?: string;
  readonly detail?: string;
  readonly hint?: string;
  /** By which it can be released or discarded. */
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

/** What became of a batch: a result for each event, in their order. */
export interface IngestResult {
  readonly counts: OutcomeCounts;
  /** Put together when it is asked for: most batches are wholly accepted, and nobody asks. */
  readonly results: readonly ItemResult[];
  /** The results of those that were not accepted. */
  readonly exceptions: readonly ItemResult[];
}
