import { COMMERCE_EVENTS, withRest, type EventReader } from './commerce-events.js';
import type { Properties } from './properties.js';

const message =
  (type: string, medium: string): EventReader =>
  (properties) =>
    withRest(type, { ...messageOf(properties), medium }, properties);

const messageOf = (properties: Properties) => ({
  messageId: properties.id(['email_id', 'message_id']),
  campaign: properties.text(['campaign_name', 'campaign_id']),
});

const clicked =
  (medium: string): EventReader =>
  (properties) => {
    const fields = { ...messageOf(properties), medium, url: properties.text('link_url', 4_000) };
    return withRest('message-clicked', fields, properties);
  };

const unsubscribed: EventReader = (properties) =>
  withRest('unsubscribed', { newsletter: properties.text(['list_name', 'list_id']), medium: 'email' }, properties);

const appOpened: EventReader = (properties) =>
  withRest('app-opened', { release: properties.text('version'), campaign: properties.text('campaign') }, properties);

const trialStarted: EventReader = (properties) =>
  withRest(
    'trial-started',
    { plan: properties.text('trial_plan_name'), trialId: properties.id('trial_id') },
    properties,
  );

/** Someone signed up or in: what the event says of them is what a source holds for true. */
const profile: EventReader = (properties) => ({
  type: 'profile-updated',
  data: { attributes: properties.all },
});

/** The events of the specifications of e-mail, mobile and B2B; the live ones of chats and the rest are read by the source's own mapping. */
const OTHER_EVENTS: Readonly<Record<string, EventReader>> = {
  'Email Delivered': message('message-delivered', 'email'),
  'Email Bounced': message('message-bounced', 'email'),
  'Email Opened': message('message-opened', 'email'),
  'Email Link Clicked': clicked('email'),
  'Email Marked as Spam': message('spam-reported', 'email'),
  Unsubscribed: unsubscribed,
  'Push Notification Received': message('message-delivered', 'push'),
  'Push Notification Tapped': clicked('push'),
  'Push Notification Bounced': message('message-bounced', 'push'),
  'Application Opened': appOpened,
  'Trial Started': trialStarted,
  'Signed Up': profile,
  'Signed In': profile,
};

/** Events of version 1 of the specification, and spellings in use. */
const OTHER_SPELLINGS: Readonly<Record<string, string>> = {
  'Completed Order': 'Order Completed',
  'Updated Order': 'Order Updated',
  'Refunded Order': 'Order Refunded',
  'Cancelled Order': 'Order Cancelled',
  'Order Canceled': 'Order Cancelled',
  'Viewed Product': 'Product Viewed',
  'Added Product': 'Product Added',
  'Removed Product': 'Product Removed',
  'Viewed Cart': 'Cart Viewed',
  'Started Checkout': 'Checkout Started',
  'Searched Products': 'Products Searched',
};

/** The events that are read without a mapping, by the names of the specifications. */
export const SPEC_EVENTS: Readonly<Record<string, EventReader>> = { ...COMMERCE_EVENTS, ...OTHER_EVENTS };

const BY_SPELLING: ReadonlyMap<string, EventReader> = new Map([
  ...Object.entries(SPEC_EVENTS).map(([name, reader]) => [spelling(name), reader] as const),
  ...Object.entries(OTHER_SPELLINGS).map(
    ([name, known]) => [spelling(name), SPEC_EVENTS[known] as EventReader] as const,
  ),
]);

/** Capitals, spaces, hyphens and underscores do not tell two events apart: `order_completed` is Order Completed. */
function spelling(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, '');
}

/** How an event is read, by its name; null for one of no specification. */
export const specEvent = (name: string): EventReader | null => BY_SPELLING.get(spelling(name)) ?? null;
