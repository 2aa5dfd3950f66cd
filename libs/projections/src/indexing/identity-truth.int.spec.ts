import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Row } from '#database';
import type { EventLog } from '#event-log';
import { IngestTouchpoints, IngestTouchpointsHandler, Ingestion } from '#ingestion';
import { openSqliteKeyStore, Sealer } from '#keys';
import { RESOLUTION_RULES, resolveCustomers, type Resolution } from '#lifecycle';
import { memoryLog, orderPlaced } from '#testing';
import { openStore, type OpenedStore } from '#testing/stores';
import { Projector } from '../processor/projector.js';
import { liveSchema } from '../schema.js';
import { emptyFacts, gather } from './page-facts.js';
import { seededRandom, shuffled } from '../testdata/world.js';

const PEOPLE = 20_000;
const EVENTS_EACH = 5;
const NOW = Date.UTC(2026, 5, 1);
const CLOCK = { now: () => NOW };
const DAY_MS = 86_400_000;
/** One tablet of a shop for so many people; three in ten of them use it. */
const PEOPLE_AT_A_KIOSK = 1_000;
/** So many people are folded into the tables: `IDENTITY_PEOPLE=20000` for all of them, which takes minutes. */
const PEOPLE_IN_TABLES = Number(process.env['IDENTITY_PEOPLE'] ?? 1_000);
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
function simulated(count: number, seed: number): { people: Person[]; documents: object[] } {
  const random = seededRandom(seed);
  const people: Person[] = [];
  const documents: object[] = [];
  let told = 0;
  const tell = (who: Who, day: number, type: string): void => {
    told += 1;
    documents.push(
      orderPlaced({
        ...{ id: `e${told}`, time: new Date(NOW - 200 * DAY_MS + day * DAY_MS).toISOString(), type },
        identifiers: Object.entries(who).map(([namespace, value]) => ({ namespace, value })),
        data: DATA[type]?.(told) ?? {},
      }),
    );
  };
  for (let i = 0; i < count; i += 1) {
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
    const device = kiosk
      ? `kiosk-${i % Math.ceil(count / PEOPLE_AT_A_KIOSK)}`
      : registered
        ? `tablet-${Math.floor(i / 3)}`
        : `own-${i}`;
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

/** People, and the log that ingestion makes of what they did. */
interface SimulatedLog {
  readonly people: readonly Person[];
  readonly log: EventLog;
  readonly accepted: number;
  readonly subjectOf: (identifier: Person['own'][number]) => string;
  /** As one pure function of all facts resolves them. */
  readonly resolution: Resolution;
}

async function simulatedLog(count: number): Promise<SimulatedLog> {
  const { people, documents } = simulated(count, 7);
  const keys = openSqliteKeyStore({ file: ':memory:' });
  const sealer = new Sealer(keys);
  const log = memoryLog({ clock: CLOCK });
  const take = new IngestTouchpointsHandler(new Ingestion({ log, sealer }));
  let accepted = 0;
  for (let at = 0; at < documents.length; at += 1_000) {
    const items = documents.slice(at, at + 1_000).map((document) => ({ document }));
    const { results } = await take.execute(new IngestTouchpoints(items, NOW));
    accepted += results.filter(({ outcome }) => outcome === 'accepted').length;
  }
  const facts = emptyFacts();
  for await (const page of log.readAll(0)) gather(facts, page, false);
  const resolution = resolveCustomers([...facts.subjects.values()], facts.links, RESOLUTION_RULES);
  const subjectIds = new Map(
    people.flatMap(({ own }) => own).map(({ namespace, value }) => [value, sealer.subjectIdOf(namespace, value)]),
  );
  for (const value of PLACEHOLDERS) subjectIds.set(value, sealer.subjectIdOf('email', value));
  await keys.close();
  return { people, log, accepted, resolution, subjectOf: ({ value }) => subjectIds.get(value) ?? '' };
}

/** Of pairs of identifiers that are each one person's alone: how many of those joined are right, and how many of those that belong together are joined. */
function pairsOf(
  { people, subjectOf }: SimulatedLog,
  customerOf: ReadonlyMap<string, string>,
  of: (person: Person) => boolean,
): { readonly precision: number; readonly recall: number } {
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
    for (const customer of customers) {
      const members = membersOf.get(customer);
      if (members === undefined) membersOf.set(customer, [index]);
      else members.push(index);
    }
  });
  let joined = 0;
  for (const members of membersOf.values()) joined += (members.length * (members.length - 1)) / 2;
  return { precision: joined === 0 ? 1 : right / joined, recall: right / expected };
}

describe(`customers of ${PEOPLE * EVENTS_EACH} touchpoints of ${PEOPLE} people, with shared devices, placeholders and late logins`, () => {
  let simulation: SimulatedLog;
  beforeAll(async () => {
    simulation = await simulatedLog(PEOPLE);
  }, 300_000);

  const pairs = (of: (person: Person) => boolean) => pairsOf(simulation, simulation.resolution.customerOf, of);

  it('all arrived', () => {
    expect(simulation.accepted).toBe(PEOPLE * EVENTS_EACH);
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
    const { resolution, subjectOf } = simulation;
    const largest = Math.max(...resolution.customers.map(({ subjects }) => subjects.length));
    expect(largest).toBeLessThanOrEqual(6);
    for (const value of PLACEHOLDERS)
      expect(resolution.customerOf.has(subjectOf({ namespace: 'email', value }))).toBe(false);
    // The tablets of shops are listed.
    expect(resolution.oversized.length).toBeGreaterThan(0);
  });
});

describe(`customers in the read models, of ${PEOPLE_IN_TABLES * EVENTS_EACH} such touchpoints in any order of arrival`, () => {
  let simulation: SimulatedLog;
  let store: OpenedStore;
  let customerOf: ReadonlyMap<string, string>;
  let events: readonly Row[];
  beforeAll(async () => {
    simulation = await simulatedLog(PEOPLE_IN_TABLES);
    store = await openStore('pglite');
    const { database } = store;
    // Followed page by page, not built at once: so customers merge while their events come.
    const projector = await Projector.open({ database, log: simulation.log, clock: CLOCK, buildFrom: Infinity });
    await projector.catchUp();
    const schema = await liveSchema(database);
    const rows = await database.query<{ subject_id: string; customer_id: string }>(
      `SELECT subject_id, customer_id FROM ${schema}.subjects`,
    );
    customerOf = new Map(rows.map((row) => [row.subject_id, row.customer_id]));
    events = await database.query(`SELECT subjects, touchpoints FROM ${schema}.customers`);
  }, 1_800_000);
  afterAll(() => store.stop());

  it('equal the truth, with precision 1, and recall 1 of all but guests at the tablet of a shop', () => {
    const { people } = simulation;
    expect(people).toHaveLength(PEOPLE_IN_TABLES);
    expect(pairsOf(simulation, customerOf, ({ registered, kiosk }) => registered || !kiosk)).toEqual({
      precision: 1,
      recall: 1,
    });
    const { precision, recall } = pairsOf(simulation, customerOf, () => true);
    expect(precision).toBe(1);
    expect(recall).toBeGreaterThan(0.9);
  });

  it('are those of the pure function of all facts, none of them a mega-customer', () => {
    for (const [subjectId, customerId] of simulation.resolution.customerOf)
      expect([subjectId, customerOf.get(subjectId)]).toEqual([subjectId, customerId]);
    expect(Math.max(...events.map((row) => Number(row['subjects'])))).toBeLessThanOrEqual(6);
  });

  it('have each touchpoint once', () => {
    const total = events.reduce((sum, row) => sum + Number(row['touchpoints']), 0);
    expect(total).toBe(PEOPLE_IN_TABLES * EVENTS_EACH);
  });
});
