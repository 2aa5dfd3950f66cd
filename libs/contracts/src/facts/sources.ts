import { AnyObject, Currency, Flag, Id, OneOf, Optional, Origins, Text, TypeNames, TypeVersions } from '../fields.js';
import { SOURCE_KINDS } from '../sources-and-requests.js';

/** The channel systems that publish events, as the business registers them. A source is named as its events name it. */

/** What a source is and may send, in version 1. Its keys stand in the key store: a key names the sources that it publishes for. */
class SourceRecordV1 {
  @Id(512) name!: string;
  @OneOf(...SOURCE_KINDS) kind!: (typeof SOURCE_KINDS)[number];
  /** True while the source sends test or internal traffic: its events are marked when they come in. */
  @Flag() test!: boolean;
  /** The types that it may send; all of them where it is absent. */
  @Optional() @TypeNames() types?: string[];
  /** What applies where an event does not say it itself. */
  @Optional() @Text() channel?: string;
  @Optional() @Currency() currency?: string;
  @Optional() @Text(64) timeZone?: string;
  @Optional() @Text(100) brand?: string;
  /** The schema contract: the version of a type's data that the source sends, by type. */
  @Optional() @TypeVersions() versions?: Record<string, number>;
}

/** Version 1 of the registration of a source, when no page of a web origin could send. Replaced by `SourceRegistered`. */
export class SourceRegisteredV1 extends SourceRecordV1 {}

/** Version 1 of the change of a source. Replaced by `SourceChanged`. */
export class SourceChangedV1 extends SourceRecordV1 {}

/** What a source is and may send. */
class SourceRecord extends SourceRecordV1 {
  /** The web origins whose pages may send with its key; `*` for all, none where it is absent. */
  @Optional() @Origins() origins?: string[];
  /** How the events of its analytics library become touchpoints: `events` by name, and `others`. */
  @Optional() @AnyObject() tracking?: Record<string, unknown>;
}

/** A source was registered. */
export class SourceRegistered extends SourceRecord {}

/** The description of a source was replaced as a whole: what was accepted before stays as it is. */
export class SourceChanged extends SourceRecord {}

/** A source may not send until it is resumed. */
export class SourcePaused {
  @Id(512) name!: string;
}

/** A paused source may send again. */
export class SourceResumed {
  @Id(512) name!: string;
}

/** A source sends no more, for good. What it sent stays. */
export class SourceRetired {
  @Id(512) name!: string;
}
