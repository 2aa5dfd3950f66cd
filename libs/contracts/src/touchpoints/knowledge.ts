import { Id, OneOf, Optional, Personal, Text, Whole } from '../fields.js';
import { MEDIA } from './awareness.js';

/** The customer read, watched or heard something of ours. */
export class ContentViewed {
  @Optional() @Id() contentId?: string;
  @Optional() @Text() title?: string;
  @Optional() @Text() topic?: string;
  /** The category of product that it is about. */
  @Optional() @Text() category?: string;
  @Optional() @Text(2000) page?: string;
  @Optional() @Text(4000) @Personal('addresses') url?: string;
  @Optional() @Whole(0, 86_400) seconds?: number;
}

/** The customer clicked a link in a message of ours. */
export class MessageClicked {
  @Optional() @Id() messageId?: string;
  @Optional() @Text() campaign?: string;
  @Optional() @OneOf(...MEDIA) medium?: string;
  /** The name of the link, as the mailing calls it. */
  @Optional() @Text() link?: string;
  @Optional() @Text(4000) @Personal('addresses') url?: string;
}

/** The customer asked for a newsletter. */
export class NewsletterSubscribed {
  @Optional() @Text() newsletter?: string;
  @Optional() @Text() campaign?: string;
}

/** The customer attended an event: a fair, a webinar, a tasting. */
export class EventAttended {
  @Optional() @Id() eventId?: string;
  @Optional() @Text() name?: string;
  @Optional() @Text() topic?: string;
  @Optional() @Text() place?: string;
}
