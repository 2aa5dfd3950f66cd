import { withContact } from '../contact/contacts.js';
import type { LifecycleEvent } from '../model.js';
import {
  advancePhase,
  beginFirstCycle,
  closeQuote,
  noteIntent,
  openQuote,
  beginCycleAfterLost,
} from './acquisition.js';
import { amendOrder } from './amendments.js';
import { placeOrder } from './buying.js';
import { giveConsent, reject, withdrawConsent } from './consents.js';
import { contractEvent } from './contracts.js';
import { applyWaiting } from './early.js';
import { advocate } from './expansion.js';
import { quoteIdOf, validUntilOf } from './facts.js';
import { refOf, type Fold } from './fold.js';
import { isContact } from '../retention/retention.js';
import { bookPayment } from './payments.js';
import { withRelation } from './relation.js';
import { cancelOrder, returnOrder } from './reversals.js';
import type { State } from './state.js';

/** Applies one event. Deadlines before its instant have fired already; those at its instant fire after it. */
export function evolve(fold: Fold, event: LifecycleEvent): void {
  const { state } = fold;
  const { occurredAt, type, source, id } = event;
  state.key = { occurredAt, type, source, id };
  state.clock = occurredAt;
  if (event.test) return;
  if (state.touchpoints === 0) state.firstSeenAt = occurredAt;
  state.lastSeenAt = occurredAt;
  state.touchpoints += 1;
  if (event.brand !== undefined) noteBrand(state, event, event.brand);

  actOn(fold, event);
  state.relation = withRelation(state.relation, event);

  const signal = fold.era.compiled.signalOf(type, event.data);
  if (signal.intent || isContact(type)) state.lastContactAt = occurredAt;
  if (state.stage === null) beginFirstCycle(fold, event, signal);
  else if (state.phase === 'lost' && signal.intent) beginCycleAfterLost(fold, event, signal);
  else if (state.stage === 'acquisition') advancePhase(fold, event, signal);
  else noteIntent(state, occurredAt, signal);
}

/** Keeps the first touchpoint with each brand. */
function noteBrand(state: State, event: LifecycleEvent, brand: string): void {
  if (state.brands.some((known) => known.brand === brand)) return;
  state.brands = [...state.brands, { brand, since: event.occurredAt, event: refOf(event) }];
}

/** What an event does beside showing intent. Types that are not listed do nothing more. */
function actOn(fold: Fold, event: LifecycleEvent): void {
  switch (event.type) {
    case 'order-placed': {
      const order = placeOrder(fold, event);
      if (order !== null) applyWaiting(fold, order);
      return;
    }
    case 'order-amended':
      return amendOrder(fold, event);
    case 'order-cancelled':
      return cancelOrder(fold, event);
    case 'order-returned':
      return returnOrder(fold, event);
    case 'subscription-started':
    case 'subscription-renewed':
    case 'subscription-upgraded':
    case 'subscription-downgraded':
    case 'subscription-paused':
    case 'subscription-resumed':
    case 'subscription-cancelled':
    case 'subscription-ended':
    case 'payment-failed':
      return contractEvent(fold, event);
    case 'payment-succeeded':
      bookPayment(fold, event);
      return contractEvent(fold, event);
    case 'quote-sent':
      return openQuote(fold.state, quoteIdOf(event), validUntilOf(event));
    case 'quote-accepted':
    case 'quote-declined':
    case 'quote-expired':
      return closeQuote(fold.state, quoteIdOf(event), event.occurredAt);
    case 'review-posted':
    case 'survey-answered':
    case 'referral-converted':
      return advocate(fold, event);
    case 'contact-made':
    case 'campaign-received':
      fold.state.contacts = withContact(fold.state.contacts, event);
      return;
    case 'consent-given':
      return giveConsent(fold.state, event);
    case 'consent-withdrawn':
      return withdrawConsent(fold.state, event);
    case 'unsubscribed':
    case 'spam-reported':
      return reject(fold.state, event);
  }
}
