import {
  AnyObject,
  AnyText,
  At,
  Flag,
  Matching,
  MomentOrNull,
  Optional,
  Parts,
  Position,
  SubjectIdOrNull,
  SubjectIds,
  Text,
  TextOrNull,
  Whole,
} from '../fields.js';

/** Former versions of what the engine writes, with the field names that the log holds for ever. The upcasters turn them into the newest. */

/** One issue of an event, as the log of version 1 names its fields. */
export class IssueOnRecordV1 {
  @AnyText() path!: string;
  @AnyText() reason!: string;
  @AnyText() mend!: string;
}

/** One issue of an event, as the log of version 2 names its fields. */
export class IssueOnRecordV2 {
  @AnyText() pointer!: string;
  @AnyText() detail!: string;
  @AnyText() hint!: string;
}

/** Version 1 of a quarantined event: pointers without the `#` of a URI fragment, and other names. Replaced by `EventQuarantined`. */
export class EventQuarantinedV1 {
  @TextOrNull(512) source!: string | null;
  @TextOrNull(512) eventId!: string | null;
  @TextOrNull(512) type!: string | null;
  @AnyText() code!: string;
  @AnyText() path!: string;
  @AnyText() detail!: string;
  @AnyText() mend!: string;
  @Optional() @Parts(() => IssueOnRecordV1, 1, 1000) flaws?: IssueOnRecordV1[];
  @At() receivedAt!: number;
  @Optional() @Matching('^[0-9a-f]{32}$', 32, '32 hex characters') subjectId?: string;
  @Optional() @AnyText() file?: string;
  @Optional() @Whole(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) line?: number;
  @Optional() @Flag() cut?: boolean;
}

/** Version 2 of a quarantined event, when a row of a file had no id of its own. Replaced by `EventQuarantined`. */
export class EventQuarantinedV2 {
  @TextOrNull(512) source!: string | null;
  @TextOrNull(512) eventId!: string | null;
  @TextOrNull(512) type!: string | null;
  @AnyText() code!: string;
  @AnyText() pointer!: string;
  @AnyText() detail!: string;
  @AnyText() hint!: string;
  @Optional() @Parts(() => IssueOnRecordV2, 1, 1000) issues?: IssueOnRecordV2[];
  @At() receivedAt!: number;
  @Optional() @Matching('^[0-9a-f]{32}$', 32, '32 hex characters') subjectId?: string;
  @Optional() @AnyText() file?: string;
  @Optional() @Whole(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) line?: number;
  @Optional() @Flag() cut?: boolean;
}

/** Version 3 of a quarantined event, when every publisher spoke for every source. Replaced by `EventQuarantined`. */
export class EventQuarantinedV3 {
  @TextOrNull(512) source!: string | null;
  @TextOrNull(512) eventId!: string | null;
  @TextOrNull(512) type!: string | null;
  @AnyText() code!: string;
  @AnyText() pointer!: string;
  @AnyText() detail!: string;
  @AnyText() hint!: string;
  @Optional() @Parts(() => IssueOnRecordV2, 1, 1000) issues?: IssueOnRecordV2[];
  @At() receivedAt!: number;
  @Optional() @Matching('^[0-9a-f]{32}$', 32, '32 hex characters') subjectId?: string;
  @Optional() @AnyText() file?: string;
  @Optional() @Whole(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER) line?: number;
  @Optional() @Text(100) row?: string;
  @Optional() @Flag() cut?: boolean;
}

/** Version 1 of a discarded event, when no later reading of a row took the place of an earlier one. Replaced by `EventDiscarded`. */
export class EventDiscardedV1 {
  @AnyText() reason!: string;
  @Text(512) by!: string;
}

/** Version 1 of a released event. Replaced by `EventReleased`. */
export class EventReleasedV1 {
  @AnyText() source!: string;
  @AnyText() eventId!: string;
  @Position() touchpointPosition!: number;
  @Flag() mended!: boolean;
  @Text(512) by!: string;
}

/** Version 1 of an erasure, when no quarantined bodies were searched for the person. Replaced by `PersonErased`. */
export class PersonErasedV1 {
  @SubjectIds() subjectIds!: string[];
  @SubjectIdOrNull() customerId!: string | null;
}

/** Version 1 of a published policy, when none could restate the past. Replaced by `PolicyPublished`. */
export class PolicyPublishedV1 {
  @Matching('^[^@]+@[0-9]{1,9}$', 200, 'a name and a version, such as retail@2') version!: string;
  @AnyObject() policy!: Record<string, unknown>;
  @MomentOrNull() effectiveFrom!: string | null;
}
