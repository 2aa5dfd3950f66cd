import { isObject, type Rule } from '../fields.js';

/**
 * The amount of an order in minor units: `totalMinor` where it is given, else the sum of its lines (quantity × unit
 * price − the line's discount) less the discount of the whole order. Null where the data tell neither.
 */
export function orderAmountMinor(data: Readonly<Record<string, unknown>>): number | null {
  const { totalMinor, lines } = data;
  if (typeof totalMinor === 'number') return totalMinor;
  if (!Array.isArray(lines)) return null;
  let sum = -numberOr0(data['discountMinor']);
  for (const line of lines as readonly unknown[]) {
    if (!isObject(line)) return null;
    sum += numberOr0(line['quantity']) * numberOr0(line['unitPriceMinor']) - numberOr0(line['discountMinor']);
  }
  return sum === 0 ? 0 : sum;
}

/**
 * What an order cost us, in minor units: `costMinor` where it is given, else the sum of its lines' costs when each line
 * has one. Null where it is unknown.
 */
export function orderCostMinor(data: Readonly<Record<string, unknown>>): number | null {
  const { costMinor, lines } = data;
  if (typeof costMinor === 'number') return costMinor;
  if (!Array.isArray(lines) || lines.length === 0) return null;
  let sum = 0;
  for (const line of lines as readonly unknown[]) {
    if (!isObject(line) || typeof line['costMinor'] !== 'number') return null;
    sum += line['costMinor'];
  }
  return sum;
}

function numberOr0(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** An order says what it was worth, by a total or by lines. */
export const AMOUNT_IS_KNOWN: Rule = {
  detail: 'the order has neither lines nor a total',
  hint: 'give lines (sku, quantity, unitPriceMinor), or totalMinor, the amount paid in minor units',
  schema: { anyOf: [{ required: ['lines'] }, { required: ['totalMinor'] }] },
  holds: (data) => data['lines'] !== undefined || data['totalMinor'] !== undefined,
};

/** The amount of an order can be added up without a rounding error. */
export const AMOUNT_IS_EXACT: Rule = {
  detail: 'the lines add up to more than an exact integer can hold',
  hint: 'check quantity and unitPriceMinor of the lines: amounts are in minor units (cents)',
  schema: { 'x-amount-is-exact': true },
  holds: isAmountExact,
};

/** Whether the amount of an order is an exact integer; true where there is no amount to speak of. */
export function isAmountExact(data: unknown): boolean {
  if (!isObject(data)) return true;
  const amount = orderAmountMinor(data);
  return amount === null || !Number.isFinite(amount) || !Number.isInteger(amount) || Number.isSafeInteger(amount);
}

/** What to do with money that went back to the customer. */
const SEND_A_RETURN = 'send order-returned for what was given back, with its amount as a positive number';

/** The total of an order is 0 or more: what was given back is an event of its own. */
export const TOTAL_IS_NOT_NEGATIVE: Rule = {
  pointer: '#/totalMinor',
  detail: 'must be 0 or more: an order is what the customer bought',
  hint: SEND_A_RETURN,
  schema: { properties: { totalMinor: { minimum: 0 } } },
  holds: ({ totalMinor }) => typeof totalMinor !== 'number' || !(totalMinor < 0),
};

/** The same where no total is given. */
export const LINES_ARE_NOT_NEGATIVE: Rule = {
  pointer: '#/lines',
  detail: 'must add up to 0 or more: an order is what the customer bought',
  hint: SEND_A_RETURN,
  schema: { 'x-lines-are-not-negative': true },
  holds: areLinesNotNegative,
};

/** Whether lines without a total add up to 0 or more; true where there is no amount to speak of. */
export function areLinesNotNegative(data: unknown): boolean {
  if (!isObject(data) || typeof data['totalMinor'] === 'number') return true;
  const amount = orderAmountMinor(data);
  return amount === null || !(amount < 0);
}
