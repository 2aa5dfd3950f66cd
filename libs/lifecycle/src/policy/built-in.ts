import type { LadderRung, PersonalRhythmRules, Policy, Signal } from './policy.js';

const own = (phase: Signal['phase']): readonly Signal[] => [{ phase, intent: true }];
/** Received, opened or viewed: it never does more than `awareness`, and ends neither `cold` nor `lost`. */
const ours: readonly Signal[] = [{ phase: 'awareness', intent: false }];
const by = (phase: NonNullable<Signal['phase']>): readonly Signal[] => [{ phase, intent: false }];

/** The catalogue's acquisition groups, read as signals; and what counts as intent beside them: use and purchases. */
const SIGNALS: Policy['signals'] = {
  'ad-viewed': ours,
  'ad-clicked': own('awareness'),
  'campaign-received': ours,
  'message-delivered': ours,
  'message-bounced': ours,
  'message-opened': ours,
  'site-visited': own('awareness'),
  'app-opened': own('awareness'),
  'content-viewed': own('knowledge'),
  'message-clicked': own('knowledge'),
  'newsletter-subscribed': own('knowledge'),
  'event-attended': own('knowledge'),
  'product-viewed': own('consideration'),
  'product-searched': own('consideration'),
  'wish-listed': own('consideration'),
  'store-visited': own('consideration'),
  'enquiry-made': own('consideration'),
  'contact-met': own('consideration'),
  'cart-updated': own('evaluation'),
  'checkout-started': own('evaluation'),
  'quote-requested': own('evaluation'),
  'quote-sent': by('evaluation'),
  'quote-accepted': own('evaluation'),
  // Declining a quote is the customer's own act, but no intent to buy.
  'quote-declined': by('evaluation'),
  'quote-expired': by('evaluation'),
  'demo-attended': own('evaluation'),
  'trial-started': own('evaluation'),
  'product-used': own(null),
  'order-placed': own(null),
  'subscription-started': own(null),
  'subscription-renewed': own(null),
  'subscription-upgraded': own(null),
  'subscription-resumed': own(null),
};

const PERSONAL_RHYTHM: PersonalRhythmRules = {
  mode: 'personal-rhythm',
  intervals: 12,
  daysNeeded: 3,
  atRiskTimesRhythm: 2,
  atRiskDaysMin: 30,
  atRiskDaysMax: 180,
  atRiskDaysWithoutRhythm: 90,
  lapsedTimesAtRisk: 1.5,
  lostDays: 365,
  lostTimesAtRisk: 2,
};

const LADDER: readonly LadderRung[] = [
  { rung: 'suspect', needs: {} },
  { rung: 'prospect', needs: { intent: true } },
  { rung: 'customer', needs: { ordersAtLeast: 1 } },
  { rung: 'client', needs: { ordersAtLeast: 2 } },
  { rung: 'supporter', needs: { ordersAtLeast: 2, satisfactionAtLeast: 'satisfied' } },
  { rung: 'advocate', needs: { ordersAtLeast: 1, referralsConvertedAtLeast: 1 } },
];

const TREATMENTS: Policy['treatments'] = {
  acquisition: {
    awareness: 'introduce',
    knowledge: 'inform',
    consideration: 'advise',
    evaluation: 'make an offer',
    cold: 'remind seldom',
  },
  retention: {
    onboarding: 'welcome',
    active: 'serve well',
    'at-risk': 'ask what is missing',
    lapsed: 'invite back',
    lost: 'win back or let go',
  },
  expansion: { 'cross-sell': 'complete the range', 'up-sell': 'show the better one', advocacy: 'thank and equip' },
};

const TAXONOMY = [
  'appliances',
  'beauty',
  'books',
  'clothing',
  'electronics',
  'flowers',
  'furniture',
  'games',
  'garden',
  'gifts',
  'groceries',
  'health',
  'home',
  'household',
  'insurance',
  'jewellery',
  'music',
  'pets',
  'services',
  'shoes',
  'software',
  'sports',
  'stationery',
  'toys',
  'travel',
  'vehicles',
  'wine',
];

const RETAIL: Policy = {
  name: 'retail',
  version: 1,
  timeZone: 'UTC',
  currency: null,
  signals: SIGNALS,
  acquisition: { coldAfterDays: 90 },
  onboarding: { secondOrderDueDays: 30 },
  silence: PERSONAL_RHYTHM,
  expansion: {
    windowDays: 180,
    crossSellOrdersBefore: 3,
    upSellTimesMedian: 1.5,
    upSellOrdersBefore: 3,
    advocacyStarsMin: 4,
    advocacyNpsMin: 9,
  },
  contracts: { graceDays: 14 },
  taxonomy: TAXONOMY,
  replacementDays: {},
  ladder: LADDER,
  tiers: { trailingMonths: 12, shareOfA: 0.8, shareOfB: 0.95 },
  treatments: TREATMENTS,
};

const YEAR = 365;

/**
 * The policies that come with the engine. They use UTC and name no currency; a business publishes its own copy.
 * `retail` holds the defaults of the rules; the others say only where they differ.
 */
export const BUILT_IN_POLICIES: Readonly<Record<'retail' | 'subscription' | 'durable' | 'seasonal', Policy>> = {
  retail: RETAIL,
  // Contracts decide; for customers who only order, the defaults hold.
  subscription: { ...RETAIL, name: 'subscription' },
  // Products last: their replacement interval is the lower bound of at-risk, and a longer silence means little.
  durable: {
    ...RETAIL,
    name: 'durable',
    silence: {
      ...PERSONAL_RHYTHM,
      atRiskDaysMin: 180,
      atRiskDaysMax: 3 * YEAR,
      atRiskDaysWithoutRhythm: 2 * YEAR,
      lostDays: 4 * YEAR,
    },
    taxonomy: [...TAXONOMY, 'beds', 'bicycles', 'carpets', 'cars', 'kitchens', 'sofas', 'tables'].sort(),
    replacementDays: {
      appliances: 10 * YEAR,
      beds: 10 * YEAR,
      bicycles: 7 * YEAR,
      carpets: 10 * YEAR,
      cars: 6 * YEAR,
      electronics: 4 * YEAR,
      furniture: 8 * YEAR,
      kitchens: 15 * YEAR,
      sofas: 8 * YEAR,
      tables: 12 * YEAR,
      vehicles: 6 * YEAR,
    },
  },
  seasonal: {
    ...RETAIL,
    name: 'seasonal',
    silence: {
      mode: 'seasonal',
      atRiskDaysAfterAnniversary: 14,
      lapsedDaysAfterAnniversary: 45,
      lostDaysAfterSecondAnniversary: 45,
    },
  },
};
