import { answer, browse, buy, getMail, learn, seeAd, signUp } from '../behaviours.js';
import { CATEGORIES } from '../products.js';
import type { Life } from '../life.js';
import type { Archetype } from './archetype.js';

/** Visitors who browse, come back, log in late, or never buy. */
export const VISITORS: readonly Archetype[] = [
  { name: 'anonymous visitor who logs in later', perMille: 110, latestStartDay: 650, simulate: anonymousVisitor },
  { name: 'window shopper', perMille: 70, latestStartDay: 600, simulate: windowShopper },
  { name: 'address on a list', perMille: 40, latestStartDay: 650, simulate: addressOnAList },
  { name: 'referrer who never buys', perMille: 10, latestStartDay: 600, simulate: referrer },
  { name: 'tester of the business', perMille: 5, latestStartDay: 700, simulate: tester },
];

/** Known by a cookie, then by a device; the login links both to the account, and some later add the loyalty card. */
function anonymousVisitor(life: Life): void {
  const { random } = life;
  life.identifyBy('anonymousId');
  for (let visits = random.between(2, 7); visits > 0; visits -= 1) {
    browse(life, random.pick(CATEGORIES), 2);
    if (!life.days(1, 15)) return;
  }
  if (random.bool(0.5)) {
    life.identifyBy('deviceId');
    life.record('app-opened', { app: 'shop', release: '4.2', platform: 'phone' }, { channel: 'app' });
    learn(life);
    life.days(1, 10);
  }
  if (random.bool(0.2)) return;
  signUp(life, random.bool(0.6) ? ['anonymousId', 'deviceId'] : ['anonymousId']);
  if (random.bool(0.7)) {
    life.days(0, 4);
    buy(life, random.pick(CATEGORIES), { cart: true });
  }
  if (random.bool(0.3) && life.days(10, 60)) {
    // In the store the customer shows a loyalty card that is not linked to them yet.
    life.record('store-visited', { storeId: 'store-2', minutes: 12 }, { channel: 'store', by: ['loyaltyCard'] });
    buy(life, random.pick(CATEGORIES), { cart: false, context: { channel: 'store', by: ['loyaltyCard', 'phone'] } });
    life.days(3, 30);
    life.record(
      'profile-updated',
      { attributes: { phone: life.person.phone }, precedence: 5 },
      { by: ['userId', 'phone'] },
    );
  }
  while (life.days(20, 60) && random.bool(0.7)) {
    browse(life, random.pick(CATEGORIES), 3);
    life.minutes(3, 30);
    buy(life, random.pick(CATEGORIES));
  }
}

/** They get as far as the cart, go cold and browse again; they never buy. */
function windowShopper(life: Life): void {
  const { random } = life;
  life.identifyBy(random.bool(0.5) ? 'anonymousId' : 'userId');
  for (let rounds = random.between(1, 4); rounds > 0; rounds -= 1) {
    const category = random.pick(CATEGORIES);
    if (random.bool(0.4)) seeAd(life, 0.7);
    life.minutes(1, 5);
    browse(life, category, 3);
    if (random.bool(0.3))
      life.record('event-attended', { eventId: 'open-day', topic: category, place: 'store-1' }, { channel: 'event' });
    if (random.bool(0.4)) {
      life.minutes(2, 8);
      life.record('cart-updated', {
        cartId: life.newId('cart'),
        change: 'added',
        lines: [{ sku: 'X-1', quantity: 1, unitPriceMinor: 1990, category }],
        totalMinor: 1990,
        currency: 'EUR',
      });
    }
    if (!life.days(30, 190)) return;
  }
}

/** An address on a mailing list: it receives mailings, and opens some at most. */
function addressOnAList(life: Life): void {
  life.identifyBy('email');
  const opens = life.random.pick([0, 0.3, 0.6]);
  for (let mails = life.random.between(6, 24); mails > 0; mails -= 1) {
    getMail(life, opens, 0);
    if (!life.days(14, 30)) return;
  }
}

/** They never buy, but refer others. */
function referrer(life: Life): void {
  browse(life, 'books', 1);
  signUp(life);
  const friend = { namespace: 'email', value: life.friend.email, role: 'referee' as const };
  for (let friends = 0; friends < 2; friends += 1) {
    const referralId = life.newId('referral');
    life.record('referral-made', { referralId, campaign: 'friends' }, { others: [friend] });
    life.days(5, 30);
    life.record('referral-converted', { referralId, rewardMinor: 1000, currency: 'EUR' }, { others: [friend] });
    if (!life.days(20, 60)) return;
  }
  answer(life, 'nps', 9);
}

/** Marked as test traffic: it is stored, and no figure counts it. */
function tester(life: Life): void {
  life.markAsTest();
  for (let rounds = 0; rounds < 3; rounds += 1) {
    browse(life, 'electronics', 1);
    buy(life, 'electronics', { lines: 1 });
    if (!life.days(20, 90)) return;
  }
}
