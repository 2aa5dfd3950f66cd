import { DAY } from '#contracts';
import {
  answer,
  browse,
  buy,
  getHelp,
  getMail,
  learn,
  propose,
  addWrapping,
  returnAll,
  returnOne,
  seeAd,
  signUp,
  type Purchase,
} from '../behaviours.js';
import { CATEGORIES, type Category } from '../products.js';
import type { Life } from '../life.js';
import { accountOf } from '../people.js';
import type { Archetype } from './archetype.js';

/** Customers who order: often, seldom, once, or again after a long silence. */
export const SHOPPERS: readonly Archetype[] = [
  { name: 'weekly grocer', perMille: 90, latestStartDay: 500, simulate: weeklyGrocer },
  { name: 'monthly reader', perMille: 100, latestStartDay: 600, simulate: monthlyReader },
  { name: 'sofa buyer', perMille: 60, latestStartDay: 600, simulate: sofaBuyer },
  { name: 'gift giver', perMille: 60, latestStartDay: 340, simulate: giftGiver },
  { name: 'returner', perMille: 60, latestStartDay: 600, simulate: returner },
  { name: 'one-time buyer', perMille: 90, latestStartDay: 700, simulate: oneTimeBuyer },
  { name: 'lapsed and won back', perMille: 70, latestStartDay: 330, simulate: wonBack },
  { name: 'lost and returning', perMille: 70, latestStartDay: 160, simulate: lostAndReturning },
  { name: 'explorer of the range', perMille: 60, latestStartDay: 400, simulate: explorer },
  { name: 'fan', perMille: 40, latestStartDay: 450, simulate: fan },
];

/** They order every week; some stop one day. */
function weeklyGrocer(life: Life): void {
  const { random } = life;
  signUp(life);
  const stops = random.bool(0.35) ? random.between(15, 60) : Infinity;
  let points = 0;
  let orders = 0;
  let tier = '';
  while (!life.ended && orders < stops) {
    if (random.bool(0.4)) {
      browse(life, 'groceries', 3);
      life.minutes(5, 30);
    }
    const purchase = buy(life, 'groceries', {
      cart: random.bool(0.1),
      context: random.bool(0.3) ? { channel: 'store', by: ['loyaltyCard'] } : {},
    });
    orders += 1;
    const earned = Math.max(1, Math.floor(purchase.totalMinor / 100));
    points += earned;
    life.minutes(1);
    if (orders % 3 === 0)
      life.record(
        'points-earned',
        { points: earned, lotId: life.newId('lot'), orderId: purchase.orderId, reason: 'purchase' },
        { by: ['loyaltyCard', 'userId'] },
      );
    if (orders % 17 === 0)
      life.record(
        'points-redeemed',
        { points: 100, reward: 'basket-of-fruit', rewardMinor: 900, currency: 'EUR' },
        { by: ['loyaltyCard'] },
      );
    if (orders % 29 === 0) life.record('points-expired', { points: 20 }, { by: ['loyaltyCard'] });
    const earnedTier = points > 3000 ? 'gold' : points > 800 ? 'silver' : '';
    if (earnedTier !== tier) {
      life.record(
        'tier-granted',
        { tier: earnedTier, ...(tier === '' ? {} : { formerTier: tier }) },
        { by: ['loyaltyCard'] },
      );
      tier = earnedTier;
    }
    if (random.bool(0.08)) getHelp(life, random.bool(0.4), purchase.orderId);
    if (random.bool(0.06)) answer(life, 'csat', random.between(3, 5));
    if (random.bool(0.05))
      life.record('wallet-estimated', {
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

/** A book or a record a month, with mailings in between. */
function monthlyReader(life: Life): void {
  const { random } = life;
  seeAd(life, 0.5);
  life.minutes(2, 9);
  browse(life, 'books', 2);
  signUp(life);
  const orders = random.between(6, 22);
  for (let order = 0; order < orders && !life.ended; order += 1) {
    browse(life, 'music', 2);
    life.minutes(3, 30);
    buy(life, random.pick(['books', 'music']), { deliveredAfterDays: random.between(1, 4) });
    if (random.bool(0.2))
      life.record('review-posted', { stars: random.between(3, 5), category: 'books', text: 'Read in one evening.' });
    life.days(8, 14);
    getMail(life);
    if (!life.days(10, 20)) return;
    if (random.bool(0.4)) browse(life, 'books', 1);
  }
  if (random.bool(0.5)) {
    life.record('unsubscribed', { newsletter: 'weekly', medium: 'email', reason: 'too-many' }, { by: ['email'] });
    life.record('consent-withdrawn', { purpose: 'marketing', medium: 'email' });
  }
}

/** One large purchase in many years, after a long search. */
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
  life.record(
    'store-visited',
    { storeId: 'store-1', minutes: random.between(15, 80) },
    { channel: 'store', by: ['phone'] },
  );
  life.minutes(10, 30);
  life.record(
    'enquiry-made',
    {
      enquiryId: life.newId('enquiry'),
      topic: 'delivery-time',
      category: 'furniture',
      text: 'How long for the green one?',
    },
    { channel: 'store', by: ['phone', 'userId'] },
  );
  life.days(2, 20);
  const purchase = buy(life, 'furniture', { lines: 1, cart: true });
  life.days(15, 40);
  life.record('delivered', { orderId: purchase.orderId, onTime: random.bool(0.8) }, { channel: 'parcel' });
  life.days(4, 12);
  answer(life, 'csat', random.between(2, 5));
  if (random.bool(0.2)) getHelp(life, true, purchase.orderId);
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

/** They order and return: everything, a part, or they cancel on the same day. */
function returner(life: Life): void {
  const { random } = life;
  browse(life, 'clothing', 3);
  signUp(life);
  for (let order = random.between(1, 7); order > 0 && !life.ended; order -= 1) {
    const purchase: Purchase = buy(life, random.pick(['clothing', 'shoes']), { lines: 2 });
    const outcome = random.below(4);
    if (outcome === 0) {
      life.minutes(30, 240);
      life.record('order-cancelled', { orderId: purchase.orderId, reason: 'changed-mind' });
    } else if (outcome === 1) {
      life.days(4, 15);
      returnAll(life, purchase);
    } else if (outcome === 2) {
      life.days(4, 15);
      returnOne(life, purchase);
    } else {
      life.minutes(5, 50);
      addWrapping(life, purchase);
    }
    if (!life.days(10, 70)) return;
  }
}

function oneTimeBuyer(life: Life): void {
  const { random, person } = life;
  if (random.bool(0.5)) seeAd(life, 0.8);
  const category = random.pick(CATEGORIES);
  browse(life, category, 1);
  // Two who buy once each make a household that buys again.
  life.record('account-joined', { accountId: accountOf('household', person, 10), kind: 'household' });
  buy(life, category, { deliveredAfterDays: 2, context: random.bool(0.3) ? { by: ['email'] } : {} });
  if (random.bool(0.3)) answer(life, 'nps', random.between(0, 10), 'It came.');
  for (let mails = random.between(0, 8); mails > 0 && life.days(20, 50); mails -= 1) getMail(life, 0.2, 0.05);
}

/** They buy for a while, fall silent until at-risk or lapsed, and come back after an offer. */
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
  // A customer is at risk after at most 180 days and lapsed after one and a half times that: some get the offer between the two.
  life.days(random.pick([60, 90, 130]), 170);
  propose(life, 'come-back-10', 0.7);
  life.days(1, 10);
  browse(life, category, 1);
  if (random.bool(0.8)) {
    buy(life, random.bool(0.4) ? 'electronics' : category);
    while (life.days(25, 60) && random.bool(0.75)) buy(life, category);
  }
}

/** Silent for more than a year, hence lost. They come back by themselves, by a click or a purchase, and a new cycle begins. */
function lostAndReturning(life: Life): void {
  const { random } = life;
  signUp(life);
  const category = random.pick(['garden', 'toys', 'music'] as const);
  for (let order = random.between(1, 4); order > 0; order -= 1) {
    buy(life, category);
    life.days(12, 30);
  }
  // They get mailings in the meantime: what the business sends does not end a silence.
  for (let mails = 0; mails < 5; mails += 1) {
    life.days(50, 60);
    getMail(life, 0.3, 0);
  }
  if (!life.days(115, 170)) return;
  if (random.bool(0.5)) {
    getMail(life, 1, 1);
    life.minutes(1, 5);
    browse(life, category, 2);
    if (random.bool(0.3)) return;
    life.days(1, 12);
  }
  buy(life, category);
  if (random.bool(0.6) && life.days(14, 40)) buy(life, category);
}

/** They start with one category, try others and place larger orders: cross-sell and up-sell. */
function explorer(life: Life): void {
  const { random } = life;
  browse(life, 'wine', 2);
  signUp(life);
  const usual: Category = random.pick(['wine', 'pets', 'household']);
  for (let order = random.between(3, 5); order > 0; order -= 1) {
    buy(life, usual, { lines: 1 });
    life.days(12, 30);
  }
  if (random.bool(0.7)) {
    propose(life, 'complete-the-range', 0.5);
    buy(life, random.pick(['garden', 'books', 'shoes'] as const), { lines: 1 });
    life.days(15, 30);
  }
  if (random.bool(0.6))
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

/** They buy, review, recommend and refer friends. */
function fan(life: Life): void {
  const { random } = life;
  signUp(life);
  for (let order = random.between(2, 4); order > 0; order -= 1) {
    const { orderId, sku } = buy(life, random.pick(['music', 'books']), { deliveredAfterDays: 1 });
    life.days(5, 20);
    if (random.bool(0.7)) life.record('review-posted', { stars: random.between(4, 5), orderId, sku, text: 'Again!' });
  }
  answer(life, 'nps', random.between(9, 10), 'I recommend it to my friends.');
  life.days(1, 9);
  life.record('shared', { contentId: 'guide-music', network: 'social' });
  life.record('community-posted', {
    postId: life.newId('post'),
    topic: 'listening',
    text: 'What are you listening to?',
  });
  const friend = { namespace: 'email', value: life.friend.email, role: 'referee' as const };
  const referralId = life.newId('referral');
  life.record('referral-made', { referralId, campaign: 'friends' }, { others: [friend] });
  life.days(3, 40);
  if (random.bool(0.8))
    life.record('referral-converted', { referralId, rewardMinor: 1000, currency: 'EUR' }, { others: [friend] });
  while (life.days(20, 45) && random.bool(0.9)) {
    browse(life, 'music', 3);
    life.minutes(3, 30);
    buy(life, random.pick(['music', 'books']));
  }
}

function dayOfYear(at: number): number {
  const date = new Date(at);
  return Math.floor((at - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY);
}
