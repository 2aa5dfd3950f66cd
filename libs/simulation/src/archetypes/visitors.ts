import { answer, browse, buy, getMail, learn, seeAd, signUp } from '../habits.js';
import { CATEGORIES } from '../products.js';
import type { Life } from '../life.js';
import type { Archetype } from './archetype.js';

/** People who look, come back, log in late, or never buy at all. */
export const VISITORS: readonly Archetype[] = [
  { name: 'anonymous visitor who logs in later', perMille: 110, beginsBy: 650, live: anonymousVisitor },
  { name: 'window shopper', perMille: 70, beginsBy: 600, live: windowShopper },
  { name: 'address on a list', perMille: 40, beginsBy: 650, live: addressOnAList },
  { name: 'referrer who never buys', perMille: 10, beginsBy: 600, live: referrer },
  { name: 'our own people, testing', perMille: 5, beginsBy: 700, live: tester },
];

/** Known by a cookie, then by a device; the login links both to their account, and some later the store's card. */
function anonymousVisitor(life: Life): void {
  const { random } = life;
  life.goBy('anonymousId');
  for (let stagePeriods = random.between(2, 7); stagePeriods > 0; stagePeriods -= 1) {
    browse(life, random.pick(CATEGORIES), 2);
    if (!life.days(1, 15)) return;
  }
  if (random.random(0.5)) {
    life.goBy('deviceId');
    life.touch('app-opened', { app: 'shop', release: '4.2', platform: 'phone' }, { channel: 'app' });
    learn(life);
    life.days(1, 10);
  }
  if (random.random(0.2)) return;
  signUp(life, random.random(0.6) ? ['anonymousId', 'deviceId'] : ['anonymousId']);
  if (random.random(0.7)) {
    life.days(0, 4);
    buy(life, random.pick(CATEGORIES), { cart: true });
  }
  if (random.random(0.3) && life.days(10, 60)) {
    // In the store the customer shows a card that nobody had linked to them before.
    life.touch('store-visited', { storeId: 'store-2', minutes: 12 }, { channel: 'store', by: ['loyaltyCard'] });
    buy(life, random.pick(CATEGORIES), { cart: false, occasion: { channel: 'store', by: ['loyaltyCard', 'phone'] } });
    life.days(3, 30);
    life.touch(
      'profile-updated',
      { attributes: { phone: life.person.phone }, precedence: 5 },
      { by: ['userId', 'phone'] },
    );
  }
  while (life.days(20, 60) && random.random(0.7)) {
    browse(life, random.pick(CATEGORIES), 3);
    life.minutes(3, 30);
    buy(life, random.pick(CATEGORIES));
  }
}

/** Comes as far as the cart, goes cold, and looks again: nothing is bought. */
function windowShopper(life: Life): void {
  const { random } = life;
  life.goBy(random.random(0.5) ? 'anonymousId' : 'userId');
  for (let rounds = random.between(1, 4); rounds > 0; rounds -= 1) {
    const category = random.pick(CATEGORIES);
    if (random.random(0.4)) seeAd(life, 0.7);
    life.minutes(1, 5);
    browse(life, category, 3);
    if (random.random(0.3))
      life.touch('event-attended', { eventId: 'open-day', topic: category, place: 'store-1' }, { channel: 'event' });
    if (random.random(0.4)) {
      life.minutes(2, 8);
      life.touch('cart-updated', {
        cartId: life.name('cart'),
        change: 'added',
        lines: [{ sku: 'X-1', quantity: 1, unitPriceMinor: 1990, category }],
        totalMinor: 1990,
        currency: 'EUR',
      });
    }
    if (!life.days(30, 190)) return;
  }
}

/** An address that was bought or left somewhere: it receives, at most it opens. */
function addressOnAList(life: Life): void {
  life.goBy('email');
  const opens = life.random.pick([0, 0.3, 0.6]);
  for (let mails = life.random.between(6, 24); mails > 0; mails -= 1) {
    getMail(life, opens, 0);
    if (!life.days(14, 30)) return;
  }
}

/** Never buys, and sends others. */
function referrer(life: Life): void {
  browse(life, 'books', 1);
  signUp(life);
  const friend = { namespace: 'email', value: life.friend.email, role: 'referee' as const };
  for (let friends = 0; friends < 2; friends += 1) {
    const referralId = life.name('referral');
    life.touch('referral-made', { referralId, campaign: 'friends' }, { others: [friend] });
    life.days(5, 30);
    life.touch('referral-converted', { referralId, rewardMinor: 1000, currency: 'EUR' }, { others: [friend] });
    if (!life.days(20, 60)) return;
  }
  answer(life, 'nps', 9);
}

/** Marked as test traffic: it is kept, and no figure counts it. */
function tester(life: Life): void {
  life.asTest();
  for (let rounds = 0; rounds < 3; rounds += 1) {
    browse(life, 'electronics', 1);
    buy(life, 'electronics', { lines: 1 });
    if (!life.days(20, 90)) return;
  }
}
