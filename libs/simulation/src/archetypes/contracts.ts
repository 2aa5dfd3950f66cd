import { formatInstant } from '#contracts';
import { answer, buy, employee, getHelp, learn, seeAd, signUp } from '../habits.js';
import { DAY, type Life } from '../life.js';
import type { Archetype } from './archetype.js';

/** People and companies bound by a contract, or by a quote. */
export const CONTRACTS: readonly Archetype[] = [
  { name: 'subscriber', perMille: 110, beginsBy: 450, live: subscriber },
  { name: 'subscriber whose payment fails', perMille: 40, beginsBy: 400, live: failingPayer },
  { name: 'business with a quote', perMille: 35, beginsBy: 400, live: business },
];

const BILLING = { source: 'sim/billing' } as const;
const SALES = { source: 'sim/sales', channel: 'sales' } as const;
const PLANS = [
  ['basic', 990],
  ['plus', 1990],
  ['family', 2990],
] as const;

interface Contract {
  readonly contractId: string;
  plan: number;
}

function begin(life: Life): Contract {
  const { random } = life;
  seeAd(life, 0.6);
  learn(life, 'software');
  signUp(life);
  if (random.random(0.6)) {
    life.touch('trial-started', {
      trialId: life.name('trial'),
      plan: 'basic',
      category: 'software',
      endsAt: formatInstant(life.at + 14 * DAY),
    });
    life.days(3, 14);
    use(life);
  }
  const contract = { contractId: life.name('contract'), plan: random.below(2) };
  const [plan, amountMinor] = PLANS[contract.plan] ?? PLANS[0];
  life.touch('subscription-started', {
    contractId: contract.contractId,
    plan,
    category: 'software',
    amountMinor,
    currency: 'EUR',
    period: 'month',
  });
  return contract;
}

function use(life: Life): void {
  life.touch(
    'product-used',
    {
      product: 'library',
      feature: life.random.pick(['listen', 'search', 'share']),
      minutes: life.random.between(3, 120),
    },
    { channel: 'app' },
  );
}

function pay(life: Life, contract: Contract): void {
  const [, amountMinor] = PLANS[contract.plan] ?? PLANS[0];
  life.touch(
    'payment-succeeded',
    { contractId: contract.contractId, paymentId: life.name('payment'), amountMinor, currency: 'EUR' },
    BILLING,
  );
}

function fail(life: Life, contract: Contract): void {
  life.touch(
    'payment-failed',
    { contractId: contract.contractId, paymentId: life.name('payment'), reason: 'card-expired' },
    BILLING,
  );
}

function change(life: Life, contract: Contract, step: 1 | -1): void {
  const [formerPlan] = PLANS[contract.plan] ?? PLANS[0];
  contract.plan = Math.min(PLANS.length - 1, Math.max(0, contract.plan + step));
  const [plan, amountMinor] = PLANS[contract.plan] ?? PLANS[0];
  if (plan === formerPlan) return;
  life.touch(step > 0 ? 'subscription-upgraded' : 'subscription-downgraded', {
    contractId: contract.contractId,
    plan,
    formerPlan,
    amountMinor,
    currency: 'EUR',
    period: 'month',
  });
}

/** Month by month: uses, pays, upgrades, downgrades, rests, renews, and half of them leave. */
function subscriber(life: Life): void {
  const { random } = life;
  const contract = begin(life);
  const { contractId } = contract;
  for (let month = 1; life.days(27, 31); month += 1) {
    for (let times = random.between(1, 5); times > 0; times -= 1) {
      use(life);
      life.minutes(30, 900);
    }
    pay(life, contract);
    const turn = random.next();
    if (turn < 0.05) change(life, contract, 1);
    else if (turn < 0.09) change(life, contract, -1);
    else if (turn < 0.12) {
      life.touch('subscription-paused', { contractId, reason: 'holidays' });
      life.days(20, 70);
      life.touch('subscription-resumed', { contractId });
    } else if (turn < 0.15) getHelp(life, random.random(0.3));
    else if (turn < 0.18) answer(life, 'nps', random.between(4, 10));
    else if (turn < 0.22) {
      life.touch('subscription-cancelled', { contractId, endsAt: formatInstant(life.at + 30 * DAY), reason: 'price' });
      if (random.random(0.3)) {
        // Thought better of it.
        life.days(5, 20);
        life.touch('subscription-renewed', { contractId, period: 'month' });
        continue;
      }
      life.days(30);
      life.touch('subscription-ended', { contractId, reason: 'notice' });
      if (random.random(0.3) && life.days(30, 200)) {
        const again = begin(life);
        while (life.days(28, 31)) pay(life, again);
      }
      return;
    }
    if (month % 12 === 0) life.touch('subscription-renewed', { contractId, period: 'month' });
  }
}

/** The card fails: paid within the grace, or after it, or never. */
function failingPayer(life: Life): void {
  const { random } = life;
  const contract = begin(life);
  for (let months = random.between(2, 6); months > 0; months -= 1) {
    if (!life.days(28, 31)) return;
    use(life);
    pay(life, contract);
  }
  life.days(28, 31);
  fail(life, contract);
  life.days(2, 5);
  fail(life, contract);
  const ending = random.below(3);
  if (ending === 0) {
    life.days(1, 6);
    pay(life, contract);
  } else if (ending === 1) {
    // The grace of 14 days ran out; then the money came after all.
    life.days(20, 60);
    pay(life, contract);
  } else {
    life.days(20, 30);
    life.touch('subscription-ended', { contractId: contract.contractId, reason: 'unpaid' });
    return;
  }
  while (life.days(28, 31)) {
    use(life);
    pay(life, contract);
  }
}

/** A company's buyer: demo, quote open for months, an order, and a colleague on the same account who orders for himself. */
function business(life: Life): void {
  const { random, person } = life;
  const accountId = `account-${person.userId}`;
  life.goBy('email');
  life.touch('enquiry-made', { enquiryId: life.name('enquiry'), topic: 'volume', category: 'stationery' }, SALES);
  life.touch('account-joined', { accountId, kind: 'company', part: 'buyer' });
  const actor = employee(life);
  life.touch('owner-assigned', { ownerId: actor.id, kind: 'employee' }, { actor });
  life.days(3, 14);
  life.touch('contact-met', { topic: 'needs', place: 'fair', minutes: 40 }, { ...SALES, actor });
  life.touch('note-added', { text: 'Decides together with the head of facilities.', topic: 'sales' }, { actor });
  life.days(5, 20);
  life.touch('demo-attended', { demoId: life.name('demo'), category: 'stationery', minutes: 50 }, SALES);
  for (let quotes = random.between(1, 3); quotes > 0; quotes -= 1) {
    const quoteId = life.name('quote');
    life.days(2, 10);
    life.touch('quote-requested', { quoteId, category: 'stationery' }, SALES);
    life.days(1, 5);
    const validDays = random.pick([30, 90, 180]);
    life.touch(
      'quote-sent',
      { quoteId, validUntil: formatInstant(life.at + validDays * DAY), totalMinor: 480_000, currency: 'EUR' },
      { ...SALES, actor },
    );
    const outcome = random.below(3);
    if (outcome === 0) {
      life.days(10, validDays);
      life.touch('quote-declined', { quoteId, reason: 'price' }, SALES);
    } else if (outcome === 1) {
      life.days(validDays, validDays + 1);
      life.touch('quote-expired', { quoteId }, SALES);
    } else {
      life.days(10, Math.min(170, validDays));
      life.touch('quote-accepted', { quoteId }, SALES);
      life.minutes(10, 90);
      for (let orders = random.between(1, 4); orders > 0 && !life.over; orders -= 1) {
        buy(life, 'stationery', {
          lines: 3,
          quantity: 4,
          cart: false,
          quoteId,
          deliveredAfterDays: 2,
          occasion: { channel: 'sales' },
        });
        life.days(40, 120);
      }
    }
    if (life.over) return;
  }
  if (random.random(0.3)) life.touch('account-left', { accountId, reason: 'changed-job' });
}
