import { InvalidArgumentError } from 'commander';
import { formatNumber } from '../terminal/format.js';

/** Reads an option that is a whole number within bounds. */
export function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high)
      throw new InvalidArgumentError(`It must be a whole number from ${formatNumber(low)} to ${formatNumber(high)}.`);
    return value;
  };
}
