import type { Instant } from './instant.js';

/** On whose side of a touchpoint an identifier stands. Only `self` identifiers make and link subjects. */
export type Role = 'self' | 'referee' | 'recipient' | 'actor';

/** An identifier as a channel reports it, in the clear. */
export interface Identifier {
  readonly namespace: string;
  readonly value: string;
  readonly role: Role;
}

/** Who acted: the customer, the business, or the system. */
export type Origin = 'customer' | 'business' | 'system';

/** Who on the business side took part: an employee, a partner, or a system, by an id of the business's own. */
export interface Actor {
  readonly kind: 'employee' | 'partner' | 'system';
  readonly id: string;
}

/**
 * A touchpoint as intake understands it, before it is sealed: the CloudEvents envelope with ours on top.
 * Instants are UTC milliseconds. `data` has passed the schema of its type and version.
 */
export interface Touchpoint {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly channel: string;
  readonly identifiers: readonly Identifier[];
  readonly occurredAt: Instant;
  readonly receivedAt: Instant;
  readonly sentAt?: Instant;
  readonly actor?: Actor;
  readonly correlationId?: string;
  readonly causationId?: string;
  /** Test or internal traffic: kept, and left out of every figure. */
  readonly test?: true;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An identifier as the log holds it: the value sealed under the key of its own subject. */
export interface SealedIdentifier {
  readonly namespace: string;
  readonly role: Role;
  readonly subjectId: string;
  /** The normalised value, sealed under the key of `subjectId`. */
  readonly sealed: string;
}

/**
 * The metadata that stands beside a touchpoint's data in the log (JSON).
 * `sealed` is one sealed JSON object of the personal fields of `data`, by JSON pointer: they are absent from `data`.
 */
export interface TouchpointMeta {
  readonly channel: string;
  readonly identifiers: readonly SealedIdentifier[];
  readonly receivedAt: Instant;
  readonly sentAt?: Instant;
  readonly actor?: Actor;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly test?: true;
  /** What brought it, outside its content: `key:5f0c3a9b1d2e`, `local`, `kafka`. Absent in events of before it was kept. */
  readonly by?: string;
  /** The brand of the business that it concerns. */
  readonly brand?: string;
  /** Its place in the sequence of its source, as the source counts. */
  readonly sequence?: number;
  /** The time that it states without an offset, as the clock of its source's zone shows it. */
  readonly local?: string;
  /** What its source's settings say of it, and it does not itself: no part of its content. */
  readonly defaulted?: readonly ('channel' | 'currency' | 'test' | 'brand')[];
  /** Where it stood in a channel's topic; the message's key and other headers are among what is sealed. */
  readonly provenance?: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
    /** The record's timestamp; absent in events that were recorded before it was kept. */
    readonly timestamp?: number;
  };
  readonly sealed?: string;
}
