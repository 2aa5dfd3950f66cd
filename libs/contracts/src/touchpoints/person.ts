import {
  AnyObject,
  Flag,
  FreeText,
  Id,
  Moment,
  OneOf,
  Optional,
  Personal,
  PersonalSince,
  Text,
  Whole,
} from '../fields.js';
import { MEDIA } from './awareness.js';

/** What a source holds for true about the customer: name, address, birthday, language, … */
export class ProfileUpdated {
  /** The attributes by name; null says that the source no longer holds any value. */
  @AnyObject() @Personal() attributes!: Record<string, unknown>;
  /** Which source goes first where several speak of one attribute: the higher number. Of equal ones, the newest. */
  @Optional() @Whole(0, 1000) precedence?: number;
}

/** The customer allowed us to use their data or an address of theirs for a purpose. */
export class ConsentGiven {
  @Text() purpose!: string;
  /** Absent: by every medium. */
  @Optional() @OneOf(...MEDIA) medium?: string;
  @Optional() @Moment() expiresAt?: string;
  /** What they were shown: the name and version of the text. */
  @Optional() @Text() wording?: string;
  /** The version of the text, where its name does not say it. */
  @Optional() @Text(64) wordingVersion?: string;
  /** True where the customer confirmed it a second time, such as by the link in a mail (double opt-in). Absent: given, not confirmed. */
  @Optional() @Flag() confirmed?: boolean;
  /** What shows that it was the customer: an address, a call, a signature. */
  @Optional() @FreeText() @Personal('free-text') evidence?: string;
}

/** The customer took a consent back. */
export class ConsentWithdrawn {
  @Text() purpose!: string;
  /** Absent: by every medium. */
  @Optional() @OneOf(...MEDIA) medium?: string;
}

/** The customer belongs to an account: a household, a company. It merges no customers. */
export class AccountJoined {
  @Id() accountId!: string;
  @Optional() @OneOf('household', 'company', 'other') kind?: string;
  /** What they are in it: buyer, decider, user, member. */
  @Optional() @Text() part?: string;
}

/** The customer no longer belongs to an account. */
export class AccountLeft {
  @Id() accountId!: string;
  @Optional() @Text() @PersonalSince('free-text') reason?: string;
}

/** An employee, team or partner was put in charge of the customer. */
export class OwnerAssigned {
  @Id() ownerId!: string;
  @Optional() @OneOf('employee', 'team', 'partner') kind?: string;
  @Optional() @Id() formerOwnerId?: string;
}

/** An employee wrote a note about the customer. */
export class NoteAdded {
  @FreeText() @Personal('notes') text!: string;
  @Optional() @Text() topic?: string;
}
