import {
  AnyObject,
  AnySubjectIds,
  At,
  Counts,
  Matching,
  Names,
  OneOf,
  Optional,
  QuarantineIds,
  Text,
  TextOrNull,
  Whole,
} from '../fields.js';

/** What administrators did about access, and what was rejected. Who did it stands in the `meta` of the event (`by`). No fact holds a secret. */

const KEY_ID_MAX = 64;

/** An API key was created. */
export class KeyCreated {
  @Text(KEY_ID_MAX) keyId!: string;
  @Text(100) name!: string;
  @TextOrNull(64) role!: string | null;
  /** All that it may do: by its role, and beside it. */
  @Names() permissions!: string[];
  /** What narrows the permissions. */
  @AnyObject() scopes!: object;
  /** What it may do in a minute, where that is its own. */
  @Optional() @AnyObject() rate?: object;
  /** The purpose for which it opens personal data where a request states none. */
  @Optional() @Text(64) standingPurpose?: string;
  /** Absent where it never expires. */
  @Optional() @At() expiresAt?: number;
}

/** An API key was created in the place of another, with the same rights. */
export class KeyRotated {
  @Text(KEY_ID_MAX) keyId!: string;
  @Text(KEY_ID_MAX) replaces!: string;
  /** Until when the former key is valid too. */
  @At() formerValidUntil!: number;
  @Optional() @At() expiresAt?: number;
}

/** An API key was revoked. */
export class KeyRevoked {
  @Text(KEY_ID_MAX) keyId!: string;
}

/** A principal was locked out. */
export class PrincipalBlocked {
  @Text(512) principal!: string;
}

/** A principal may act again. */
export class PrincipalUnblocked {
  @Text(512) principal!: string;
}

/** Sign-ins were rejected: the sums of up to an hour, as one process counted them. */
export class SignInRejected {
  @At() from!: number;
  @At() until!: number;
  /** Known keys that came with a wrong secret, by the id of the key. */
  @Counts() attempts!: Record<string, number>;
  /** People of the identity provider who are not let in, by their principal. */
  @Optional() @Counts() people?: Record<string, number>;
  /** Tokens, sessions and sign-ins of people, by the reason. */
  @Optional() @Counts() reasons?: Record<string, number>;
}

/** An operator ended the session of a browser. */
export class SessionEnded {
  /** The beginning of the hash of its cookie. */
  @Text(64) session!: string;
  /** Whose it was. */
  @Text(512) principal!: string;
  @At() begunAt!: number;
}

/** The admin key of the first start was used on a UTC day, although people sign in by an identity provider. */
export class BreakGlassUsed {
  @Text(KEY_ID_MAX) keyId!: string;
  /** Such as 2026-01-31. */
  @Text(10) day!: string;
}

/** A process started with other settings than before, among those that proof and access rest on. */
export class SettingsChanged {
  /** standalone, intake, projector, relay or api. */
  @Text(32) process!: string;
  /** SHA-256 over names and values; no secret goes into it. */
  @Matching('^[0-9a-f]{64}$', 64, '64 hex characters') digest!: string;
  /** The names of the settings that are not at their default. */
  @Names() notDefault!: string[];
}

/** An operator began an operation on the read models. */
export class OperationStarted {
  /** `rebuild`, `rollback`, `refold`, `parked-released`. */
  @Text(64) operation!: string;
  /** Of a parked customer: their id. */
  @Optional() @Text(64) customerId?: string;
}

/** As what clear text leaves the engine. */
export const OPENING_KINDS = ['view', 'export', 'pack', 'feed'] as const;

/**
 * Personal data were opened: recorded before the first clear text left the engine. An answer about more than 500 subjects has several of these, which
 * share their `requestId`; so do the pages of one answer.
 */
export class PersonalDataOpened {
  /** A purpose of the policy, by its name. */
  @Text(64) purpose!: string;
  /** The case that it was for, as the principal named it: a reference, no free text. */
  @Optional() @Text(100) ticket?: string;
  @OneOf(...OPENING_KINDS) kind!: string;
  /** What was run: the name of a query, `quarantined-event`, … */
  @Text(64) query!: string;
  /** A keyed hash of its parameters: the same for the same parameters, and it reveals none of them. */
  @Matching('^[0-9a-f]{32}$', 32, '32 hex characters') parameters!: string;
  /** The columns, or fields, of the answer that held clear text. */
  @Names() columns!: string[];
  /** Whose personal data were opened. */
  @AnySubjectIds() subjectIds!: string[];
  /** Quarantined events whose bodies were opened. */
  @Optional() @QuarantineIds() quarantineIds?: string[];
  /** How many clear values these subjects and bodies had in the answer. */
  @Whole(1, 1_000_000_000) count!: number;
  /** The same in all events of one answer. */
  @Text(64) requestId!: string;
  /** Why, in the words of the principal: sealed under a key that has the id of the event, and is listed under all these subjects. */
  @Optional() @Text(10_000) sealedReason?: string;
}
