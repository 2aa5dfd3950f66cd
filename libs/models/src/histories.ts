import { invalidAt, ModelInputError, type ModelIssue } from './input-error.js';

/**
 * The purchase histories of a population, one customer per index, in the sense of "buy till you die" models (Fader, Hardie and Lee 2005): `frequency` counts the repeat
 * purchases, `recency` is the time from the first purchase to the last, `age` (T) the time from the first purchase to the end of the observation. Times are in one unit, which is that of α and β.
 */
export interface PurchaseHistories {
  readonly frequency: Float64Array;
  readonly recency: Float64Array;
  readonly age: Float64Array;
}

/** Distinct histories, with the number of customers that share each. */
export interface WeightedHistories extends PurchaseHistories {
  readonly weight: Float64Array;
  /** The distinct history of each customer. */
  readonly indexOf: Uint32Array;
  readonly customers: number;
  readonly frequencyMax: number;
}

/** Customers with one history are fitted once. */
export function distinctHistories({ frequency, recency, age }: PurchaseHistories): WeightedHistories {
  const customers = frequency.length;
  const distinct = new DistinctRows(customers, 3);
  const indexOf = new Uint32Array(customers);
  let frequencyMax = 0;
  for (let at = 0; at < customers; at += 1) {
    const x = frequency[at] as number;
    if (x > frequencyMax) frequencyMax = x;
    indexOf[at] = distinct.add(x, recency[at] as number, age[at] as number);
  }
  const [xs, recencies, ages] = distinct.columns() as [Float64Array, Float64Array, Float64Array];
  return { frequency: xs, recency: recencies, age: ages, weight: distinct.weights(), indexOf, customers, frequencyMax };
}

/** Counts equal rows of numbers: an open hash table, for millions of customers. */
export class DistinctRows {
  readonly #slots: Int32Array;
  readonly #rows: Float64Array[];
  readonly #weights: Float64Array;
  readonly #bits = new Uint32Array(2);
  readonly #number = new Float64Array(this.#bits.buffer);
  #size = 0;

  constructor(capacity: number, width: 2 | 3) {
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(capacity, 1) * 2 + 1))).fill(-1);
    this.#rows = Array.from({ length: width }, () => new Float64Array(capacity));
    this.#weights = new Float64Array(capacity);
  }

  /** The index of a row among the distinct ones. */
  add(first: number, second: number, third = 0): number {
    const [a, b, c] = this.#rows as [Float64Array, Float64Array, Float64Array?];
    const mask = this.#slots.length - 1;
    let slot = this.#hash(this.#hash(this.#hash(0x9e3779b9, first), second), third) & mask;
    for (let at = this.#slots[slot] as number; at >= 0; at = this.#slots[slot] as number) {
      if (a[at] === first && b[at] === second && (c === undefined || c[at] === third)) {
        this.#weights[at] = (this.#weights[at] as number) + 1;
        return at;
      }
      slot = (slot + 1) & mask;
    }
    const at = this.#size;
    this.#size += 1;
    this.#slots[slot] = at;
    a[at] = first;
    b[at] = second;
    if (c !== undefined) c[at] = third;
    this.#weights[at] = 1;
    return at;
  }

  columns(): Float64Array[] {
    return this.#rows.map((column) => column.slice(0, this.#size));
  }

  weights(): Float64Array {
    return this.#weights.slice(0, this.#size);
  }

  #hash(seed: number, value: number): number {
    // 0 and −0 are one number.
    this.#number[0] = value + 0;
    let hash = Math.imul(seed ^ (this.#bits[0] as number), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15) ^ (this.#bits[1] as number), 0xc2b2ae35);
    return (hash ^ (hash >>> 13)) >>> 0;
  }
}

/** A column as its distinct values, and the place of each row's value among them: what depends on the value alone is computed once for each. */
export interface DistinctValues {
  readonly values: Float64Array;
  readonly indexOf: Uint32Array;
}

export function distinctValues(column: Float64Array): DistinctValues {
  const places = new Map<number, number>();
  const indexOf = new Uint32Array(column.length);
  column.forEach((value, at) => {
    let place = places.get(value);
    if (place === undefined) places.set(value, (place = places.size));
    indexOf[at] = place;
  });
  return { values: Float64Array.from(places.keys()), indexOf };
}

/**
 * What no history can be, customer by customer: a frequency that is not a whole number, a recency beyond the age or without a repeat purchase, a negative or missing number.
 * These checks guard fits. Predictions take any number that a formula takes.
 */
export function historyIssues({ frequency, recency, age }: PurchaseHistories): readonly ModelIssue[] {
  const issues: ModelIssue[] = [];
  for (let at = 0; at < frequency.length; at += 1) {
    const [x, last, end] = [frequency[at], recency[at], age[at]] as [number, number, number];
    if (!Number.isInteger(x) || x < 0) issues.push(invalidAt(at, 'frequency', 'must be a whole number, 0 or more', x));
    else if (!isTime(last)) issues.push(invalidAt(at, 'recency', 'must be a number, 0 or more', last));
    else if (!isTime(end)) issues.push(invalidAt(at, 'T', 'must be a number, 0 or more', end));
    else if (last > end) issues.push(invalidAt(at, 'recency', `must not be greater than T (${end})`, last));
    else if (x === 0 && last !== 0) issues.push(invalidAt(at, 'recency', 'must be 0 where frequency is 0', last));
  }
  return issues;
}

const isTime = (value: number): boolean => Number.isFinite(value) && value >= 0;

/** Rejects histories that no fit can use. */
export function checkHistories(histories: PurchaseHistories): void {
  if (histories.frequency.length === 0) throw new ModelInputError('There are no customers to fit.', []);
  const issues = historyIssues(histories);
  if (issues.length > 0) throw new ModelInputError('The histories are not valid.', issues);
}

/** Times in units of the greatest age, so that the optimizer sees numbers of one size; with what that adds to the log-likelihood. */
export function scaledToAge(histories: WeightedHistories): {
  readonly scaled: WeightedHistories;
  readonly factor: number;
  readonly constant: number;
} {
  let factor = 0;
  let purchases = 0;
  histories.age.forEach((age, at) => {
    if (age > factor) factor = age;
    purchases += (histories.weight[at] as number) * (histories.frequency[at] as number);
  });
  if (factor === 0) factor = 1;
  return {
    scaled: {
      ...histories,
      recency: histories.recency.map((each) => each / factor),
      age: histories.age.map((each) => each / factor),
    },
    factor,
    // A density by x purchase times has the unit of time^−x.
    constant: -purchases * Math.log(factor),
  };
}
