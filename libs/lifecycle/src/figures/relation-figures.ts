import { numberOf, textOf } from '../fold/facts.js';
import { refOf } from '../fold/fold.js';
import type { LifecycleEvent } from '../model.js';
import { netSpendOf } from './category-spend.js';
import { eventsAt, numberValue, textValue, unknownValue, type Figure, type FigureInput } from './figure.js';
import { ladderPlace, type LadderNeed } from './loyalty-ladder.js';
import { moneyFigure, moneyWords, type MoneyPart } from './money-figure.js';
import { ordersOf } from './purchase-summary.js';
import { dayText } from './rates.js';
import { satisfactionFigure } from './satisfaction.js';
import { shareOfCustomer, type CategoryShare } from './share-of-customer.js';

/** One of each referral: the same one may be told twice. */
function referrals(input: FigureInput, type: 'referral-made' | 'referral-converted'): readonly LifecycleEvent[] {
  const seen = new Map<string, LifecycleEvent>();
  for (const event of eventsAt(input, type)) {
    const id = textOf(event.data['referralId']);
    const key = id === null ? `\0${event.source}\0${event.id}` : id;
    if (!seen.has(key)) seen.set(key, event);
  }
  return [...seen.values()];
}

const counted = (name: string, type: 'referral-made' | 'referral-converted', meaning: string): Figure => ({
  ...{ name, unit: 'count', meaning, source: 'touchpoints' },
  formula: `count of ${type}, one for each referralId`,
  valueOf: (input) => {
    const events = referrals(input, type);
    return numberValue(events.length, { steps: [`${events.length} × ${type}`], events: events.map(refOf) });
  },
});

const share = (number: number): string => `${Math.round(number * 1_000) / 10} %`;

function categoryStep({ estimate, ours, share: found }: CategoryShare): string {
  const { category, from, until, source, total, rank, brands } = estimate;
  const period = `${category}, ${dayText(from)} to ${dayText(until - 1)}, by ${source}`;
  if (total === null)
    return `${period}: rank ${rank} of ${brands} brands: (1 − ${rank} ÷ ${Number(brands) + 1}) × 2 ÷ ${brands} = ${share(found ?? 0)}`;
  const wallet = moneyWords(total.amountMinor, total.currency);
  if (ours === null) return `${period}: our spend in ${total.currency} is not known, of ${wallet}: left out`;
  return `${period}: ${moneyWords(ours.amountMinor, ours.currency)} of ${wallet} = ${share(found ?? 0)}`;
}

const needText = ({ need, wanted, is, isMet }: LadderNeed): string =>
  `${need}: ${String(is ?? 'not known')}, needed ${String(wanted)}: ${isMet ? 'met' : 'not met'}`;

export const RELATION_FIGURES: readonly Figure[] = [
  {
    name: 'share-of-customer',
    unit: 'share',
    meaning: 'The share of what the customer spends in our categories that is ours; above 1 an estimate is too low',
    formula:
      'Σ our net spend ÷ Σ estimated spend, over the categories and periods with an estimate; by ranks alone the mean of (1 − rank ÷ (brands + 1)) × 2 ÷ brands',
    source: 'Wallet Allocation Rule: Keiningham et al. 2011',
    valueOf: (input) => {
      const { share: found, isAboveOne, categories, by } = shareOfCustomer(input.events, input.asOf, netSpendOf(input));
      const said = {
        notes: isAboveOne ? ['above 1: an estimate is too low'] : [],
        steps: categories.map(categoryStep),
        events: categories.map(({ estimate }) => estimate.event),
      };
      if (found === null) {
        const reason =
          categories.length === 0
            ? 'there is no estimate of what the customer spends: send wallet-estimated'
            : 'our spend is in other currencies than the estimates: publish rate-published for these days';
        return unknownValue(reason, said);
      }
      const result = `${by === 'rank' ? 'mean of the shares by rank' : 'our spend ÷ estimated spend'} = ${share(found)}`;
      return numberValue(found, { ...said, steps: [...said.steps, result] });
    },
  },
  counted('referrals-made', 'referral-made', 'How often the customer recommended us'),
  counted('referrals-converted', 'referral-converted', 'Customers that the customer brought'),
  {
    name: 'referral-revenue',
    unit: 'money',
    meaning: 'What the first orders of the customers that they brought came to',
    formula: 'Σ amount of referral-converted, one for each referralId, at the rate of its day',
    source: 'touchpoints',
    valueOf: (input) => {
      const events = referrals(input, 'referral-converted');
      const parts = events.flatMap((event): MoneyPart[] => {
        const [amountMinor, currency] = [numberOf(event.data['amountMinor']), textOf(event.data['currency'])];
        if (amountMinor === null || currency === null) return [];
        return [
          { ...{ amountMinor, currency, at: event.occurredAt, event: refOf(event) }, label: 'referral converted' },
        ];
      });
      const without = events.length - parts.length;
      const notes = without === 0 ? [] : [`${without} of ${events.length} converted referrals state no amount`];
      return moneyFigure(parts, input, { notes });
    },
  },
  {
    name: 'loyalty-ladder',
    unit: 'word',
    meaning: 'The rung of the loyalty ladder on which the customer stands',
    formula: 'the highest rung of the policy’s ladder whose needs are all met',
    source: 'the policy: ladder',
    valueOf: (input) => {
      const { view, policy, events, asOf, bookings } = input;
      const converted = referrals(input, 'referral-converted');
      const { grade, answers } = satisfactionFigure(events, asOf, policy.timeZone);
      const orders = ordersOf(bookings, asOf).filter(({ survives }) => survives);
      const { rung, met, upward } = ladderPlace(policy.ladder, {
        hasIntent: view.lastIntentAt !== null || view.cycle > 1 || view.orders > 0,
        orders: orders.length,
        satisfaction: grade,
        referralsConverted: converted.length,
      });
      const steps = [
        ...met.map(needText),
        ...(upward === null ? [] : [`next rung ${upward.rung}: ${upward.needs.map(needText).join('; ')}`]),
      ];
      const refs = [
        ...orders.map(({ event }) => event),
        ...(grade === null ? [] : answers.map(({ event }) => event)),
        ...converted.map(refOf),
      ];
      if (rung === null) return unknownValue('the customer meets the needs of no rung', { steps, events: refs });
      return textValue(rung, { steps: [...steps, `rung = ${rung}`], events: refs });
    },
  },
];
