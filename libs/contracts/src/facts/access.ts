import { AnyObject, At, Counts, Names, Optional, Text, TextOrNull } from '../fields.js';

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

/** Known keys came with wrong secrets: the sums of up to an hour, as one process counted them. */
export class SignInRejected {
  @At() from!: number;
  @At() until!: number;
  /** By the id of the key. */
  @Counts() attempts!: Record<string, number>;
}

/** An operator began an operation on the read models. */
export class OperationStarted {
  /** `rebuild`, `rollback`, `refold`, `parked-released`. */
  @Text(64) operation!: string;
  /** Of a parked customer: their id. */
  @Optional() @Text(64) customerId?: string;
}
