import { describe, expect, it } from '@jest/globals';
import { readConfig } from './config.js';
import { FORMER_NAMES, FORMER_VALUES } from './former-names.js';

describe('a setting by its former name', () => {
  it.each(Object.entries(FORMER_NAMES))('%s, once called %s, is rejected with the present name', (present, former) => {
    expect(() => readConfig({ [former]: '1' })).toThrow(`${former} is now called ${present}: use ${present} instead.`);
    expect(() => readConfig({ [present]: '1' })).not.toThrow();
  });

  it.each(
    Object.entries(FORMER_VALUES).flatMap(([name, values]) =>
      Object.entries(values).map(([former, present]) => [name, former, present] as const),
    ),
  )('%s with its former value %s is rejected with the present value', (name, former, present) => {
    expect(() => readConfig({ [name]: former })).toThrow(`${name} has the former value ${former}: give ${present}.`);
    expect(() => readConfig({ [name]: present })).not.toThrow();
  });
});
