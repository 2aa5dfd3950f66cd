import { describe, expect, it } from '@jest/globals';
import { FailureLog } from './failure-log.js';

function logged() {
  const lines: [string, object, string][] = [];
  const at = { ms: 0 };
  const logger = {
    warn: (facts: object, message: string) => void lines.push(['warn', facts, message]),
    info: (facts: object, message: string) => void lines.push(['info', facts, message]),
  };
  return { lines, at, log: new FailureLog(logger, 'The relay', () => at.ms) };
}

describe('the log of failures', () => {
  it('has the cause at once, then once a minute, and one line when it is over', () => {
    const { lines, at, log } = logged();
    for (at.ms = 0; at.ms <= 60_000; at.ms += 500) log.failed(new Error('no broker'), 500);
    at.ms = 61_000;
    log.succeeded();
    log.succeeded();
    expect(lines).toEqual([
      ['warn', { cause: 'no broker', failures: 1, retryInMs: 500 }, 'The relay failed, and tries again.'],
      ['warn', { cause: 'no broker', failures: 121, retryInMs: 500 }, 'The relay failed, and tries again.'],
      ['info', { failures: 121, failedForMs: 61_000 }, 'The relay works again.'],
    ]);
  });

  it('has another cause at once', () => {
    const { lines, log } = logged();
    log.failed(new Error('no broker'), 500);
    log.failed(new Error('no database'), 1_000);
    log.failed('no database', 2_000);
    expect(lines.map(([, facts]) => facts)).toEqual([
      { cause: 'no broker', failures: 1, retryInMs: 500 },
      { cause: 'no database', failures: 2, retryInMs: 1_000 },
    ]);
  });

  it('has nothing while nothing fails', () => {
    const { lines, log } = logged();
    log.succeeded();
    expect(lines).toEqual([]);
  });
});
