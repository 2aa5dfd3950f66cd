import { Id, OneOf, Optional, Personal, Text } from '../fields.js';

/** By which means a message goes out or a talk is held. */
export const MEDIA = [
  'email',
  'sms',
  'push',
  'letter',
  'phone',
  'chat',
  'social',
  'visit',
  'site',
  'app',
  'other',
] as const;

/** An advertisement of ours was on the customer's screen. */
export class AdViewed {
  @Optional() @Text() campaign?: string;
  @Optional() @Text() audience?: string;
  @Optional() @Text() creative?: string;
  /** Where it stood: the site, the network, the page. */
  @Optional() @Text() placement?: string;
}

/** The customer clicked on an advertisement of ours. */
export class AdClicked {
  @Optional() @Text() campaign?: string;
  @Optional() @Text() audience?: string;
  @Optional() @Text() creative?: string;
  @Optional() @Text() placement?: string;
  /** What was searched for where the ad was shown, as the network reports it. */
  @Optional() @Text() keyword?: string;
}

/** A campaign was addressed to the customer. */
export class CampaignReceived {
  @Optional() @Text() campaign?: string;
  @Optional() @Text() audience?: string;
  @Optional() @OneOf(...MEDIA) medium?: string;
}

/** A message of ours reached its address. */
export class MessageDelivered {
  @Optional() @Id() messageId?: string;
  @Optional() @Text() campaign?: string;
  @Optional() @OneOf(...MEDIA) medium?: string;
}

/** A message of ours came back. */
export class MessageBounced {
  @Optional() @Id() messageId?: string;
  @Optional() @Text() campaign?: string;
  @Optional() @OneOf(...MEDIA) medium?: string;
  /** `hard`: there is no such address; `soft`: not now. */
  @Optional() @OneOf('hard', 'soft') kind?: string;
  @Optional() @Text(500) @Personal('free-text') diagnostic?: string;
}

/** The customer, or their mail program for them, opened a message of ours. */
export class MessageOpened {
  @Optional() @Id() messageId?: string;
  @Optional() @Text() campaign?: string;
  @Optional() @OneOf(...MEDIA) medium?: string;
}

/** The customer came to the site. */
export class SiteVisited {
  /** The page without its query: a query may hold an address or a name. */
  @Optional() @Text(2000) page?: string;
  /** The whole address. */
  @Optional() @Text(4000) @Personal('addresses') url?: string;
  @Optional() @Text(4000) @Personal('addresses') referrer?: string;
  /** Where the visit came from: `google`, `newsletter`. */
  @Optional() @Text() origin?: string;
  @Optional() @Text() campaign?: string;
}

/** The customer opened the app. */
export class AppOpened {
  @Optional() @Text() app?: string;
  @Optional() @Text() release?: string;
  @Optional() @Text() platform?: string;
  @Optional() @Text() campaign?: string;
}
