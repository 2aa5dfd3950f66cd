import {
  AmountMinor,
  Currency,
  FreeText,
  Id,
  OneOf,
  Optional,
  Personal,
  PersonalSince,
  Text,
  Whole,
} from '../fields.js';
import { MEDIA } from './awareness.js';

/** We proposed something to the customer, or decided to hold it back for the control group. */
export class ActionProposed {
  @Id() actionId!: string;
  @Optional() @Text() proposition?: string;
  @Optional() @Text() treatment?: string;
  @Optional() @Text() category?: string;
  @Optional() @OneOf(...MEDIA) medium?: string;
  @Optional() @Text() purpose?: string;
}

/** An employee or a system contacted the customer. */
export class ContactMade {
  @Optional() @Id() actionId?: string;
  @Optional() @OneOf(...MEDIA) medium?: string;
  @Optional() @Text() purpose?: string;
  @Optional() @Text() topic?: string;
  @Optional() @Whole(0, 1440) minutes?: number;
  @Optional() @AmountMinor() costMinor?: number;
  @Optional() @Currency() currency?: string;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}

/** The customer answered a proposal, or let it pass. */
export class ResponseGiven {
  @OneOf('accepted', 'declined', 'ignored') answer!: string;
  @Optional() @Id() actionId?: string;
  @Optional() @Text() proposition?: string;
  @Optional() @Text() @PersonalSince('free-text') reason?: string;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}

/** The customer wants no more messages of this kind. */
export class Unsubscribed {
  @Optional() @Text() newsletter?: string;
  @Optional() @OneOf(...MEDIA) medium?: string;
  @Optional() @Text() purpose?: string;
  @Optional() @Text() @PersonalSince('free-text') reason?: string;
}

/** The customer called a message of ours spam. */
export class SpamReported {
  @Optional() @Id() messageId?: string;
  @Optional() @Text() campaign?: string;
  @Optional() @OneOf(...MEDIA) medium?: string;
}
