import { DAY, formatInstant } from '#contracts';
import type { Life, TouchpointContext } from './life.js';
import { articleOf, CATEGORIES, type Category } from './products.js';

/** What customers do and receive again and again: the archetypes are composed of these steps. */

const CAMPAIGNS = ['spring-fair', 'summer-sale', 'back-to-school', 'winter-lights', 'new-in', 'member-week'] as const;
const EMPLOYEES = ['emp-01', 'emp-02', 'emp-03', 'emp-04', 'emp-05', 'emp-06'] as const;
const CURRENCY = 'EUR';

export function employee(life: Life): { readonly kind: 'employee'; readonly id: string } {
  return { kind: 'employee', id: life.random.pick(EMPLOYEES) };
}

/** An ad is shown to the customer; they click it with the probability `clicks`. */
export function seeAd(life: Life, clicks = 0.3): void {
  const campaign = life.random.pick(CAMPAIGNS);
  life.record('ad-viewed', { campaign, audience: 'lookalike', placement: 'social' }, { channel: 'social' });
  if (!life.random.bool(clicks)) return;
  life.minutes(1, 3);
  life.record('ad-clicked', { campaign, audience: 'lookalike', placement: 'social' }, { channel: 'social' });
}

/** A mailing is delivered or bounces; the customer may open it, click it, or report it as spam. */
export function getMail(life: Life, opens = 0.5, clicks = 0.3): void {
  const campaign = life.random.pick(CAMPAIGNS);
  const message = { messageId: life.newId('msg'), campaign, medium: 'email' };
  const context: TouchpointContext = { channel: 'email', source: 'sim/mailing', by: ['email'] };
  life.record('campaign-received', { campaign, audience: 'newsletter', medium: 'email' }, context);
  life.minutes(1, 2);
  if (life.random.bool(0.02)) {
    life.record('message-bounced', { ...message, kind: 'soft', diagnostic: 'Mailbox full' }, context);
    return;
  }
  life.record('message-delivered', message, context);
  if (!life.random.bool(opens)) return;
  life.minutes(5, 600);
  life.record('message-opened', message, context);
  if (life.random.bool(0.01)) life.record('spam-reported', message, context);
  if (!life.random.bool(clicks)) return;
  life.minutes(1, 2);
  life.record('message-clicked', { ...message, link: 'to-the-shop' }, context);
}

/** The customer browses the shop or the app: pages, articles, perhaps a search. */
export function browse(life: Life, category: Category = life.random.pick(CATEGORIES), depth = 2): void {
  const { random } = life;
  if (random.bool(0.25)) life.record('app-opened', { app: 'shop', release: '4.2' }, { channel: 'app' });
  else life.record('site-visited', { page: `/${category}`, origin: random.pick(['search', 'direct', 'newsletter']) });
  for (let seen = 0; seen < depth; seen += 1) {
    life.minutes(1, 4);
    const article = articleOf(category, random);
    const { sku, name, priceMinor } = article;
    if (random.bool(0.2)) life.record('product-searched', { query: name, category, results: random.between(1, 40) });
    life.record('product-viewed', { sku, name, category, priceMinor, currency: CURRENCY });
  }
  if (random.bool(0.1)) life.record('wish-listed', { sku: articleOf(category, random).sku, category });
}

/** The customer reads, watches or listens to content of the business. */
export function learn(life: Life, category: Category = life.random.pick(CATEGORIES)): void {
  life.record('content-viewed', {
    contentId: `guide-${category}`,
    topic: 'guide',
    category,
    seconds: life.random.between(20, 400),
  });
}

export interface Purchase {
  readonly orderId: string;
  readonly totalMinor: number;
  readonly category: Category;
  readonly sku: string;
}

export interface PurchaseOptions {
  readonly lines?: number;
  readonly quantity?: number;
  readonly context?: TouchpointContext;
  /** Whether a cart and a checkout come before the order. */
  readonly cart?: boolean;
  readonly deliveredAfterDays?: number;
  readonly quoteId?: string;
}

/** The customer buys. */
export function buy(life: Life, category: Category, options: PurchaseOptions = {}): Purchase {
  const { random } = life;
  const orderId = life.newId('order');
  const lines = Array.from({ length: options.lines ?? random.between(1, 3) }, () => {
    const { sku, name, priceMinor } = articleOf(category, random);
    const quantity = options.quantity ?? 1;
    return {
      sku,
      name,
      category,
      quantity,
      unitPriceMinor: priceMinor,
      costMinor: Math.round(priceMinor * quantity * 0.62),
    };
  });
  const totalMinor = lines.reduce((sum, line) => sum + line.quantity * line.unitPriceMinor, 0);
  if (options.cart ?? random.bool(0.35)) {
    const offered = lines.map(({ costMinor: _cost, ...line }) => line);
    const cartId = life.newId('cart');
    life.record(
      'cart-updated',
      { cartId, change: 'added', lines: offered, totalMinor, currency: CURRENCY },
      options.context,
    );
    life.minutes(2, 9);
    life.record('checkout-started', { cartId, totalMinor, currency: CURRENCY }, options.context);
    life.minutes(1, 6);
  }
  life.record(
    'order-placed',
    { orderId, currency: CURRENCY, lines, ...(options.quoteId === undefined ? {} : { quoteId: options.quoteId }) },
    options.context,
  );
  if (options.deliveredAfterDays !== undefined) {
    const promisedAt = formatInstant(life.at + 3 * DAY);
    life.days(options.deliveredAfterDays, options.deliveredAfterDays + 1);
    life.record('delivered', { orderId, promisedAt, onTime: options.deliveredAfterDays <= 2 }, { channel: 'parcel' });
  }
  return { orderId, totalMinor, category, sku: lines[0]?.sku ?? '' };
}

const WRAPPING_MINOR = 390;

/** The customer returns the whole order. */
export function returnAll(life: Life, { orderId, totalMinor }: Purchase): void {
  life.record('order-returned', {
    orderId,
    whole: true,
    amountMinor: totalMinor,
    currency: CURRENCY,
    reason: 'not-as-expected',
  });
}

/** The customer has an order wrapped as a gift, which costs more. */
export function addWrapping(life: Life, { orderId, totalMinor }: Purchase): void {
  life.record('order-amended', {
    orderId,
    currency: CURRENCY,
    totalMinor: totalMinor + WRAPPING_MINOR,
    reason: 'gift-wrapping',
  });
}

/** The customer returns one article of an order. */
export function returnOne(life: Life, { orderId, sku }: Purchase): void {
  life.record('order-returned', { orderId, whole: false, lines: [{ sku, quantity: 1 }], reason: 'did-not-fit' });
}

/** The customer asks for help. The case is resolved, and half of the customers answer a survey about it. */
export function getHelp(life: Life, complains: boolean, orderId?: string): void {
  const { random } = life;
  const caseId = life.newId('case');
  const about = orderId === undefined ? {} : { orderId };
  life.record(
    'case-opened',
    { caseId, ...about, topic: 'delivery', severity: complains ? 'high' : 'normal', text: 'Where is my parcel?' },
    { channel: 'phone' },
  );
  if (complains) {
    life.minutes(1, 5);
    life.record(
      'complaint-made',
      { caseId, ...about, topic: 'delivery', text: 'This is the second time.' },
      { channel: 'phone' },
    );
  }
  life.minutes(5, 40);
  const actor = employee(life);
  life.record(
    'call-handled',
    {
      callId: life.newId('call'),
      caseId,
      minutes: random.between(2, 25),
      costMinor: random.between(150, 1900),
      currency: CURRENCY,
      outcome: 'promised',
    },
    { channel: 'phone', actor },
  );
  life.days(0, 6);
  life.record(
    'case-resolved',
    {
      caseId,
      minutes: random.between(5, 90),
      costMinor: random.between(300, 6000),
      currency: CURRENCY,
      withinStandard: random.bool(0.7),
    },
    { actor },
  );
  if (random.bool(0.5)) answer(life, 'ces', random.between(2, 7));
}

/** The customer answers one question of a survey. */
export function answer(life: Life, kind: 'nps' | 'csat' | 'ces', score: number, text?: string): void {
  life.record(
    'survey-answered',
    { kind, score, surveyId: `${kind}-wave`, ...(text === undefined ? {} : { text }) },
    { channel: 'email', by: ['email', 'userId'] },
  );
}

/** The customer signs up: from now on channels know them by their user id; the identifiers known before are linked to it. */
export function signUp(life: Life, formerly: readonly ('anonymousId' | 'deviceId')[] = []): void {
  const { person } = life;
  const attributes = { givenName: person.givenName, familyName: person.familyName, town: person.town };
  life.record('profile-updated', { attributes, precedence: 10 }, { by: ['userId', 'email', ...formerly] });
  life.identifyBy('userId');
  life.minutes(1, 3);
  if (life.random.bool(0.8))
    life.record('consent-given', { purpose: 'marketing', medium: 'email', wording: 'terms-3' });
  if (life.random.bool(0.4))
    life.record('newsletter-subscribed', { newsletter: 'weekly' }, { by: ['email', 'userId'] });
}

/** The business proposes something; the customer accepts, declines or ignores it. */
export function propose(life: Life, proposition: string, accepts: number): void {
  const actionId = life.newId('action');
  life.record(
    'action-proposed',
    { actionId, proposition, treatment: 'offer', medium: 'email', purpose: 'retention' },
    { channel: 'email' },
  );
  life.minutes(10, 300);
  if (life.random.bool(0.3))
    life.record(
      'contact-made',
      { actionId, medium: 'phone', purpose: 'retention', minutes: 4, costMinor: 420, currency: CURRENCY },
      { channel: 'phone', actor: employee(life) },
    );
  life.days(0, 3);
  const given = life.random.bool(accepts) ? 'accepted' : life.random.pick(['declined', 'ignored']);
  life.record('response-given', { answer: given, actionId, proposition });
}
