import { describe, expect, it } from '@jest/globals';
import type { IngestOutcome, ItemResult, IngestResult } from '../pipeline/item.js';
import { StreamResult } from './stream-result.js';

function taken(...outcomes: readonly IngestOutcome[]): Omit<IngestResult, 'concealed'> {
  const results = outcomes.map((outcome, index): ItemResult => ({ index, source: 'shop', id: `e-${index}`, outcome }));
  const counts = { received: outcomes.length, accepted: 0, duplicate: 0, quarantined: 0, suppressed: 0 };
  for (const outcome of outcomes) counts[outcome] += 1;
  return { counts, results, exceptions: results.filter(({ outcome }) => outcome !== 'accepted'), warnings: [] };
}

const listed = (account: StreamResult) => account.view.results.map(({ index, outcome }) => `${index} ${outcome}`);

describe('the account of a stream', () => {
  it('lists what was not accepted, by its place in the whole stream', () => {
    const account = new StreamResult(false, 10);
    account.add(taken('accepted', 'duplicate'));
    account.add(taken('quarantined', 'accepted'));
    expect(listed(account)).toEqual(['1 duplicate', '2 quarantined']);
    expect(account.view).toMatchObject({ received: 4, accepted: 2, duplicate: 1, quarantined: 1, suppressed: 0 });
    expect(account.view.resultsCut).toBeUndefined();
  });

  it('lists the accepted too where that is asked for', () => {
    const account = new StreamResult(true, 10);
    account.add(taken('accepted', 'duplicate'));
    account.add(taken('accepted'));
    expect(listed(account)).toEqual(['0 accepted', '1 duplicate', '2 accepted']);
  });

  it.each([true, false])(
    'never lists more than its bound, and says that it is cut; accepted ones asked for: %s',
    (all) => {
      const account = new StreamResult(all, 3);
      for (let slice = 0; slice < 5; slice += 1) account.add(taken('accepted', 'duplicate', 'accepted'));
      expect(account.view.results).toHaveLength(3);
      expect(account.view).toMatchObject({ received: 15, accepted: 10, duplicate: 5, resultsCut: true });
    },
  );

  it('keeps what was not accepted however much was accepted before it', () => {
    const account = new StreamResult(true, 3);
    account.add(taken('accepted', 'accepted', 'accepted', 'accepted'));
    account.add(taken('quarantined', 'suppressed'));
    expect(listed(account)).toEqual(['0 accepted', '4 quarantined', '5 suppressed']);
    expect(account.view.resultsCut).toBe(true);
  });
});
