import { DAY, formatInstant } from '#contracts';
import { answer, buy, employee, getHelp, learn, seeAd, signUp } from '../behaviours.js';
import type { Life } from '../life.js';
import { accountOf } from '../people.js';
import type { Archetype } from './archetype.js';

/** People and companies with a contract or a quote. */
export const CONTRACTS: readonly Archetype[] = [
  { name: 'subscriber', perMille: 110, latestStartDay: 450, simulate: subscriber },
  { name: 'subscriber whose payment fails', perMille: 40, latestStartDay: 400, simulate: failingPayer },
  { name: 'business with a quote', perMille: 35, latestStartDay: 400, simulate: business },
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
  if (random.bool(0.6)) {
    life.record('trial-started', {
      trialId: life.newId('trial'),
      plan: 'basic',
      category: 'software',
      endsAt: formatInstant(life.at + 14 * DAY),
    });
    life.days(3, 14);
    use(life);
  }
  const contract = { contractId: life.newId('contract'), plan: random.below(2) };
  const [plan, amountMinor] = PLANS[contract.plan] ?? PLANS[0];
  life.record('subscription-started', {
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
  life.record(
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
  life.record(
    'payment-succeeded',
    { contractId: contract.contractId, paymentId: life.newId('payment'), amountMinor, currency: 'EUR' },
    BILLING,
  );
}

function fail(life: Life, contract: Contract): void {
  life.record(
    'payment-failed',
    { contractId: contract.contractId, paymentId: life.newId('payment'), reason: 'card-expired' },
    BILLING,
  );
}

function change(life: Life, contract: Contract, step: 1 | -1): void {
  const [formerPlan] = PLANS[contract.plan] ?? PLANS[0];
  contract.plan = Math.min(PLANS.length - 1, Math.max(0, contract.plan + step));
  const [plan, amountMinor] = PLANS[contract.plan] ?? PLANS[0];
  if (plan === formerPlan) return;
  life.record(step > 0 ? 'subscription-upgraded' : 'subscription-downgraded', {
    contractId: contract.contractId,
    plan,
    formerPlan,
    amountMinor,
    currency: 'EUR',
    period: 'month',
  });
}

/** Month by month they use, pay, upgrade, downgrade, pause and renew; half of them leave. */
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
    const draw = random.next();
    if (draw < 0.05) change(life, contract, 1);
    else if (draw < 0.09) change(life, contract, -1);
    else if (draw < 0.12) {
      life.record('subscription-paused', { contractId, reason: 'holidays' });
      life.days(20, 70);
      life.record('subscription-resumed', { contractId });
    } else if (draw < 0.15) getHelp(life, random.bool(0.3));
    else if (draw < 0.18) answer(life, 'nps', random.between(4, 10));
    else if (draw < 0.22) {
      life.record('subscription-cancelled', { contractId, endsAt: formatInstant(life.at + 30 * DAY), reason: 'price' });
      if (random.bool(0.3)) {
        // The customer changed their mind.
        life.days(5, 20);
        life.record('subscription-renewed', { contractId, period: 'month' });
        continue;
      }
      life.days(30);
      life.record('subscription-ended', { contractId, reason: 'notice' });
      if (random.bool(0.3) && life.days(30, 200)) {
        const again = begin(life);
        while (life.days(28, 31)) pay(life, again);
      }
      return;
    }
    if (month % 12 === 0) life.record('subscription-renewed', { contractId, period: 'month' });
  }
}

/** The card fails; the customer pays within the grace period, after it, or never. */
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
    // The grace period of 14 days ran out before the customer paid.
    life.days(20, 60);
    pay(life, contract);
  } else {
    life.days(20, 30);
    life.record('subscription-ended', { contractId: contract.contractId, reason: 'unpaid' });
    return;
  }
  while (life.days(28, 31)) {
    use(life);
    pay(life, contract);
  }
}

/** One of a company's people: a demo, quotes that stay open for months, and orders. Colleagues share the account of the company. */
function business(life: Life): void {
  const { random, person } = life;
  const accountId = accountOf('company', person, 100);
  life.identifyBy('email');
  life.record('enquiry-made', { enquiryId: life.newId('enquiry'), topic: 'volume', category: 'stationery' }, SALES);
  life.record('account-joined', { accountId, kind: 'company', part: person.index % 2 === 0 ? 'buyer' : 'user' });
  const actor = employee(life);
  life.record('owner-assigned', { ownerId: actor.id, kind: 'employee' }, { actor });
  life.days(3, 14);
  life.record('contact-met', { topic: 'needs', place: 'fair', minutes: 40 }, { ...SALES, actor });
  life.record('note-added', { text: 'Decides together with the head of facilities.', topic: 'sales' }, { actor });
  life.days(5, 20);
  life.record('demo-attended', { demoId: life.newId('demo'), category: 'stationery', minutes: 50 }, SALES);
  for (let quotes = random.between(1, 3); quotes > 0; quotes -= 1) {
    const quoteId = life.newId('quote');
    life.days(2, 10);
    life.record('quote-requested', { quoteId, category: 'stationery' }, SALES);
    life.days(1, 5);
    const validDays = random.pick([30, 90, 180]);
    life.record(
      'quote-sent',
      { quoteId, validUntil: formatInstant(life.at + validDays * DAY), totalMinor: 480_000, currency: 'EUR' },
      { ...SALES, actor },
    );
    const outcome = random.below(3);
    if (outcome === 0) {
      life.days(10, validDays);
      life.record('quote-declined', { quoteId, reason: 'price' }, SALES);
    } else if (outcome === 1) {
      life.days(validDays, validDays + 1);
      life.record('quote-expired', { quoteId }, SALES);
    } else {
      life.days(10, Math.min(170, validDays));
      life.record('quote-accepted', { quoteId }, SALES);
      life.minutes(10, 90);
      for (let orders = random.between(1, 4); orders > 0 && !life.ended; orders -= 1) {
        buy(life, 'stationery', {
          lines: 3,
          quantity: 4,
          cart: false,
          quoteId,
          deliveredAfterDays: 2,
          context: { channel: 'sales' },
        });
        life.days(40, 120);
      }
    }
    if (life.ended) return;
  }
  if (random.bool(0.3)) life.record('account-left', { accountId, reason: 'changed-job' });
}
