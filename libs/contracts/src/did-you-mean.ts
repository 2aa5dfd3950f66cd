import { nearest } from './documents/nearest.js';
import { NAMESPACES } from './identifiers.js';

/** Names that other systems give to fields of ours, in small letters without separators. The first one that the object has is meant. */
const SYNONYMS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    items: ['lines'],
    lineitems: ['lines'],
    orderlines: ['lines'],
    orderitems: ['lines'],
    products: ['lines'],
    articles: ['lines'],
    positions: ['lines'],
    product: ['sku', 'name'],
    productid: ['sku'],
    itemid: ['sku'],
    variantid: ['sku'],
    articlenumber: ['sku'],
    title: ['name'],
    qty: ['quantity'],
    count: ['quantity', 'items'],
    pieces: ['quantity'],
    unitprice: ['unitPriceMinor', 'priceMinor'],
    price: ['unitPriceMinor', 'priceMinor', 'amountMinor', 'totalMinor'],
    cost: ['costMinor'],
    discount: ['discountMinor'],
    amount: ['amountMinor', 'totalMinor', 'valueMinor'],
    value: ['totalMinor', 'amountMinor', 'valueMinor', 'score'],
    total: ['totalMinor', 'amountMinor'],
    totalprice: ['totalMinor', 'amountMinor'],
    grandtotal: ['totalMinor', 'amountMinor'],
    revenue: ['totalMinor', 'amountMinor'],
    subtotal: ['totalMinor'],
    refundamount: ['amountMinor'],
    currencycode: ['currency'],
    ordernumber: ['orderId'],
    orderno: ['orderId'],
    subscriptionid: ['contractId'],
    transactionid: ['paymentId', 'orderId'],
    basketid: ['cartId'],
    checkoutid: ['cartId'],
    ticketid: ['caseId'],
    email: ['identifiers'],
    userid: ['identifiers'],
    phone: ['identifiers'],
    anonymousid: ['identifiers'],
    timestamp: ['time', 'occurredAt'],
    createdat: ['time'],
    eventtime: ['time'],
    date: ['time'],
    event: ['type'],
    eventtype: ['type'],
    eventname: ['type'],
    eventid: ['id'],
    messageid: ['id'],
    properties: ['data'],
    payload: ['data'],
    traits: ['data'],
    version: ['schemaVersion'],
  }),
);

/** The field that a field of an unknown name was most likely meant to be; null where none of them is like it. */
export function likelyField(given: string, fields: readonly string[]): string | null {
  if (given.length > 64) return null;
  for (const name of SYNONYMS.get(plain(given)) ?? []) if (fields.includes(name)) return name;
  const near = nearest(given, fields);
  if (near !== null) return near;
  const words = wordsOf(given);
  // `productCategory` is `category`, and `price` is `unitPriceMinor`: the words of one stand within the other.
  const longer = fields.filter((name) => endsWith(words, wordsOf(name)));
  if (longer.length > 0) return longest(longer);
  const within = fields.filter((name) => isWithin(words, wordsOf(name)));
  return within.length === 1 ? (within[0] ?? null) : null;
}

const ALIASES: ReadonlyMap<string, (typeof NAMESPACES)[number]> = new Map(
  Object.entries({
    mail: 'email',
    emailaddress: 'email',
    mailaddress: 'email',
    useremail: 'email',
    customeremail: 'email',
    tel: 'phone',
    telephone: 'phone',
    mobile: 'phone',
    phonenumber: 'phone',
    telephonenumber: 'phone',
    mobilenumber: 'phone',
    mobilephone: 'phone',
    msisdn: 'phone',
    user: 'userId',
    uid: 'userId',
    loyalty: 'loyaltyCard',
    loyaltyid: 'loyaltyCard',
    loyaltycardnumber: 'loyaltyCard',
    device: 'deviceId',
    anonymous: 'anonymousId',
    anonid: 'anonymousId',
  } as const),
);

/** The built-in namespace that a namespace of another name was most likely meant to be; null for a built-in one, and for one like none of them. */
export function likelyNamespace(given: string): string | null {
  if ((NAMESPACES as readonly string[]).includes(given)) return null;
  const name = plain(given);
  const same = NAMESPACES.find((namespace) => plain(namespace) === name) ?? ALIASES.get(name);
  if (same !== undefined) return same;
  // A business has namespaces of its own: one letter may differ, and no more.
  return name.length < 5 ? null : (NAMESPACES.find((namespace) => isOneLetterOff(name, plain(namespace))) ?? null);
}

const plain = (name: string): string => name.toLowerCase().replace(/[-_. ]/g, '');

const wordsOf = (name: string): readonly string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[-_. ]+/)
    .filter((word) => word !== '');

const endsWith = (words: readonly string[], end: readonly string[]): boolean =>
  end.length < words.length && end.every((word, at) => words[words.length - end.length + at] === word);

const isWithin = (words: readonly string[], whole: readonly string[]): boolean =>
  words.length > 0 && words.length < whole.length && words.every((word) => whole.includes(word));

const longest = (names: readonly string[]): string =>
  names.reduce((best, name) => (wordsOf(name).length > wordsOf(best).length ? name : best));

/** One letter changed, added, left out, or swapped with its neighbour. */
function isOneLetterOff(a: string, b: string): boolean {
  let at = 0;
  while (at < Math.min(a.length, b.length) && a[at] === b[at]) at += 1;
  const [restA, restB] = [a.slice(at), b.slice(at)];
  return (
    restA.slice(1) === restB.slice(1) ||
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    (restA.length > 1 && restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2))
  );
}
