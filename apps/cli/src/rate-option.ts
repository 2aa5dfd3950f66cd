import { InvalidArgumentError, Option } from 'commander';
import { parseRates, RATE_MAX } from '#platform/basics';
import type { ApiKeyInfo } from './engine/engine.js';

/** `--rate events=6000,requests=600`: what a key may do in a minute. */
export const rateOption = (description: string): Option => new Option('--rate <list>', description).argParser(ratesOf);

function ratesOf(text: string): ApiKeyInfo['rate'] {
  const rates = parseRates(text);
  if (rates === null || rates.some(({ role }) => role !== null))
    throw new InvalidArgumentError(
      `It must be rates a minute from 1 to ${RATE_MAX.toLocaleString('en')} or off, such as events=60000,requests=600.`,
    );
  return Object.fromEntries(rates.map(({ name, perMinute }) => [name, perMinute]));
}
