import {
  answer,
  browse,
  buy,
  getHelp,
  getMail,
  learn,
  propose,
  returnAll,
  returnOne,
  seeAd,
  signUp,
  type Purchase,
} from '../habits.js';
import { CATEGORIES, type Category } from '../products.js';
import type { Life } from '../life.js';
import type { Archetype } from './archetype.js';

/** People who order: often, seldom, once, or twice and back again. */
export const SHOPPERS: readonly Archetype[] = [
  { name: 'weekly grocer', perMille: 90, beginsBy: 500, live: weeklyGrocer },
  { name: 'monthly reader', perMille: 100, beginsBy: 600, live: monthlyReader },
  { name: 'sofa buyer', perMille: 60, beginsBy: 600, live: sofaBuyer },
  { name: 'gift giver', perMille: 60, beginsBy: 340, live: giftGiver },
  { name: 'returner', perMille: 60, beginsBy: 600, live: returner },
  { name: 'one-time buyer', perMille: 90, beginsBy: 700, live: oneTimeBuyer },
  { name: 'lapsed and won back', perMille: 70, beginsBy: 330, live: wonBack },
  { name: 'lost and returning', perMille: 70, beginsBy: 160, live: lostAndReturning },
  { name: 'explorer of the range', perMille: 60, beginsBy: 400, live: explorer },
  { name: 'fan', perMille: 40, beginsBy: 450, live: fan },
];

/** The customer orders every week; then, one day, some simply stop. */
function weeklyGrocer(life: Life): void {
  const { random } = life;
  signUp(life);
  const stops = random.random(0.35) ? random.between(15, 60) : Infinity;
  let points = 0;
  let orders = 0;
  let tier = '';
  while (!life.over && orders < stops) {
    if (random.random(0.4)) {
      browse(life, 'groceries', 3);
      life.minutes(5, 30);
    }
    const purchase = buy(life, 'groceries', {
      cart: random.random(0.1),
      occasion: random.random(0.3) ? { channel: 'store', by: ['loyaltyCard'] } : {},
    });
    orders += 1;
    const earned = Math.max(1, Math.floor(purchase.totalMinor / 100));
    points += earned;
    life.minutes(1);
    if (orders % 3 === 0)
      life.touch(
        'points-earned',
        { points: earned, lotId: life.name('lot'), orderId: purchase.orderId, reason: 'purchase' },
        { by: ['loyaltyCard', 'userId'] },
      );
    if (orders % 17 === 0)
      life.touch(
        'points-redeemed',
        { points: 100, reward: 'basket-of-fruit', rewardMinor: 900, currency: 'EUR' },
        { by: ['loyaltyCard'] },
      );
    if (orders % 29 === 0) life.touch('points-expired', { points: 20 }, { by: ['loyaltyCard'] });
    const earnedTier = points > 3000 ? 'gold' : points > 800 ? 'silver' : '';
    if (earnedTier !== tier) {
      life.touch(
        'tier-granted',
        { tier: earnedTier, ...(tier === '' ? {} : { formerTier: tier }) },
        { by: ['loyaltyCard'] },
      );
      tier = earnedTier;
    }
    if (random.random(0.08)) getHelp(life, random.random(0.4), purchase.orderId);
    if (random.random(0.06)) answer(life, 'csat', random.between(3, 5));
    if (random.random(0.05))
      life.touch('wallet-estimated', {
        category: 'groceries',
        from: '2020-01-01',
        until: '2021-01-01',
        source: random.pick(['survey', 'bureau', 'model']),
        totalMinor: random.between(200_000, 900_000),
        currency: 'EUR',
      });
    if (!life.days(5, 9)) return;
  }
  while (life.days(30, 60)) getMail(life, 0.3, 0.02);
}

/** A book or a record a month, with the mailings between. */
function monthlyReader(life: Life): void {
  const { random } = life;
  seeAd(life, 0.5);
  life.minutes(2, 9);
  browse(life, 'books', 2);
  signUp(life);
  const orders = random.between(6, 22);
  for (let order = 0; order < orders && !life.over; order += 1) {
    browse(life, 'music', 2);
    life.minutes(3, 30);
    buy(life, random.pick(['books', 'music']), { deliveredAfterDays: random.between(1, 4) });
    if (random.random(0.2))
      life.touch('review-posted', { stars: random.between(3, 5), category: 'books', text: 'Read in one evening.' });
    life.days(8, 14);
    getMail(life);
    if (!life.days(10, 20)) return;
    if (random.random(0.4)) browse(life, 'books', 1);
  }
  if (random.random(0.5)) {
    life.touch('unsubscribed', { newsletter: 'weekly', medium: 'email', reason: 'too-many' }, { by: ['email'] });
    life.touch('consent-withdrawn', { purpose: 'marketing', medium: 'email' });
  }
}

/** A large piece every many years; the customer looks around for long. */
function sofaBuyer(life: Life): void {
  const { random } = life;
  seeAd(life);
  for (let looks = random.between(2, 5); looks > 0; looks -= 1) {
    if (!life.days(2, 12)) return;
    learn(life, 'furniture');
    life.minutes(2, 20);
    browse(life, 'furniture', 2);
  }
  life.days(1, 9);
  life.touch(
    'store-visited',
    { storeId: 'store-1', minutes: random.between(15, 80) },
    { channel: 'store', by: ['phone'] },
  );
  life.minutes(10, 30);
  life.touch(
    'enquiry-made',
    {
      enquiryId: life.name('enquiry'),
      topic: 'delivery-time',
      category: 'furniture',
      text: 'How long for the green one?',
    },
    { channel: 'store', by: ['phone', 'userId'] },
  );
  life.days(2, 20);
  const purchase = buy(life, 'furniture', { lines: 1, cart: true });
  life.days(15, 40);
  life.touch('delivered', { orderId: purchase.orderId, onTime: random.random(0.8) }, { channel: 'parcel' });
  life.days(4, 12);
  answer(life, 'csat', random.between(2, 5));
  if (random.random(0.2)) getHelp(life, true, purchase.orderId);
  while (life.days(60, 120)) getMail(life, 0.3, 0.05);
}

/** Gifts each December, and silence in between. */
function giftGiver(life: Life): void {
  const { random } = life;
  do {
    const month = new Date(life.at).getUTCMonth();
    const wait = month === 11 ? 0 : Math.max(1, 335 - dayOfYear(life.at));
    if (!life.days(wait, wait + 18)) return;
    browse(life, 'gifts', 2);
    for (let gifts = random.between(1, 3); gifts > 0; gifts -= 1) {
      buy(life, random.pick(['gifts', 'toys', 'books']));
      life.days(1, 3);
    }
  } while (life.days(40, 60));
}

/** The customer orders, and sends back: all, or a part, or cancels the same day. */
function returner(life: Life): void {
  const { random } = life;
  browse(life, 'clothing', 3);
  signUp(life);
  for (let order = random.between(1, 7); order > 0 && !life.over; order -= 1) {
    const purchase: Purchase = buy(life, random.pick(['clothing', 'shoes']), { lines: 2 });
    const outcome = random.below(4);
    if (outcome === 0) {
      life.minutes(30, 240);
      life.touch('order-cancelled', { orderId: purchase.orderId, reason: 'changed-mind' });
    } else if (outcome === 1) {
      life.days(4, 15);
      returnAll(life, purchase);
    } else if (outcome === 2) {
      life.days(4, 15);
      returnOne(life, purchase);
    }
    if (!life.days(10, 70)) return;
  }
}

function oneTimeBuyer(life: Life): void {
  const { random } = life;
  if (random.random(0.5)) seeAd(life, 0.8);
  const category = random.pick(CATEGORIES);
  browse(life, category, 1);
  buy(life, category, { deliveredAfterDays: 2, occasion: random.random(0.3) ? { by: ['email'] } : {} });
  if (random.random(0.3)) answer(life, 'nps', random.between(0, 10), 'It came.');
  for (let mails = random.between(0, 8); mails > 0 && life.days(20, 50); mails -= 1) getMail(life, 0.2, 0.05);
}

/** Bought for a while, fell silent past at-risk and lapsed, and came back at our word. */
function wonBack(life: Life): void {
  const { random } = life;
  signUp(life);
  const category = random.pick(['clothing', 'books', 'pets', 'wine'] as const);
  for (let order = random.between(3, 6); order > 0; order -= 1) {
    browse(life, category, 3);
    life.minutes(3, 30);
    buy(life, category);
    life.days(18, 40);
  }
  // At-risk comes after at most 180 days, lapsed after one and a half times that: some are called back between the two.
  life.days(random.pick([60, 90, 130]), 170);
  propose(life, 'come-back-10', 0.7);
  life.days(1, 10);
  browse(life, category, 1);
  if (random.random(0.8)) {
    buy(life, random.random(0.4) ? 'electronics' : category);
    while (life.days(25, 60) && random.random(0.75)) buy(life, category);
  }
}

/** Silent for more than a year: lost. The customer comes back by themselves, by a click or by a purchase, and a new cycle begins. */
function lostAndReturning(life: Life): void {
  const { random } = life;
  signUp(life);
  const category = random.pick(['garden', 'toys', 'music'] as const);
  for (let order = random.between(1, 4); order > 0; order -= 1) {
    buy(life, category);
    life.days(12, 30);
  }
  // Mailed all the while: our messages end nothing.
  for (let mails = 0; mails < 5; mails += 1) {
    life.days(50, 60);
    getMail(life, 0.3, 0);
  }
  if (!life.days(115, 170)) return;
  if (random.random(0.5)) {
    getMail(life, 1, 1);
    life.minutes(1, 5);
    browse(life, category, 2);
    if (random.random(0.3)) return;
    life.days(1, 12);
  }
  buy(life, category);
  if (random.random(0.6) && life.days(14, 40)) buy(life, category);
}

/** Starts with one thing, tries others, and then larger orders: cross-sell and up-sell. */
function explorer(life: Life): void {
  const { random } = life;
  browse(life, 'wine', 2);
  signUp(life);
  const usual: Category = random.pick(['wine', 'pets', 'household']);
  for (let order = random.between(3, 5); order > 0; order -= 1) {
    buy(life, usual, { lines: 1 });
    life.days(12, 30);
  }
  if (random.random(0.7)) {
    propose(life, 'complete-the-range', 0.5);
    buy(life, random.pick(['garden', 'books', 'shoes'] as const), { lines: 1 });
    life.days(15, 30);
  }
  if (random.random(0.6))
    for (let large = 0; large < 2; large += 1) {
      buy(life, usual, { lines: 4, quantity: 3 });
      life.days(14, 28);
    }
  for (let order = random.between(0, 14); order > 0 && life.days(14, 30); order -= 1) {
    browse(life, usual, 2);
    life.minutes(3, 30);
    buy(life, usual, { lines: 1 });
  }
}

/** Buys, praises, brings friends. */
function fan(life: Life): void {
  const { random } = life;
  signUp(life);
  for (let order = random.between(2, 4); order > 0; order -= 1) {
    const { orderId, sku } = buy(life, random.pick(['music', 'books']), { deliveredAfterDays: 1 });
    life.days(5, 20);
    if (random.random(0.7)) life.touch('review-posted', { stars: random.between(4, 5), orderId, sku, text: 'Again!' });
  }
  answer(life, 'nps', random.between(9, 10), 'Told everybody.');
  life.days(1, 9);
  life.touch('shared', { contentId: 'guide-music', network: 'social' });
  life.touch('community-posted', { postId: life.name('post'), topic: 'listening', text: 'What are you listening to?' });
  const friend = { namespace: 'email', value: life.friend.email, role: 'referee' as const };
  const referralId = life.name('referral');
  life.touch('referral-made', { referralId, campaign: 'friends' }, { others: [friend] });
  life.days(3, 40);
  if (random.random(0.8))
    life.touch('referral-converted', { referralId, rewardMinor: 1000, currency: 'EUR' }, { others: [friend] });
  while (life.days(20, 45) && random.random(0.9)) {
    browse(life, 'music', 3);
    life.minutes(3, 30);
    buy(life, random.pick(['music', 'books']));
  }
}

function dayOfYear(at: number): number {
  const date = new Date(at);
  return Math.floor((at - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000);
}
