// Stands for `@jest/globals` where the specs of the rules run without jest: it collects the tests that a spec describes.
import { format } from 'node:util';
export { expect } from 'expect';

/** @type {{ readonly name: string, readonly run: () => unknown }[]} */
let tests = [];
let names = new Set();
let described = [];

/** The tests that were described since this was called last: those of one spec. */
export function collected() {
  const found = tests;
  tests = [];
  names = new Set();
  return found;
}

export function describe(name, define) {
  described = [...described, name];
  define();
  described = described.slice(0, -1);
}

export function it(title, run) {
  const name = [...described, title].join(' ');
  // A name tells the tests of a spec apart, also from one run to the next.
  const unique = names.has(name) ? `${name} (${tests.length})` : name;
  names.add(unique);
  tests.push({ name: unique, run });
}

it.each = (rows) => (title, run) => {
  for (const row of rows) {
    const values = Array.isArray(row) ? row : [row];
    it(format(title, ...values), () => run(...values));
  }
};
