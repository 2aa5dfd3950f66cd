import {
  AnyObject,
  Flag,
  Id,
  Matching,
  Moment,
  OneOf,
  Optional,
  Part,
  Parts,
  Personal,
  Text,
  Whole,
} from './fields.js';

/** An identifier as a channel sends it. */
export class IdentifierForm {
  /** `userId`, `email`, `phone`, `anonymousId`, `loyaltyCard`, `deviceId`, or one of the business's own. */
  @Matching('^[A-Za-z][A-Za-z0-9._-]*$', 64, 'a name of letters, digits, dots, hyphens and underscores')
  namespace!: string;
  @Text(512) @Personal() value!: string;
  /** Whose it is; `self` where it is absent. */
  @Optional() @OneOf('self', 'referee', 'recipient', 'actor') role?: string;
}

/** Who on the business side took part. */
export class ActorForm {
  @OneOf('employee', 'partner', 'system') kind!: string;
  @Text() id!: string;
}

/** A touchpoint as a channel sends it: our JSON form, and the attributes of a CloudEvent of the same names. */
export class TouchpointForm {
  /** With the source it names the event for ever: the same id sent again is the same event. */
  @Id(256) id!: string;
  /** Who sends it: a URI reference or a name. */
  @Text(512) source!: string;
  @Text(128) type!: string;
  /** When it happened. Where both are absent, when it was received. */
  @Optional() @Moment() time?: string;
  /** The same as `time`, under our own name. */
  @Optional() @Moment() occurredAt?: string;
  @Optional() @Text(512) @Personal() subject?: string;
  /** Through which channel it came: `shop`, `app`, `store-12`, `call-centre`. */
  @Text() channel!: string;
  @Parts(() => IdentifierForm, 1, 32) identifiers!: IdentifierForm[];
  /** What the type's own schema describes. */
  @AnyObject() data!: Record<string, unknown>;
  @Optional() @Part(() => ActorForm) actor?: ActorForm;
  @Optional() @Text(256) correlationId?: string;
  @Optional() @Text(256) causationId?: string;
  /** When it happened by the clock that also wrote `sentAt`, where `time` is of another clock. */
  @Optional() @Moment() originalTimestamp?: string;
  /**
   * The sender's clock when it sent the event. Where it differs from ours by five minutes or more, the clock was wrong, and the time of the event is
   * corrected by the difference. Only for events that are sent just now: leave it out where the event was kept in between. NDJSON, files and imports
   * are never corrected; a message of a topic is compared with its own timestamp.
   */
  @Optional() @Moment() sentAt?: string;
  /** Test or internal traffic: kept, and left out of every figure. */
  @Optional() @Flag() test?: boolean;
  /** The version of `data`; the newest where it is absent. */
  @Optional() @Whole(1, 1000) schemaVersion?: number;
}
