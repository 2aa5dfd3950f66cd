import { describe, expect, it } from '@jest/globals';
import { WrongKeys } from './wrong-keys.js';

describe('wrong keys of an address', () => {
  const counting = () => {
    const clock = { at: 1_000_000, now: () => clock.at };
    return { clock, wrongKeys: new WrongKeys(clock) };
  };

  it('are answered at once 20 times a minute, and with a wait after that', () => {
    const { clock, wrongKeys } = counting();
    const answers = Array.from({ length: 21 }, () => wrongKeys.count('192.0.2.1'));
    expect(answers.slice(0, 20)).toEqual(Array(20).fill(null));
    expect(answers[20]).toBe(60);
    clock.at += 59_500;
    expect(wrongKeys.count('192.0.2.1')).toBe(1);
    expect(wrongKeys.count('192.0.2.2')).toBeNull();
    clock.at += 500;
    expect(wrongKeys.count('192.0.2.1')).toBeNull();
  });

  it('are counted for a network of IPv6 addresses as for one', () => {
    const { wrongKeys } = counting();
    for (let n = 0; n < 20; n += 1) expect(wrongKeys.count(`2001:db8::${n.toString(16)}:1`)).toBeNull();
    expect(wrongKeys.count('2001:db8:0:0:9:9:9:9')).toBe(60);
    expect(wrongKeys.count('2001:db8:0:1::1')).toBeNull();
    expect(wrongKeys.count('::ffff:192.0.2.7')).toBeNull();
  });

  it('take a bounded memory: beyond 50,000 addresses in a minute, the others share one count', () => {
    const { wrongKeys } = counting();
    for (let n = 0; n < 50_020; n += 1) expect(wrongKeys.count(`address ${n}`)).toBeNull();
    expect(wrongKeys.count('one more')).toBe(60);
    expect(wrongKeys.count('address 7')).toBeNull();
  });

  it('are counted afresh by a clock that was set back', () => {
    const { clock, wrongKeys } = counting();
    for (let n = 0; n < 21; n += 1) wrongKeys.count('192.0.2.1');
    clock.at = 5;
    expect(wrongKeys.count('192.0.2.1')).toBeNull();
  });
});
