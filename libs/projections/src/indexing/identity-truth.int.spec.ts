import { beforeAll, describe, expect, it } from '@jest/globals';
import { IngestTouchpoints, IngestTouchpointsHandler, Ingestion } from '#ingestion';
import { openSqliteKeyStore, Sealer } from '#keys';
import { RESOLUTION_RULES, resolveCustomers, type Resolution } from '#lifecycle';
import { memoryLog, orderPlaced } from '#testing';
import { emptyFacts, gather } from './page-facts.js';
import { seededRandom, shuffled } from '../testdata/world.js';

const PEOPLE = 20_000;
const EVENTS_EACH = 5;
const NOW = Date.UTC(2026, 5, 1);
const DAY_MS = 86_400_000;
/** Tablets in shops, each used by hundreds of people. */
const KIOSKS = 20;
const PLACEHOLDERS = ['test@test.com', 'unknown', 'n/a', 'none@none.com', 'noemail@noemail.com', 'null'];

const DATA: Readonly<Record<string, (count: number) => object>> = {
  'order-placed': (count) => ({ orderId: `o${count}`, currency: 'EUR', totalMinor: 1_000 }),
  'profile-updated': () => ({ attributes: { plan: 'basic' } }),
};

type Who = Readonly<Record<string, string>>;

/** A person of the simulation: the identifiers that are theirs alone. */
interface Person {
  readonly registered: boolean;
  readonly own: readonly { readonly namespace: string; readonly value: string }[];
  /** Whether they use a tablet of a shop. */
  readonly kiosk: boolean;
}

/**
 * People who visit anonymously, log in weeks later, buy, open the app on a device of the household or of a shop, and whose forms send placeholders in
 * place of an e-mail address. Three of ten never log in: they order by e-mail.
 */
function simulated(seed: number): { people: Person[]; documents: object[] } {
  const random = seededRandom(seed);
  const people: Person[] = [];
  const documents: object[] = [];
  let count = 0;
  const tell = (who: Who, day: number, type: string): void => {
    count += 1;
    documents.push(
      orderPlaced({
        ...{ id: `e${count}`, time: new Date(NOW - 200 * DAY_MS + day * DAY_MS).toISOString(), type },
        identifiers: Object.entries(who).map(([namespace, value]) => ({ namespace, value })),
        data: DATA[type]?.(count) ?? {},
      }),
    );
  };
  for (let i = 0; i < PEOPLE; i += 1) {
    const registered = random() < 0.7;
    const kiosk = random() < 0.3;
    const [userId, email] = [`user-${i}`, `person.${i}@mail.example`];
    const [browser, phoneBrowser] = [`browser-${i}`, `phone-${i}`];
    const name: Who = registered ? { userId } : { email };
    const first = Math.floor(random() * 60);
    tell({ anonymousId: browser }, first, 'site-visited');
    // The login comes weeks after the first visit. A guest shows the e-mail address with an order.
    if (registered) tell({ userId, email, anonymousId: browser }, first + 21, 'profile-updated');
    else tell({ email, anonymousId: browser }, first + 21, 'order-placed');
    const placeholder = PLACEHOLDERS[Math.floor(random() * PLACEHOLDERS.length)] ?? '';
    tell(registered && random() < 0.3 ? { ...name, email: placeholder } : name, first + 30, 'order-placed');
    // Three people to a household, who share a tablet; or a tablet of the shop.
    const device = kiosk ? `kiosk-${i % KIOSKS}` : registered ? `tablet-${Math.floor(i / 3)}` : `own-${i}`;
    tell({ ...name, deviceId: device }, first + 40, 'app-opened');
    if (registered) tell({ userId, anonymousId: phoneBrowser }, first + 50, 'profile-updated');
    else tell({ email, anonymousId: phoneBrowser }, first + 50, 'site-visited');
    people.push({
      ...{ registered, kiosk },
      own: [
        ...(registered ? [{ namespace: 'userId', value: userId }] : []),
        { namespace: 'email', value: email },
        { namespace: 'anonymousId', value: browser },
        { namespace: 'anonymousId', value: phoneBrowser },
      ],
    });
  }
  return { people, documents: shuffled(documents, seed) };
}

describe(`customers of ${PEOPLE * EVENTS_EACH} touchpoints of ${PEOPLE} people, with shared devices, placeholders and late logins`, () => {
  let people: Person[];
  let resolution: Resolution;
  let subjectOf: (identifier: Person['own'][number]) => string;
  let accepted = 0;

  beforeAll(async () => {
    const { people: simulatedPeople, documents } = simulated(7);
    people = simulatedPeople;
    const clock = { now: () => NOW };
    const keys = openSqliteKeyStore({ file: ':memory:' });
    const sealer = new Sealer(keys);
    const log = memoryLog({ clock });
    const take = new IngestTouchpointsHandler(new Ingestion({ log, sealer }));
    for (let at = 0; at < documents.length; at += 1_000) {
      const items = documents.slice(at, at + 1_000).map((document) => ({ document }));
      const { results } = await take.execute(new IngestTouchpoints(items, NOW));
      accepted += results.filter(({ outcome }) => outcome === 'accepted').length;
    }
    const facts = emptyFacts();
    for await (const page of log.readAll(0)) gather(facts, page, false);
    resolution = resolveCustomers([...facts.subjects.values()], facts.links, RESOLUTION_RULES);
    subjectOf = ({ namespace, value }) => sealer.subjectIdOf(namespace, value);
    await keys.close();
  }, 300_000);

  /** Of pairs of identifiers that are each one person's alone: how many of those joined are right, and how many of those that belong together are joined. */
  const pairs = (of: (person: Person) => boolean): { precision: number; recall: number } => {
    const { customerOf } = resolution;
    const membersOf = new Map<string, number[]>();
    let [right, expected] = [0, 0];
    people.forEach((person, index) => {
      if (!of(person)) return;
      const customers = person.own.map((identifier) => customerOf.get(subjectOf(identifier)) ?? '');
      for (let x = 0; x < customers.length; x += 1)
        for (let y = x + 1; y < customers.length; y += 1) {
          expected += 1;
          if (customers[x] === customers[y]) right += 1;
        }
      for (const customer of customers) membersOf.set(customer, [...(membersOf.get(customer) ?? []), index]);
    });
    let joined = 0;
    for (const members of membersOf.values()) joined += (members.length * (members.length - 1)) / 2;
    return { precision: joined === 0 ? 1 : right / joined, recall: right / expected };
  };

  it('all arrived', () => {
    expect(accepted).toBe(PEOPLE * EVENTS_EACH);
  });

  it('equal the truth for each person who ever logged in: precision 1 and recall 1, also where hundreds share a device', () => {
    expect(pairs(({ registered }) => registered)).toEqual({ precision: 1, recall: 1 });
    expect(pairs(({ registered, kiosk }) => registered && kiosk)).toEqual({ precision: 1, recall: 1 });
  });

  it('equal the truth for guests who share no device', () => {
    expect(pairs(({ registered, kiosk }) => !registered && !kiosk)).toEqual({ precision: 1, recall: 1 });
  });

  it('join no strangers among guests at the tablet of a shop: these lose links rather', () => {
    const { precision, recall } = pairs(({ registered, kiosk }) => !registered && kiosk);
    expect(precision).toBe(1);
    // Their orders showed e-mail and browser together, and no login said so.
    expect(recall).toBe(0);
  });

  it('are, over all people: precision 1, recall 0.95', () => {
    const { precision, recall } = pairs(() => true);
    expect(precision).toBe(1);
    expect(Math.round(recall * 100) / 100).toBe(0.95);
  });

  it('are none of them a mega-customer, and no placeholder joins anyone', () => {
    const largest = Math.max(...resolution.customers.map(({ subjects }) => subjects.length));
    expect(largest).toBeLessThanOrEqual(6);
    for (const value of PLACEHOLDERS)
      expect(resolution.customerOf.has(subjectOf({ namespace: 'email', value }))).toBe(false);
    // The tablets of shops are listed.
    expect(resolution.oversized.length).toBeGreaterThan(0);
  });
});
