import { seededRandom } from '#imports';

/** Who a simulated customer is. All of it is invented: addresses under example.com, numbers under a country code that does not exist. */
export interface Person {
  /** The ordinal of the customer in the simulation, from 0. */
  readonly index: number;
  readonly givenName: string;
  readonly familyName: string;
  readonly town: string;
  readonly userId: string;
  readonly email: string;
  readonly phone: string;
  readonly loyaltyCard: string;
  readonly deviceId: string;
  readonly anonymousId: string;
}

const GIVEN =
  'Ada Ben Cleo Dan Eva Finn Gwen Hugo Ines Jon Kaja Liam Mona Nils Ona Paul Rosa Sven Tara Umar Vera Wim Yara Zeno'.split(
    ' ',
  );
const FAMILY =
  'Abel Berg Costa Dahl Ekman Fuchs Grau Hale Ivers Jansen Klein Lund Marsh Novak Olsen Prior Quist Rossi Stern Thorn Udal Vance Weiss Young'.split(
    ' ',
  );
const TOWNS = 'Ashford Birkdale Caldbeck Dunmore Eastham Fernhill Greyport Holmwood'.split(' ');

/** The person with this ordinal in the simulation of this seed: the same every time, and no two share an identifier. */
export function personAt(seed: number, index: number): Person {
  const random = seededRandom(Math.imul(seed + 7, 0xc2b2ae35) ^ Math.imul(index + 1, 0x27d4eb2f));
  const givenName = random.pick(GIVEN);
  const familyName = random.pick(FAMILY);
  const number = String(index).padStart(6, '0');
  const tag = `${seed}-${number}`;
  return {
    index,
    givenName,
    familyName,
    town: random.pick(TOWNS),
    userId: `u${tag}`,
    email: `${givenName}.${familyName}.${tag}@example.com`.toLowerCase(),
    phone: `+999${String(seed % 10_000).padStart(4, '0')}${number}`,
    loyaltyCard: `card-${tag}`,
    deviceId: `device-${tag}`,
    anonymousId: `visitor-${tag}`,
  };
}

/** The account that this person shares with others of its kind among so many (a power of ten) with neighbouring ordinals. */
export function accountOf(kind: 'company' | 'household', { userId }: Person, among: 10 | 100): string {
  return `${kind}-${userId.slice(1, among === 10 ? -1 : -2)}`;
}
