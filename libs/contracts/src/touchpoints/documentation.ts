import type { TouchpointTypeName } from '../catalogue.js';
import { isObject, type JsonSchema } from '../fields.js';
import { touchpointSchema } from '../schemas.js';
import type { DataOf } from './classes.js';

/** What people read about a type: what it tells, what each field means, and an example. The compiler sees to it that no type and no field is missing. */
export interface TypeDocumentation<Data = object> {
  /** What happened, in one sentence. */
  readonly summary: string;
  /** What it does to the customer's stage and figures, beyond what the policy's `signals` say. */
  readonly effect?: string;
  readonly fields: { readonly [F in keyof Data]-?: string };
  /** The smallest useful data, and what most senders have besides. */
  readonly example: Data;
}

type Documentation = { readonly [Name in TouchpointTypeName]: TypeDocumentation<DataOf<Name>> };

const campaign = 'the campaign that led to it';
const audience = 'the audience of the campaign';
const medium = 'by which means';
const messageId = 'names the message within its source';
const currency = 'currency of the amounts: ISO 4217';
const category = 'the category, as the taxonomy of the policy calls it';
const text = 'what the customer said, in their own words';
const topic = 'what it was about';
const minutes = 'how many minutes it took';
const sku = 'the product, by its number in the shop';
const orderId = 'names the order within its source';
const contractId = 'names the contract within its source';
const cartId = 'names the cart within its source';
const quoteId = 'names the quote within its source';
const caseId = 'names the case within its source';
const plan = 'the plan, as the business calls it';
const period = 'for how long the amount pays';
const reason = "the reason's code in the business's own list";
const actionId = 'the action of the feed `actions` that it belongs to';
const offered = 'the products: sku and quantity, and name, category, unitPriceMinor where known';
const points = 'how many points';

/** The documentation of every built-in type. */
export const TYPE_DOCUMENTATION: Documentation = {
  'ad-viewed': {
    summary: 'An advertisement of the business was on the customer’s screen.',
    fields: {
      campaign,
      audience,
      creative: 'the picture or text that was shown',
      placement: 'where it stood: site, network, page',
    },
    example: { campaign: 'spring', placement: 'news-site' },
  },
  'ad-clicked': {
    summary: 'The customer clicked an advertisement.',
    fields: {
      ...{
        campaign,
        audience,
        creative: 'the picture or text that was clicked',
        placement: 'where it stood: site, network, page',
      },
      keyword: 'what was searched for where it was shown',
    },
    example: { campaign: 'spring', placement: 'search', keyword: 'green tea' },
  },
  'campaign-received': {
    summary: 'A campaign was addressed to the customer.',
    fields: { campaign, audience, medium },
    example: { campaign: 'spring', medium: 'letter' },
  },
  'message-delivered': {
    summary: 'A message reached its address.',
    fields: { messageId, campaign, medium },
    example: { messageId: 'm-1', campaign: 'spring', medium: 'email' },
  },
  'message-bounced': {
    summary: 'A message came back.',
    fields: {
      ...{ messageId, campaign, medium },
      kind: '`hard`: there is no such address; `soft`: not now',
      diagnostic: 'what the other side answered',
    },
    example: { messageId: 'm-1', medium: 'email', kind: 'hard' },
  },
  'message-opened': {
    summary: 'The customer, or their mail program for them, opened a message.',
    fields: { messageId, campaign, medium },
    example: { messageId: 'm-1', medium: 'email' },
  },
  'site-visited': {
    summary: 'The customer came to the site.',
    fields: {
      page: 'the page without its query, which may hold a name',
      url: 'the whole address',
      referrer: 'the page that the customer came from',
      origin: 'where the visit came from: google, newsletter',
      campaign,
    },
    example: { page: '/teas', origin: 'newsletter', campaign: 'spring' },
  },
  'app-opened': {
    summary: 'The customer opened the app.',
    fields: { app: 'which app', release: 'its release', platform: 'the system that it runs on', campaign },
    example: { app: 'shop', platform: 'android', release: '4.2' },
  },
  'content-viewed': {
    summary: 'The customer read, watched or heard something of the business.',
    fields: {
      contentId: 'names the content within its source',
      title: 'its title',
      topic,
      category,
      page: 'the page without its query',
      url: 'the whole address',
      seconds: 'how many seconds it was looked at',
    },
    example: { contentId: 'brewing-guide', topic: 'brewing', seconds: 95 },
  },
  'message-clicked': {
    summary: 'The customer clicked a link in a message.',
    fields: {
      messageId,
      campaign,
      medium,
      link: 'the name of the link, as the mailing calls it',
      url: 'the whole address',
    },
    example: { messageId: 'm-1', medium: 'email', link: 'offer' },
  },
  'newsletter-subscribed': {
    summary: 'The customer asked for a newsletter.',
    fields: { newsletter: 'which newsletter', campaign },
    example: { newsletter: 'monthly' },
  },
  'event-attended': {
    summary: 'The customer attended an event: a fair, a webinar, a tasting.',
    fields: { eventId: 'names the event within its source', name: 'its name', topic, place: 'where it was' },
    example: { eventId: 'tasting-2026-03', name: 'Spring tasting' },
  },
  'product-viewed': {
    summary: 'The customer looked at a product.',
    fields: { sku, name: 'its name', category, priceMinor: 'its price in minor units (cents)', currency },
    example: { sku: 'TEA-1', category: 'tea', priceMinor: 1250, currency: 'EUR' },
  },
  'product-searched': {
    summary: 'The customer searched among the products.',
    fields: { query: 'what was typed', category, results: 'how many products were found' },
    example: { query: 'sencha', results: 4 },
  },
  'wish-listed': {
    summary: 'The customer put a product on a list of wishes.',
    fields: { sku, name: 'its name', category },
    example: { sku: 'POT-1', category: 'pots' },
  },
  'store-visited': {
    summary: 'The customer came into a store.',
    fields: { storeId: 'names the store within its source', minutes: 'how many minutes they stayed' },
    example: { storeId: 'store-12', minutes: 20 },
  },
  'enquiry-made': {
    summary: 'The customer asked something about what the business offers.',
    fields: { enquiryId: 'names the enquiry within its source', topic, category, text },
    example: { enquiryId: 'q-1', topic: 'delivery' },
  },
  'contact-met': {
    summary: 'The customer met an employee or a partner.',
    fields: { topic, place: 'where', minutes, text: 'what was said' },
    example: { topic: 'renewal', minutes: 30 },
  },
  'cart-updated': {
    summary: 'The customer put something into their cart, or took it out: the cart as it is now.',
    fields: {
      cartId,
      change: 'what was done',
      lines: offered,
      totalMinor: 'what the cart is worth, in minor units (cents)',
      currency,
    },
    example: {
      cartId: 'c-1',
      change: 'added',
      lines: [{ sku: 'TEA-1', category: 'tea', quantity: 2, unitPriceMinor: 1250 }],
      currency: 'EUR',
    },
  },
  'checkout-started': {
    summary: 'The customer began to check out.',
    fields: { cartId, orderId, lines: offered, totalMinor: 'what it comes to, in minor units (cents)', currency },
    example: { cartId: 'c-1', totalMinor: 2500, currency: 'EUR' },
  },
  'quote-requested': {
    summary: 'The customer asked for a quote.',
    fields: { quoteId, category, text },
    example: { quoteId: 'qt-1', category: 'machines' },
  },
  'quote-sent': {
    summary: 'The business sent a quote.',
    effect: 'A quote is open until it is accepted, declined or no longer valid.',
    fields: {
      quoteId,
      validUntil: 'until when it can be accepted',
      lines: offered,
      totalMinor: 'what it comes to, in minor units (cents)',
      currency,
    },
    example: { quoteId: 'qt-1', validUntil: '2026-06-30T22:00:00Z', totalMinor: 480_000, currency: 'EUR' },
  },
  'quote-accepted': {
    summary: 'The customer accepted a quote.',
    effect: 'It is no purchase: the order is a touchpoint of its own.',
    fields: { quoteId, orderId: 'the order that follows from it' },
    example: { quoteId: 'qt-1' },
  },
  'quote-declined': {
    summary: 'The customer declined a quote.',
    fields: { quoteId, reason, text },
    example: { quoteId: 'qt-1', reason: 'price' },
  },
  'quote-expired': {
    summary: 'A quote’s validity ended without an answer.',
    fields: { quoteId },
    example: { quoteId: 'qt-1' },
  },
  'demo-attended': {
    summary: 'The customer saw the product shown.',
    fields: { demoId: 'names the demonstration within its source', product: 'what was shown', category, minutes },
    example: { product: 'espresso machine', minutes: 30 },
  },
  'trial-started': {
    summary: 'The customer began to try the product.',
    fields: { trialId: 'names the trial within its source', plan, category, endsAt: 'when the trial ends' },
    example: { trialId: 't-1', plan: 'pro', endsAt: '2026-04-01T00:00:00Z' },
  },
  'order-placed': {
    summary: 'The customer ordered.',
    effect:
      'A purchase: it takes the customer from acquisition to retention, ends silence, and books its amount at its own instant. The amount is `totalMinor`, or the sum of the lines. (source, orderId) names the order: the same again counts once, and is listed where its content differs. A total below 0 is rejected: send order-returned.',
    fields: {
      orderId,
      currency,
      lines:
        'what was ordered: sku, quantity, unitPriceMinor, and name, category, discountMinor, costMinor where known. Cross-sell is read from `category`',
      totalMinor: 'what the customer paid, net of all discounts, in minor units (cents); 0 for a gift',
      discountMinor: 'a discount on the order as a whole, on top of those of its lines',
      costMinor: 'what the whole order cost the business; by default the costs of its lines, where each has one',
      quantity: 'how many pieces, where there are no lines',
      contractId: 'the contract under which it was ordered',
      cartId,
      quoteId,
      campaign,
      coupon: 'the code of the coupon',
    },
    example: {
      orderId: '1042',
      currency: 'EUR',
      lines: [{ sku: 'TEA-1', category: 'tea', quantity: 2, unitPriceMinor: 1250 }],
      totalMinor: 2500,
    },
  },
  'order-amended': {
    summary: 'An order was changed after it was placed: it has new lines or a new total.',
    effect:
      'From its instant on the order is worth its new amount; the difference is booked on the date of the amendment. A total not above what was taken back makes the order wholly returned. A signal of expansion (up-sell, cross-sell) that it brings about counts from here on, and one that it takes away no longer stands. It is no purchase and no intent.',
    fields: {
      orderId,
      currency: 'currency of the amounts; by default that of the order',
      lines:
        'all lines of the order from here on, pieces that were returned included; by default the lines stay. Without a total the order is worth what they add up to',
      totalMinor: 'the whole amount of the order from here on, in minor units (cents), returns not subtracted',
      discountMinor: 'a discount on the order as a whole, on top of those of its lines',
      costMinor: 'what the whole order costs the business from here on; by default the costs of its lines',
      reason,
      text,
    },
    example: { orderId: '1042', totalMinor: 3750, reason: 'one-more' },
  },
  'order-cancelled': {
    summary: 'An order was cancelled as a whole.',
    effect:
      'The order stops counting from here on, and its amount is booked back. One that is dated before its order counts at the instant of the order. It names the order of its own source, or of another source where its own placed none of this number.',
    fields: { orderId, reason, text },
    example: { orderId: '1042', reason: 'too-late' },
  },
  'order-returned': {
    summary: 'Goods of an order came back, or money was given back: the whole order, some lines, or an amount.',
    effect:
      'The amount is booked back at its own instant, or with its order where that is dated later. An order of which nothing is left stops counting as a purchase. Nothing is booked beyond what is left: the query `discrepancies` lists the excess. Amounts are positive here.',
    fields: {
      orderId,
      whole: 'true when nothing of the order remains, whatever the lines say',
      lines: 'what came back: sku, quantity, and amountMinor where it differs from what was paid',
      amountMinor: 'what was given back in all, positive, in minor units (cents); by default the lines tell',
      currency: 'currency of the amounts; by default that of the order',
      reason,
      text,
    },
    example: { orderId: '1042', amountMinor: 1250, reason: 'damaged' },
  },
  'payment-failed': {
    summary: 'A payment did not go through.',
    effect:
      'It moves the customer only where it names a contract: at risk from the first failure on, and lost when the days of grace end without a payment.',
    fields: {
      contractId,
      orderId,
      paymentId: 'names the payment within its source',
      amountMinor: 'the amount in minor units (cents)',
      currency,
      reason,
    },
    example: { contractId: 'sub-7', paymentId: 'p-1', amountMinor: 990, currency: 'EUR', reason: 'card-expired' },
  },
  'payment-succeeded': {
    summary: 'A payment went through.',
    effect:
      'Where it names a contract, it ends the days of grace: the customer is back where they were; and it is revenue, booked on its date with its amount and currency. One that names an order is not booked again. One that names neither is listed by the query `discrepancies`.',
    fields: {
      contractId,
      orderId,
      paymentId: 'names the payment within its source',
      amountMinor: 'the amount in minor units (cents); revenue needs it, and the currency',
      currency,
    },
    example: { contractId: 'sub-7', paymentId: 'p-2', amountMinor: 990, currency: 'EUR' },
  },
  'subscription-started': {
    summary: 'The customer entered into a contract.',
    effect:
      'A purchase: it takes the customer to retention. Silence moves no customer while a contract is in good standing.',
    fields: {
      ...{ contractId, plan, category, currency, period },
      amountMinor: 'what one period costs, in minor units (cents)',
      endsAt: 'until when it runs, unless it is renewed',
    },
    example: { contractId: 'sub-7', plan: 'pro', amountMinor: 990, currency: 'EUR', period: 'month' },
  },
  'subscription-renewed': {
    summary: 'The contract goes on for another term.',
    effect: 'The customer is active again, also from at risk, lapsed or lost.',
    fields: {
      ...{ contractId, plan, currency, period },
      amountMinor: 'what one period costs, in minor units (cents)',
      endsAt: 'until when it runs, unless it is renewed again',
    },
    example: { contractId: 'sub-7', endsAt: '2027-03-01T00:00:00Z' },
  },
  'subscription-upgraded': {
    summary: 'The customer took a larger plan.',
    effect: 'Up-sell: it takes a customer with purchases to expansion.',
    fields: {
      ...{ contractId, currency, period },
      plan: 'the plan that they have now',
      formerPlan: 'the plan that they had',
      amountMinor: 'what one period costs now, in minor units (cents)',
    },
    example: { contractId: 'sub-7', plan: 'team', formerPlan: 'pro' },
  },
  'subscription-downgraded': {
    summary: 'The customer took a smaller plan.',
    effect: 'The customer is at risk from here on.',
    fields: {
      ...{ contractId, currency, period },
      plan: 'the plan that they have now',
      formerPlan: 'the plan that they had',
      amountMinor: 'what one period costs now, in minor units (cents)',
    },
    example: { contractId: 'sub-7', plan: 'pro', formerPlan: 'team' },
  },
  'subscription-paused': {
    summary: 'The contract rests.',
    effect: 'Deadlines of the contract wait until it is resumed.',
    fields: { contractId, resumesAt: 'when it goes on', reason },
    example: { contractId: 'sub-7', resumesAt: '2026-06-01T00:00:00Z' },
  },
  'subscription-resumed': {
    summary: 'The contract runs again.',
    fields: { contractId },
    example: { contractId: 'sub-7' },
  },
  'subscription-cancelled': {
    summary: 'The customer gave notice. The contract may run on until it ends.',
    effect: 'The customer is at risk from here on, unless another contract is in good standing.',
    fields: { contractId, endsAt: 'when the contract ends', reason, text },
    example: { contractId: 'sub-7', endsAt: '2026-12-31T23:00:00Z', reason: 'price' },
  },
  'subscription-ended': {
    summary: 'The contract is over.',
    effect: 'The customer is lost, unless another contract is open or another purchase is recent enough.',
    fields: { contractId, reason },
    example: { contractId: 'sub-7' },
  },
  'product-used': {
    summary: 'The customer used what they have.',
    effect: 'Intent: it ends `cold` and `lost`.',
    fields: {
      product: 'what was used',
      feature: 'which part of it',
      contractId,
      quantity: 'how often or how much, in the product’s own unit',
      minutes: 'for how many minutes',
    },
    example: { product: 'app', feature: 'export', contractId: 'sub-7' },
  },
  delivered: {
    summary: 'What was ordered is with the customer.',
    fields: {
      orderId,
      shipmentId: 'names the shipment within its source',
      promisedAt: 'when it was promised for',
      onTime: 'whether it was on time; by default `promisedAt` tells',
    },
    example: { orderId: '1042', onTime: true },
  },
  'case-opened': {
    summary: 'The customer asked for help.',
    fields: { caseId, orderId, topic, severity: 'how urgent it is', text },
    example: { caseId: 'case-9', topic: 'broken pot', severity: 'normal' },
  },
  'case-resolved': {
    summary: 'A case was closed. It closes the complaint of the same case.',
    fields: {
      caseId,
      minutes: 'minutes of work, rounded to whole ones',
      costMinor: 'what the work cost, in minor units (cents)',
      currency,
      withinStandard: 'whether it was resolved within the standard that the business set itself',
      text: 'what was done',
    },
    example: { caseId: 'case-9', minutes: 25, withinStandard: true },
  },
  'complaint-made': {
    summary: 'The customer complained. The complaint is open until the case of this id is resolved.',
    fields: {
      caseId: 'the case in which it is handled; without it the complaint can never be closed',
      orderId,
      topic,
      text,
    },
    example: { caseId: 'case-9', orderId: '1042' },
  },
  'call-handled': {
    summary: 'An employee took a call.',
    fields: {
      callId: 'names the call within its source',
      caseId,
      minutes,
      waitSeconds: 'how many seconds the customer waited',
      costMinor: 'what the call cost, in minor units (cents)',
      currency,
      topic,
      outcome: 'how it ended',
      text: 'what was said',
    },
    example: { callId: 'call-3', minutes: 6, waitSeconds: 40, outcome: 'answered' },
  },
  'community-posted': {
    summary: 'The customer wrote in the community.',
    fields: { postId: 'names the post within its source', topic, text: 'what was written' },
    example: { postId: 'post-5', topic: 'brewing' },
  },
  'survey-answered': {
    summary: 'The customer answered how satisfied they are: one touchpoint for each question.',
    effect: 'A high nps together with a good review takes a customer with purchases to expansion · advocacy.',
    fields: {
      kind: '`nps` from 0 to 10, `csat` from 1 to 5, `ces` from 1 to 7 (7 is easy)',
      score: 'the answer, on the scale of its kind',
      surveyId: 'names the survey within its source',
      orderId: 'the order that was asked about',
      caseId: 'the case that was asked about',
      topic,
      text,
    },
    example: { kind: 'nps', score: 9 },
  },
  'review-posted': {
    summary: 'The customer published what they think.',
    effect: 'A good review together with a high nps takes a customer with purchases to expansion · advocacy.',
    fields: {
      stars: 'from 1 to 5',
      reviewId: 'names the review within its source',
      orderId,
      sku,
      category,
      text: 'what was written',
    },
    example: { stars: 5, sku: 'TEA-1' },
  },
  'wallet-estimated': {
    summary:
      'What the customer spends in a category with all suppliers over a period, or where the business stands among their brands.',
    fields: {
      category,
      from: 'the first day of the period',
      until: 'the first day after the period',
      source: 'who says so: a bureau goes before a survey, a survey before a model',
      totalMinor: 'what is spent with all suppliers, in minor units (cents)',
      currency,
      rank: 'the place of the business among the customer’s brands, from 1',
      brands: 'how many brands the customer uses',
    },
    example: {
      ...{ category: 'tea', from: '2026-01-01', until: '2027-01-01', source: 'survey' },
      ...{ totalMinor: 24_000, currency: 'EUR' },
    },
  },
  'referral-made': {
    summary:
      'The customer recommended the business. The person they told is among the identifiers, in the role `referee`.',
    fields: { referralId: 'names the referral within its source', campaign },
    example: { referralId: 'r-1', campaign: 'friends' },
  },
  'referral-converted': {
    summary:
      'A person who heard of the business from the customer became a customer themselves: the role `referee` names them.',
    effect: 'Advocacy: it takes a customer with purchases to expansion.',
    fields: {
      referralId: 'names the referral within its source',
      orderId: 'the referee’s first order',
      amountMinor: 'what the referee paid, in minor units (cents)',
      rewardMinor: 'what the customer got for it, in minor units (cents)',
      currency,
    },
    example: { referralId: 'r-1', orderId: '1050', rewardMinor: 1000, currency: 'EUR' },
  },
  shared: {
    summary: 'The customer passed something of the business on.',
    fields: { contentId: 'the content', sku, network: 'where to' },
    example: { contentId: 'brewing-guide', network: 'mastodon' },
  },
  'points-earned': {
    summary: 'Points were credited: one lot, which may expire.',
    fields: {
      points,
      lotId: 'names the lot within its source',
      orderId,
      reason,
      expiresAt: 'when the lot expires; absent where it does not',
    },
    example: { points: 25, orderId: '1042' },
  },
  'points-redeemed': {
    summary: 'Points were spent, from the oldest lot on.',
    fields: {
      points,
      orderId,
      reward: 'what they were spent on',
      rewardMinor: 'what the reward was worth to the customer, in minor units (cents)',
      currency,
    },
    example: { points: 20, reward: 'voucher', rewardMinor: 500, currency: 'EUR' },
  },
  'points-expired': {
    summary: 'Points lapsed.',
    fields: { points, lotId: 'the lot that lapsed' },
    example: { points: 5, lotId: 'lot-1' },
  },
  'tier-granted': {
    summary: 'The customer stands in this tier from now on.',
    fields: {
      tier: 'the tier',
      formerTier: 'the tier before',
      expiresAt: 'until when it holds unless it is earned again',
    },
    example: { tier: 'gold', formerTier: 'silver' },
  },
  'action-proposed': {
    summary: 'The business proposed something to the customer.',
    fields: {
      actionId,
      proposition: 'what was proposed',
      treatment: 'the treatment of the policy',
      category,
      medium,
      purpose: 'the purpose, as consents name it',
    },
    example: { actionId: 'a-1', proposition: '10 % on cups', medium: 'email', purpose: 'marketing' },
  },
  'contact-made': {
    summary: 'An employee or a system contacted the customer.',
    fields: {
      ...{ actionId, medium, topic, minutes, currency },
      purpose: 'the purpose, as consents name it',
      costMinor: 'what it cost, in minor units (cents)',
      text: 'what was said or written',
    },
    example: { actionId: 'a-1', medium: 'email', purpose: 'marketing' },
  },
  'response-given': {
    summary: 'The customer answered a proposal, or let it pass.',
    fields: { answer: 'accepted, declined or ignored', actionId, proposition: 'what was proposed', reason, text },
    example: { answer: 'accepted', actionId: 'a-1' },
  },
  unsubscribed: {
    summary: 'The customer wants no more messages of this kind.',
    effect: 'A consent is withdrawn: for the purpose and the medium named, or for all marketing.',
    fields: { newsletter: 'which newsletter', medium, purpose: 'the purpose, as consents name it', reason },
    example: { medium: 'email', purpose: 'marketing' },
  },
  'spam-reported': {
    summary: 'The customer called a message spam.',
    effect: 'A consent is withdrawn: for marketing by the medium of the message.',
    fields: { messageId, campaign, medium },
    example: { messageId: 'm-1', medium: 'email' },
  },
  'profile-updated': {
    summary:
      'What a source holds for true about the customer: name, address, birthday, language, … Send it at login and registration, with both identifiers.',
    fields: {
      attributes: 'the attributes by name, all of them personal; null says that the source holds no value any more',
      precedence:
        'which source goes first where several speak of one attribute: the higher number. Of equal ones the newest',
    },
    example: { attributes: { firstName: 'Jane', language: 'en' } },
  },
  'consent-given': {
    summary: 'The customer allowed the business to use their data or an address of theirs for a purpose.',
    effect: 'Actions and `customers --consent` follow it.',
    fields: {
      purpose: 'what it is allowed for, as the policy’s treatments name it: marketing',
      medium: 'by which means; absent: by every one',
      expiresAt: 'until when it holds',
      wording: 'what the customer was shown: name and version of the text',
      wordingVersion: 'the version of the text, where its name does not say it',
      confirmed:
        'true where the customer confirmed it a second time, such as by the link in a mail; where the policy asks for a confirmation, a consent counts from then on',
      evidence: 'what shows that it was the customer: an address, a call, a signature',
    },
    example: { purpose: 'marketing', medium: 'email', wording: 'newsletter-2026-01' },
  },
  'consent-withdrawn': {
    summary: 'The customer took a consent back.',
    effect: 'Actions and `customers --consent` follow it.',
    fields: { purpose: 'what is no longer allowed', medium: 'by which means; absent: by every one' },
    example: { purpose: 'marketing', medium: 'email' },
  },
  'account-joined': {
    summary: 'The customer belongs to an account: a household, a company. It merges no customers.',
    effect: 'From then on, what the customer does moves the account too, and no other member.',
    fields: {
      accountId: 'names the account within its source: a code, never a name or an address',
      kind: 'what it is',
      part: 'what they are in it: buyer, decider, user, member',
    },
    example: { accountId: 'acme', kind: 'company', part: 'buyer' },
  },
  'account-left': {
    summary: 'The customer no longer belongs to an account.',
    effect: 'From this instant on, what the customer does no longer moves the account.',
    fields: { accountId: 'names the account within its source', reason },
    example: { accountId: 'acme' },
  },
  'owner-assigned': {
    summary: 'An employee, team or partner was put in charge of the customer.',
    fields: {
      ownerId: 'names the owner within its source',
      kind: 'what the owner is',
      formerOwnerId: 'the owner before',
    },
    example: { ownerId: 'e-17', kind: 'employee' },
  },
  'note-added': {
    summary: 'An employee wrote a note about the customer.',
    fields: { text: 'the note', topic },
    example: { text: 'Prefers calls in the evening.', topic: 'contact' },
  },
};

/** The documentation of a built-in type; null for any other. */
export function typeDocumentation(type: string): TypeDocumentation<Readonly<Record<string, unknown>>> | null {
  return Object.hasOwn(TYPE_DOCUMENTATION, type)
    ? (TYPE_DOCUMENTATION[type as TouchpointTypeName] as unknown as TypeDocumentation<Record<string, unknown>>)
    : null;
}

/** The fields of a line: of an order, a cart, a quote, a return. */
const LINE_FIELDS: Readonly<Record<string, string>> = {
  sku,
  name: 'its name',
  category,
  quantity: 'how many pieces',
  unitPriceMinor:
    'the price of one piece in minor units (cents), before discounts; negative on a line that is a rebate',
  discountMinor: 'what the whole line was reduced by, in minor units (cents)',
  costMinor: 'what the whole line cost the business, in minor units (cents)',
  amountMinor: 'what was given back for the whole line, positive; by default what the pieces were sold for',
};

/** The JSON Schema of the newest data of a built-in type, with what people read: summary, the meaning of each field, an example. */
export function documentedSchema(type: string): JsonSchema | null {
  const documentation = typeDocumentation(type);
  const schema = touchpointSchema(type);
  if (documentation === null || schema === null) return null;
  const { summary, effect, fields, example } = documentation;
  return {
    ...described(schema, fields),
    title: type,
    description: effect === undefined ? summary : `${summary} ${effect}`,
    example,
  };
}

function described(schema: JsonSchema, meanings: Readonly<Record<string, string>>): JsonSchema {
  const { properties, items } = schema;
  return {
    ...schema,
    ...(isObject(properties)
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, field]) => {
              const meaning = Object.hasOwn(meanings, name) ? { description: meanings[name] } : {};
              return [name, { ...described(field as JsonSchema, LINE_FIELDS), ...meaning }];
            }),
          ),
        }
      : {}),
    ...(isObject(items) ? { items: described(items, LINE_FIELDS) } : {}),
  };
}
