import { formatInstant } from '#contracts';
import { DAY, type Life, type Occasion } from './life.js';
import { articleOf, CATEGORIES, type Category } from './products.js';

/** What customers do and undergo over and over: the archetypes are told in these words. */

const CAMPAIGNS = ['spring-fair', 'summer-sale', 'back-to-school', 'winter-lights', 'new-in', 'member-week'] as const;
const EMPLOYEES = ['emp-01', 'emp-02', 'emp-03', 'emp-04', 'emp-05', 'emp-06'] as const;
const CURRENCY = 'EUR';

export function employee(life: Life): { readonly kind: 'employee'; readonly id: string } {
  return { kind: 'employee', id: life.random.pick(EMPLOYEES) };
}

/** An ad on their screen, clicked now and then. */
export function seeAd(life: Life, clicks = 0.3): void {
  const campaign = life.random.pick(CAMPAIGNS);
  life.touch('ad-viewed', { campaign, audience: 'lookalike', placement: 'social' }, { channel: 'social' });
  if (!life.random.random(clicks)) return;
  life.minutes(1, 3);
  life.touch('ad-clicked', { campaign, audience: 'lookalike', placement: 'social' }, { channel: 'social' });
}

/** A mailing of ours reaches them, or comes back; they may open it, click, or have enough of it. */
export function getMail(life: Life, opens = 0.5, clicks = 0.3): void {
  const campaign = life.random.pick(CAMPAIGNS);
  const message = { messageId: life.name('msg'), campaign, medium: 'email' };
  const occasion: Occasion = { channel: 'email', source: 'sim/mailing', by: ['email'] };
  life.touch('campaign-received', { campaign, audience: 'newsletter', medium: 'email' }, occasion);
  life.minutes(1, 2);
  if (life.random.random(0.02)) {
    life.touch('message-bounced', { ...message, kind: 'soft', diagnostic: 'Mailbox full' }, occasion);
    return;
  }
  life.touch('message-delivered', message, occasion);
  if (!life.random.random(opens)) return;
  life.minutes(5, 600);
  life.touch('message-opened', message, occasion);
  if (life.random.random(0.01)) life.touch('spam-reported', message, occasion);
  if (!life.random.random(clicks)) return;
  life.minutes(1, 2);
  life.touch('message-clicked', { ...message, link: 'to-the-shop' }, occasion);
}

/** The customer looks around the shop: pages, articles, perhaps a search or the app. */
export function browse(life: Life, category: Category = life.random.pick(CATEGORIES), depth = 2): void {
  const { random } = life;
  if (random.random(0.25)) life.touch('app-opened', { app: 'shop', release: '4.2' }, { channel: 'app' });
  else life.touch('site-visited', { page: `/${category}`, origin: random.pick(['search', 'direct', 'newsletter']) });
  for (let seen = 0; seen < depth; seen += 1) {
    life.minutes(1, 4);
    const article = articleOf(category, random);
    const { sku, name, priceMinor } = article;
    if (random.random(0.2)) life.touch('product-searched', { query: name, category, results: random.between(1, 40) });
    life.touch('product-viewed', { sku, name, category, priceMinor, currency: CURRENCY });
  }
  if (random.random(0.1)) life.touch('wish-listed', { sku: articleOf(category, random).sku, category });
}

/** The customer reads, watches, listens to what we publish. */
export function learn(life: Life, category: Category = life.random.pick(CATEGORIES)): void {
  life.touch('content-viewed', {
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

export interface PurchaseWishes {
  readonly lines?: number;
  readonly quantity?: number;
  readonly occasion?: Occasion;
  /** Cart and checkout before it. */
  readonly cart?: boolean;
  readonly deliveredAfterDays?: number;
  readonly quoteId?: string;
}

/** The customer buys. */
export function buy(life: Life, category: Category, wishes: PurchaseWishes = {}): Purchase {
  const { random } = life;
  const orderId = life.name('order');
  const lines = Array.from({ length: wishes.lines ?? random.between(1, 3) }, () => {
    const { sku, name, priceMinor } = articleOf(category, random);
    const quantity = wishes.quantity ?? 1;
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
  if (wishes.cart ?? random.random(0.35)) {
    const offered = lines.map(({ costMinor: _cost, ...line }) => line);
    const cartId = life.name('cart');
    life.touch(
      'cart-updated',
      { cartId, change: 'added', lines: offered, totalMinor, currency: CURRENCY },
      wishes.occasion,
    );
    life.minutes(2, 9);
    life.touch('checkout-started', { cartId, totalMinor, currency: CURRENCY }, wishes.occasion);
    life.minutes(1, 6);
  }
  life.touch(
    'order-placed',
    { orderId, currency: CURRENCY, lines, ...(wishes.quoteId === undefined ? {} : { quoteId: wishes.quoteId }) },
    wishes.occasion,
  );
  if (wishes.deliveredAfterDays !== undefined) {
    const promisedAt = formatInstant(life.at + 3 * DAY);
    life.days(wishes.deliveredAfterDays, wishes.deliveredAfterDays + 1);
    life.touch('delivered', { orderId, promisedAt, onTime: wishes.deliveredAfterDays <= 2 }, { channel: 'parcel' });
  }
  return { orderId, totalMinor, category, sku: lines[0]?.sku ?? '' };
}

/** All of an order goes back. */
export function returnAll(life: Life, { orderId, totalMinor }: Purchase): void {
  life.touch('order-returned', {
    orderId,
    whole: true,
    amountMinor: totalMinor,
    currency: CURRENCY,
    reason: 'not-as-expected',
  });
}

/** One article of an order goes back. */
export function returnOne(life: Life, { orderId, sku }: Purchase): void {
  life.touch('order-returned', { orderId, whole: false, lines: [{ sku, quantity: 1 }], reason: 'did-not-fit' });
}

/** The customer asks for help; it is resolved, sooner or later, and they may be asked how it was. */
export function getHelp(life: Life, complains: boolean, orderId?: string): void {
  const { random } = life;
  const caseId = life.name('case');
  const about = orderId === undefined ? {} : { orderId };
  life.touch(
    'case-opened',
    { caseId, ...about, topic: 'delivery', severity: complains ? 'high' : 'normal', text: 'Where is my parcel?' },
    { channel: 'phone' },
  );
  if (complains) {
    life.minutes(1, 5);
    life.touch(
      'complaint-made',
      { caseId, ...about, topic: 'delivery', text: 'This is the second time.' },
      { channel: 'phone' },
    );
  }
  life.minutes(5, 40);
  const actor = employee(life);
  life.touch(
    'call-handled',
    {
      callId: life.name('call'),
      caseId,
      minutes: random.between(2, 25),
      costMinor: random.between(150, 1900),
      currency: CURRENCY,
      outcome: 'promised',
    },
    { channel: 'phone', actor },
  );
  life.days(0, 6);
  life.touch(
    'case-resolved',
    {
      caseId,
      minutes: random.between(5, 90),
      costMinor: random.between(300, 6000),
      currency: CURRENCY,
      withinStandard: random.random(0.7),
    },
    { actor },
  );
  if (random.random(0.5)) answer(life, 'ces', random.between(2, 7));
}

/** The customer answers one question of a survey. */
export function answer(life: Life, kind: 'nps' | 'csat' | 'ces', score: number, text?: string): void {
  life.touch(
    'survey-answered',
    { kind, score, surveyId: `${kind}-wave`, ...(text === undefined ? {} : { text }) },
    { channel: 'email', by: ['email', 'userId'] },
  );
}

/** The customer signs up: from here on the channels know them by their own names, and what they knew before is linked. */
export function signUp(life: Life, formerly: readonly ('anonymousId' | 'deviceId')[] = []): void {
  const { person } = life;
  const attributes = { givenName: person.givenName, familyName: person.familyName, town: person.town };
  life.touch('profile-updated', { attributes, precedence: 10 }, { by: ['userId', 'email', ...formerly] });
  life.goBy('userId');
  life.minutes(1, 3);
  if (life.random.random(0.8))
    life.touch('consent-given', { purpose: 'marketing', medium: 'email', wording: 'terms-3' });
  if (life.random.random(0.4))
    life.touch('newsletter-subscribed', { newsletter: 'weekly' }, { by: ['email', 'userId'] });
}

/** Our people propose something; the customer answers or lets it pass. */
export function propose(life: Life, proposition: string, accepts: number): void {
  const actionId = life.name('action');
  life.touch(
    'action-proposed',
    { actionId, proposition, treatment: 'offer', medium: 'email', purpose: 'retention' },
    { channel: 'email' },
  );
  life.minutes(10, 300);
  if (life.random.random(0.3))
    life.touch(
      'contact-made',
      { actionId, medium: 'phone', purpose: 'retention', minutes: 4, costMinor: 420, currency: CURRENCY },
      { channel: 'phone', actor: employee(life) },
    );
  life.days(0, 3);
  const given = life.random.random(accepts) ? 'accepted' : life.random.pick(['declined', 'ignored']);
  life.touch('response-given', { answer: given, actionId, proposition });
}
