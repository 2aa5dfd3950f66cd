import type { ClassConstructor } from 'class-transformer';
import type { TouchpointTypeName } from '../catalogue.js';
import * as advocacy from './advocacy.js';
import * as awareness from './awareness.js';
import * as consideration from './consideration.js';
import * as contract from './contract.js';
import * as dialogue from './dialogue.js';
import * as evaluation from './evaluation.js';
import * as knowledge from './knowledge.js';
import * as loyalty from './loyalty.js';
import * as person from './person.js';
import * as purchase from './purchase.js';
import * as satisfaction from './satisfaction.js';
import * as service from './service.js';
import * as wallet from './wallet.js';

/** The class of each version of each type's data, version 1 first. An old one stays for as long as a log may hold it. */
export const CLASSES = {
  'ad-viewed': [awareness.AdViewed],
  'ad-clicked': [awareness.AdClicked],
  'campaign-received': [awareness.CampaignReceived],
  'message-delivered': [awareness.MessageDelivered],
  'message-bounced': [awareness.MessageBounced],
  'message-opened': [awareness.MessageOpened],
  'site-visited': [awareness.SiteVisited],
  'app-opened': [awareness.AppOpened],
  'content-viewed': [knowledge.ContentViewed],
  'message-clicked': [knowledge.MessageClicked],
  'newsletter-subscribed': [knowledge.NewsletterSubscribed],
  'event-attended': [knowledge.EventAttended],
  'product-viewed': [consideration.ProductViewed],
  'product-searched': [consideration.ProductSearched],
  'wish-listed': [consideration.WishListed],
  'store-visited': [consideration.StoreVisited],
  'enquiry-made': [consideration.EnquiryMade],
  'contact-met': [consideration.ContactMet],
  'cart-updated': [evaluation.CartUpdated],
  'checkout-started': [evaluation.CheckoutStarted],
  'quote-requested': [evaluation.QuoteRequested],
  'quote-sent': [evaluation.QuoteSent],
  'quote-accepted': [evaluation.QuoteAccepted],
  'quote-declined': [evaluation.QuoteDeclined],
  'quote-expired': [evaluation.QuoteExpired],
  'demo-attended': [evaluation.DemoAttended],
  'trial-started': [evaluation.TrialStarted],
  'order-placed': [purchase.OrderPlaced],
  'order-amended': [purchase.OrderAmended],
  'order-cancelled': [purchase.OrderCancelled],
  'order-returned': [purchase.OrderReturned],
  'payment-failed': [purchase.PaymentFailed],
  'payment-succeeded': [purchase.PaymentSucceeded],
  'subscription-started': [contract.SubscriptionStarted],
  'subscription-renewed': [contract.SubscriptionRenewed],
  'subscription-upgraded': [contract.SubscriptionUpgraded],
  'subscription-downgraded': [contract.SubscriptionDowngraded],
  'subscription-paused': [contract.SubscriptionPaused],
  'subscription-resumed': [contract.SubscriptionResumed],
  'subscription-cancelled': [contract.SubscriptionCancelled],
  'subscription-ended': [contract.SubscriptionEnded],
  'product-used': [service.ProductUsed],
  delivered: [service.Delivered],
  'case-opened': [service.CaseOpened],
  'case-resolved': [service.CaseResolvedV1, service.CaseResolved],
  'complaint-made': [service.ComplaintMade],
  'call-handled': [service.CallHandled],
  'community-posted': [service.CommunityPosted],
  'survey-answered': [satisfaction.SurveyAnswered],
  'review-posted': [satisfaction.ReviewPosted],
  'wallet-estimated': [wallet.WalletEstimated],
  'referral-made': [advocacy.ReferralMade],
  'referral-converted': [advocacy.ReferralConverted],
  shared: [advocacy.Shared],
  'points-earned': [loyalty.PointsEarned],
  'points-redeemed': [loyalty.PointsRedeemed],
  'points-expired': [loyalty.PointsExpired],
  'tier-granted': [loyalty.TierGranted],
  'action-proposed': [dialogue.ActionProposed],
  'contact-made': [dialogue.ContactMade],
  'response-given': [dialogue.ResponseGiven],
  unsubscribed: [dialogue.Unsubscribed],
  'spam-reported': [dialogue.SpamReported],
  'profile-updated': [person.ProfileUpdated],
  'consent-given': [person.ConsentGiven],
  'consent-withdrawn': [person.ConsentWithdrawn],
  'account-joined': [person.AccountJoined],
  'account-left': [person.AccountLeft],
  'owner-assigned': [person.OwnerAssigned],
  'note-added': [person.NoteAdded],
} as const satisfies Record<TouchpointTypeName, readonly ClassConstructor<object>[]>;

type Newest<T extends readonly unknown[]> = T extends readonly [...unknown[], infer Last] ? Last : never;

/** The newest shape of a type's data: `DataOf<'order-placed'>`. */
export type DataOf<Name extends TouchpointTypeName> = InstanceType<Newest<(typeof CLASSES)[Name]>>;

/** The class of one version of a built-in type's data, or null. */
export function classOf(type: string, version: number): ClassConstructor<object> | null {
  if (!Object.hasOwn(CLASSES, type)) return null;
  const classes: readonly ClassConstructor<object>[] = CLASSES[type as TouchpointTypeName];
  return classes[version - 1] ?? null;
}
