import { refOf } from '../fold/fold.js';
import type { EventRef } from '../model.js';
import { eventsAt, numberValue, unknownValue, type Figure, type FigureInput, type FigureValue } from './figure.js';
import { moneyFigure, type MoneyPart } from './money-figure.js';
import { bookingsAt, marginParts } from './purchase-figures.js';
import { receivedParts, serviceWork } from './service-entries.js';
import { serviceFigures } from './service.js';

/** What it cost to serve the customer; `unknown` where some of it has no price. */
interface Costs {
  readonly parts: readonly MoneyPart[];
  readonly notes: readonly string[];
  readonly unknown: string | null;
}

function costsOf(input: FigureInput): Costs {
  const { policy, view } = input;
  const { costs, currency } = policy;
  const { parts: stated, unpriced } = serviceWork(input);
  const parts: MoneyPart[] = [...stated];
  const priced = (label: string, amountMinor: number, at: number, event: EventRef | null): void => {
    if (currency !== null && amountMinor > 0) parts.push({ label, amountMinor, currency, at, event });
  };
  const { minuteMinor, contactMinor, returnMinor, acquisitionMinor } = costs ?? {};
  if (minuteMinor !== undefined)
    for (const { minutes, event } of unpriced)
      priced(`${minutes} minutes of work`, minutes * minuteMinor, event.occurredAt, refOf(event));
  const { contacts } = serviceFigures(input.events, input.asOf);
  if (contactMinor !== undefined)
    priced(contacts === 1 ? '1 contact' : `${contacts} contacts`, contacts * contactMinor, input.asOf, null);
  if (returnMinor !== undefined)
    for (const booking of bookingsAt(input))
      if (booking.kind === 'return')
        priced(`return of ${booking.orderId ?? ''}`, returnMinor, booking.at, booking.event);
  if (acquisitionMinor !== undefined && view.firstPurchaseAt !== null)
    priced('acquisition', acquisitionMinor, view.firstPurchaseAt, null);
  const minutes = unpriced.reduce((sum, each) => sum + each.minutes, 0);
  return {
    parts,
    notes: costs === undefined ? ['the policy names no costs: contacts, returns and acquisition count nothing'] : [],
    unknown:
      minutes > 0 && minuteMinor === undefined
        ? `${minutes} minutes of work have no cost: send costMinor with its currency, or set costs.minuteMinor in the policy`
        : null,
  };
}

function sumOfCosts(input: FigureInput): FigureValue {
  const { parts, notes, unknown } = costsOf(input);
  return moneyFigure(parts, input, { notes, unknown });
}

const unlike = (parts: readonly MoneyPart[]): readonly MoneyPart[] =>
  parts.map((part) => ({ ...part, amountMinor: -part.amountMinor }));

/** A share of what it is known of; not known without any. */
const shareFigure = (
  name: string,
  meaning: string,
  formula: string,
  types: readonly string[],
  read: (found: ReturnType<typeof serviceFigures>) => { readonly good: number; readonly all: number },
): Figure => ({
  ...{ name, unit: 'share', meaning, formula, source: 'touchpoints' },
  valueOf: (input) => {
    const { good, all } = read(serviceFigures(input.events, input.asOf));
    const events = eventsAt(input, ...types).map(refOf);
    if (all === 0) return unknownValue(`no ${types.join(' or ')} says so`, { events });
    return numberValue(good / all, { steps: [`${good} ÷ ${all}`], events });
  },
});

const SERVICE_TYPES = ['case-opened', 'complaint-made', 'case-resolved', 'call-handled'];

const countFigure = (
  name: string,
  unit: 'count' | 'minutes',
  meaning: string,
  formula: string,
  read: (found: ReturnType<typeof serviceFigures>) => number,
): Figure => ({
  ...{ name, unit, meaning, formula, source: 'touchpoints' },
  valueOf: (input) => {
    const number = read(serviceFigures(input.events, input.asOf));
    const events = eventsAt(input, ...SERVICE_TYPES).map(refOf);
    return numberValue(number, { steps: [`${number} ${unit === 'count' ? 'in all' : unit}`], events });
  },
});

export const SERVICE_FIGURES: readonly Figure[] = [
  countFigure(
    'service-contacts',
    'count',
    'How often the customer turned to us',
    'cases + complaints + calls, those of one case once',
    ({ contacts }) => contacts,
  ),
  countFigure(
    'open-cases',
    'count',
    'Cases and complaints that are not resolved',
    'cases and complaints opened − resolved',
    ({ cases }) => cases.open,
  ),
  countFigure(
    'service-minutes',
    'minutes',
    'Minutes of work on cases and calls',
    'Σ minutes of case-resolved and call-handled',
    ({ minutes }) => minutes,
  ),
  {
    name: 'cost-to-serve',
    unit: 'money',
    meaning: 'What serving and winning the customer cost',
    formula:
      'Σ stated costs of cases and calls + minutes without a cost × costs.minuteMinor + contacts × costs.contactMinor + returns × costs.returnMinor + costs.acquisitionMinor once bought',
    source: 'the policy: costs',
    valueOf: sumOfCosts,
  },
  {
    name: 'profit',
    unit: 'money',
    meaning: 'What the customer brought us',
    formula: 'margin − cost to serve',
    source: 'the policy: costs',
    valueOf: (input) => {
      const margin = marginParts(input);
      const costs = costsOf(input);
      const parts = [...margin.parts, ...unlike(costs.parts)];
      return moneyFigure(parts, input, { notes: [...margin.notes, ...costs.notes], unknown: costs.unknown });
    },
  },
  {
    name: 'discounts-received',
    unit: 'money',
    meaning: 'Discounts on the customer’s orders',
    formula: 'Σ discounts on lines and orders, each at the rate of its day',
    source: 'touchpoints',
    valueOf: (input) => moneyFigure(receivedParts(input, 'discounts'), input),
  },
  {
    name: 'rewards-received',
    unit: 'money',
    meaning: 'What rewards for points and referrals were worth to the customer',
    formula: 'Σ rewards of points-redeemed and referral-converted, each at the rate of its day',
    source: 'touchpoints',
    valueOf: (input) => moneyFigure(receivedParts(input, 'rewards'), input),
  },
  {
    name: 'value-received',
    unit: 'money',
    meaning: 'What the relationship gave the customer in money',
    formula: 'discounts received + rewards received',
    source: 'touchpoints',
    valueOf: (input) => moneyFigure([...receivedParts(input, 'discounts'), ...receivedParts(input, 'rewards')], input),
  },
  shareFigure(
    'deliveries-on-time',
    'Deliveries that came in time, of those of which it is known',
    'deliveries on time ÷ deliveries of which it is known',
    ['delivered'],
    ({ received }) => ({ good: received.deliveriesOnTime, all: received.deliveries }),
  ),
  shareFigure(
    'cases-in-time',
    'Cases that were resolved within the standard, of those of which it is known',
    'cases within the standard ÷ resolved cases of which it is known',
    ['case-resolved'],
    ({ cases }) => ({ good: cases.withinStandard, all: cases.judged }),
  ),
];
