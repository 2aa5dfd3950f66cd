import {
  AnyText,
  At,
  Counts,
  Flag,
  Matching,
  Named,
  Names,
  OneOf,
  Optional,
  Parts,
  Position,
  QuarantineIds,
  SubjectIdOrNull,
  SubjectIds,
  Text,
  TextOrNull,
  Whole,
} from '../fields.js';

/** What the engine itself writes into the log. */

/** What became of one source's part of a batch: received = accepted + duplicate + quarantined + suppressed. */
export class IntakeReceipt {
  @Text(512) source!: string;
  @At() receivedAt!: number;
  @Position() received!: number;
  @Position() accepted!: number;
  @Position() quarantined!: number;
  /** By reason. */
  @Counts() suppressed!: Record<string, number>;
  /** Ids of the duplicates, with the position that each repeats. */
  @Named() duplicates!: [id: string, position: number][];
}

/** One issue of an event: a `ValidationIssue` as the log holds it. It never holds a value. */
export class IssueOnRecord {
  @AnyText() pointer!: string;
  @AnyText() detail!: string;
  @AnyText() hint!: string;
}

/** An event was quarantined, with the reason; its body is sealed beside it. */
export class EventQuarantined {
  /** Of an event whose publisher may not speak for the source that it names: the publisher itself. */
  @TextOrNull(512) source!: string | null;
  /** The source that such an event names. */
  @Optional() @Text(512) claimedSource?: string;
  @TextOrNull(512) eventId!: string | null;
  @TextOrNull(512) type!: string | null;
  @AnyText() code!: string;
  @AnyText() pointer!: string;
  @AnyText() detail!: string;
  @AnyText() hint!: string;
  /** All issues, where there is more than one. */
  @Optional() @Parts(() => IssueOnRecord, 1, 1000) issues?: IssueOnRecord[];
  @At() receivedAt!: number;
  @Optional() @Matching('^[0-9a-f]{32}$', 32, '32 hex characters') subjectId?: string;
  /** The file of a row, and its line; of a message, topic and partition, and its offset. */
  @Optional() @AnyText() file?: string;
  @Optional() @Whole(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) line?: number;
  /** The id of a row of a file, which follows from its content: a later import of the row replaces this record. */
  @Optional() @Text(100) row?: string;
  /** True where the body was too large to be kept whole. */
  @Optional() @Flag() cut?: boolean;
}

/** A quarantined event was accepted after all, as it was or fixed. */
export class EventReleased {
  @AnyText() source!: string;
  @AnyText() eventId!: string;
  @Position() touchpointPosition!: number;
  @Flag() fixed!: boolean;
  /** The id of the API key that did it; `local` on the folder itself. */
  @Text(512) by!: string;
}

/** A quarantined event was left where it is, for good. */
export class EventDiscarded {
  @AnyText() reason!: string;
  /** True where a later reading of the same row took its place. */
  @Optional() @Flag() replaced?: boolean;
  @Text(512) by!: string;
}

/** A person was forgotten: the keys of these subjects are destroyed. */
export class PersonErased {
  @SubjectIds() subjectIds!: string[];
  @SubjectIdOrNull() customerId!: string | null;
  /** The namespaces by which the person was known: a later body is searched for their identifiers under these. */
  @Names() namespaces!: string[];
  /** Quarantined bodies in which the person was found, and whose keys are destroyed too. */
  @QuarantineIds() quarantineIds!: string[];
}

/** Under which hash key the subjects of this log have their names. */
export class HashKeyAdopted {
  /** Tells a key from another, and nothing about it. */
  @Matching('^[0-9a-f]{32}$', 32, '32 hex characters') check!: string;
}

/** The subjects of this log got other names, under another hash key: all that stands before this was moved from a log under the former one. */
export class HashKeyChanged {
  /** Each tells a key from another, and nothing about it. */
  @Matching('^[0-9a-f]{32}$', 32, '32 hex characters') formerCheck!: string;
  @Matching('^[0-9a-f]{32}$', 32, '32 hex characters') check!: string;
  /** Events that were moved. */
  @Position() events!: number;
  /** Subjects, of touchpoints, that got another name; those who are erased among them. */
  @Position() subjects!: number;
  @Position() erased!: number;
  /** Stands for the table of all old names with their new ones. Keyed with the new hash key: without that key no guess can be checked against it. */
  @Matching('^[0-9a-f]{64}$', 64, '64 hex characters') mapping!: string;
  /** What did it. */
  @Text(200) command!: string;
  /** Who answers for it, as it was stated; `local` where no name was given. */
  @Text(512) by!: string;
}

const WEBHOOK_ID = '^[0-9a-f]{32}$';

/** A webhook endpoint was registered. */
export class WebhookRegistered {
  @Matching(WEBHOOK_ID, 32, '32 hex characters') webhookId!: string;
  @Names() feeds!: string[];
  /** Its URL and its secret, sealed under the key of the endpoint: the URL may hold a secret too. */
  @AnyText() sealed!: string;
}

/** An operator changed a webhook endpoint, or removed it: then its key is destroyed. */
export class WebhookChanged {
  @Matching(WEBHOOK_ID, 32, '32 hex characters') webhookId!: string;
  @OneOf('activated', 'paused', 'secret-rotated', 'removed') change!:
    'activated' | 'paused' | 'secret-rotated' | 'removed';
  /** The new secret, sealed; absent where it did not change. */
  @Optional() @AnyText() sealed?: string;
}
