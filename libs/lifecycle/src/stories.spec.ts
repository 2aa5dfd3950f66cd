import { describe, expect, it } from '@jest/globals';
import { instantText, story, storyUnder, when } from '#testing';
import { BUILT_IN_POLICIES, compareEvents, foldCustomer, policyTimeline } from './index.js';

const { retail, durable, seasonal, subscription } = BUILT_IN_POLICIES;

describe('weekly groceries', () => {
  const anna = () => {
    const told = story(retail);
    for (let week = 0; week < 10; week += 1)
      told.buys(instantText(when('2026-01-05') + week * 7 * 86_400_000), `week ${week}`, { categories: ['groceries'] });
    return told;
  };

  it('is at risk after thirty days, not after ninety: seven days are their rhythm', () => {
    expect(anna().stays('2027-06-01')).toEqual([
      '2026-01-05 retention·onboarding',
      '2026-01-12 retention·active',
      '2026-04-08 retention·at-risk', // 9 March + 30 days: twice the rhythm is below the least
      '2026-04-23 retention·lapsed', // + 45
      '2027-03-09 retention·lost', // + 365
    ]);
  });

  it('is active again with the next purchase', () => {
    expect(anna().buys('2026-04-10', 'back').stays('2026-04-20').slice(2)).toEqual([
      '2026-04-08 retention·at-risk',
      '2026-04-10 retention·active',
    ]);
  });
});

describe('a sofa every eight years', () => {
  it('is no silence: what the customer owns lasts', () => {
    const told = story(durable)
      .buys('2010-03-01', 'first sofa', { amount: 90000, categories: ['sofas'] })
      .buys('2018-02-20', 'second sofa', { amount: 99000, categories: ['sofas'] });
    expect(told.stays('2026-01-01')).toEqual(['2010-03-01 retention·onboarding', '2018-02-20 retention·active']);
  });

  it('is at risk when the sofa is worn out and nothing followed, and lapsed and lost follow from that', () => {
    const told = story(durable).buys('2010-03-01', 'sofa', { categories: ['sofas'] });
    // 8 × 365 = 2,920 days; lapsed after 4,380; lost after 5,840.
    expect(told.stays('2030-01-01')).toEqual([
      '2010-03-01 retention·onboarding',
      '2018-02-27 retention·at-risk',
      '2022-02-26 retention·lapsed',
      '2026-02-25 retention·lost',
    ]);
  });
});

describe('bought once and returned', () => {
  it('is back in acquisition, in the same cycle; the reversed purchase remains an intent', () => {
    const told = story(retail)
      .on('2026-01-01', 'product-viewed')
      .buys('2026-01-10', 'A', { amount: 7000 })
      .returns('2026-01-25', 'A');
    expect(told.stays('2026-12-01')).toEqual([
      '2026-01-01 acquisition·consideration',
      '2026-01-10 retention·onboarding',
      '2026-01-25 acquisition·consideration',
      '2026-04-10 acquisition·cold', // 90 days after the purchase, not after the return
    ]);
    expect(told.rules('2026-12-01')[2]).toBe('purchase-reversed');
    const { view } = told.at('2026-12-01');
    expect(view).toMatchObject({ orders: 0, frequency: null, revenue: [{ amountMinor: 0, currency: 'EUR' }] });
  });

  it('is a customer again with the next purchase: the first that survives in this cycle', () => {
    const told = story(retail).buys('2026-01-10', 'A').returns('2026-01-25', 'A').buys('2026-02-01', 'B');
    expect(told.stays('2026-02-02')).toEqual([
      '2026-01-10 retention·onboarding',
      '2026-01-25 acquisition·awareness',
      '2026-02-01 retention·onboarding',
    ]);
  });
});

describe('bought and cancelled the same day', () => {
  it('was a customer for those hours', () => {
    const told = story(retail).buys('2026-01-10 09:00', 'A').cancels('2026-01-10 17:30', 'A');
    expect(told.stays('2026-02-01')).toEqual([
      '2026-01-10T09:00:00Z retention·onboarding',
      '2026-01-10T17:30:00Z acquisition·awareness',
    ]);
    expect(told.at('2026-01-10 12:00').view).toMatchObject({ stage: 'retention', orders: 1 });
  });

  it('never was one, at one instant: there is no stage period of length zero', () => {
    const told = story(retail).buys('2026-01-10', 'A').cancels('2026-01-10', 'A');
    expect(told.stays('2026-02-01')).toEqual(['2026-01-10 acquisition·awareness']);
  });
});

describe('gifts each December', () => {
  const told = story(seasonal).buys('2023-12-10', 'g1').buys('2024-12-12', 'g2').buys('2025-12-08', 'g3');

  it('is active all year under seasonal', () => {
    expect(told.stays('2026-12-01')).toEqual(['2023-12-10 retention·onboarding', '2024-12-12 retention·active']);
  });

  it('is at risk two weeks after a December without gifts, lapsed in January, lost after the second', () => {
    expect(told.stays('2030-01-01').slice(2)).toEqual([
      '2026-12-22 retention·at-risk',
      '2027-01-22 retention·lapsed',
      '2028-01-22 retention·lost',
    ]);
  });

  it('counts 29 February as the 28th', () => {
    expect(story(seasonal).buys('2024-02-29', 'leap').stays('2027-01-01')).toEqual([
      '2024-02-29 retention·onboarding',
      '2025-03-14 retention·at-risk', // 28 February 2025 + 14 days
      '2025-04-14 retention·lapsed',
      '2026-04-14 retention·lost',
    ]);
  });
});

describe('three categories in the first order', () => {
  it('is no cross-sell; a fourth category after three orders is', () => {
    const told = story(retail)
      .buys('2026-01-01', 'A', { categories: ['books', 'music', 'games'] })
      .buys('2026-01-11', 'B', { categories: ['books'] })
      .buys('2026-01-21', 'C', { categories: ['toys'] }) // only two orders before it
      .buys('2026-01-31', 'D', { categories: ['music'] })
      .buys('2026-02-10', 'E', { categories: ['wine'] });
    expect(told.stays('2026-02-11')).toEqual([
      '2026-01-01 retention·onboarding',
      '2026-01-11 retention·active',
      '2026-02-10 expansion·cross-sell',
    ]);
  });

  it('takes no undeclared category for one: a SKU is none', () => {
    const told = story(retail).buys('2026-01-01', 'A').buys('2026-01-11', 'B').buys('2026-01-21', 'C');
    told.buys('2026-01-31', 'D', { categories: ['SKU-4711'] });
    expect(told.at('2026-02-11').view?.phase).toBe('active');
  });
});

describe('a lost customer who receives mail', () => {
  const told = story(retail)
    .buys('2024-01-01', 'A')
    .on('2025-03-01', 'campaign-received')
    .on('2025-03-02', 'message-opened')
    .on('2025-03-03', 'ad-viewed');

  it('stays lost: receiving, opening and viewing are not theirs', () => {
    expect(told.stays('2026-01-01').at(-1)).toBe('2024-12-31 retention·lost');
  });

  it('turns the wheel when the customer clicks', () => {
    told.on('2025-03-04', 'message-clicked');
    expect(told.stays('2026-01-01').slice(3)).toEqual([
      '2024-12-31 retention·lost',
      '2025-03-04 acquisition·knowledge (2)',
      '2025-06-02 acquisition·cold (2)',
    ]);
  });
});

describe('a lapsed one who clicks', () => {
  it('is still lapsed: only a purchase brings them back, in the same cycle', () => {
    const told = story(retail)
      .buys('2025-01-01', 'A')
      .on('2025-06-01', 'message-clicked')
      .on('2025-06-02', 'cart-updated');
    expect(told.stays('2025-07-01').at(-1)).toBe('2025-05-16 retention·lapsed');
    told.buys('2025-07-02', 'B');
    expect(told.stays('2025-07-03').at(-1)).toBe('2025-07-02 retention·active');
    expect(told.rules('2025-07-03').at(-1)).toBe('reactivated');
  });
});

describe('a referrer who never buys', () => {
  it('stays in acquisition, however many the customer brings: expansion needs a surviving purchase', () => {
    const told = story(retail)
      .on('2026-01-01', 'referral-made')
      .on('2026-01-05', 'referral-converted')
      .on('2026-01-06', 'referral-converted');
    expect(told.stays('2026-06-01')).toEqual(['2026-01-01 acquisition·awareness', '2026-04-01 acquisition·cold']);
  });
});

describe('subscription upgraded, downgraded, payment failed, paid', () => {
  const contractId = 'c1';
  const told = story(subscription)
    .on('2026-01-01', 'subscription-started', { contractId })
    .on('2026-02-01', 'subscription-renewed', { contractId })
    .on('2026-02-10', 'subscription-upgraded', { contractId })
    .on('2026-03-01', 'subscription-renewed', { contractId })
    .on('2026-03-15', 'subscription-downgraded', { contractId })
    .on('2026-04-01', 'subscription-renewed', { contractId })
    .on('2026-05-01', 'payment-failed', { contractId })
    .on('2026-05-04', 'payment-failed', { contractId })
    .on('2026-05-10', 'payment-succeeded', { contractId });

  it('moves as the contract does', () => {
    expect(told.stays('2028-01-01')).toEqual([
      '2026-01-01 retention·onboarding',
      '2026-02-01 retention·active',
      '2026-02-10 expansion·up-sell', // the renewal in March leaves it untouched
      '2026-03-15 retention·at-risk',
      '2026-04-01 retention·active',
      '2026-05-01 retention·at-risk',
      '2026-05-10 retention·active', // and silent for years: a contract in good standing suspends silence
    ]);
    expect(told.rules('2028-01-01')).toEqual([
      'first-purchase',
      'renewed',
      'up-sell',
      'contraction',
      'renewed',
      'payment-failed',
      'payment-succeeded',
    ]);
  });

  it('is lost when grace is over, counted from the first failure; paid after that, a new cycle begins', () => {
    const unpaid = story(subscription)
      .on('2026-01-01', 'subscription-started', { contractId })
      .on('2026-05-01', 'payment-failed', { contractId })
      .on('2026-05-10', 'payment-failed', { contractId })
      .on('2026-06-01', 'payment-succeeded', { contractId });
    expect(unpaid.stays('2028-01-01')).toEqual([
      '2026-01-01 retention·onboarding',
      '2026-05-01 retention·at-risk',
      '2026-05-15 retention·lost',
      '2026-06-01 retention·active (2)',
    ]);
  });
});

describe('one contract ended while another runs', () => {
  const told = story(subscription)
    .on('2024-01-01', 'subscription-started', { contractId: 'phone' })
    .on('2024-02-01', 'subscription-started', { contractId: 'fibre' })
    .on('2025-08-01', 'subscription-ended', { contractId: 'phone' });

  it('changes no stage', () => {
    expect(told.stays('2026-01-01')).toEqual(['2024-01-01 retention·onboarding', '2024-02-01 retention·active']);
  });

  it('loses them when the other ends too', () => {
    told.on('2026-02-01', 'subscription-ended', { contractId: 'fibre' });
    expect(told.stays('2026-03-01').at(-1)).toBe('2026-02-01 retention·lost');
    expect(told.rules('2026-03-01').at(-1)).toBe('contract-ended');
  });
});

describe('B2B with a quote open for six months and a colleague who orders', () => {
  const buyer = () =>
    story(retail)
      .on('2026-01-10', 'enquiry-made')
      .on('2026-01-15', 'quote-requested', { quoteId: 'q1' })
      .on('2026-01-20', 'quote-sent', { quoteId: 'q1', validUntil: '2026-07-20T00:00:00Z' });

  it('keeps cold waiting until ninety days after the end of its validity', () => {
    expect(buyer().stays('2027-01-01')).toEqual([
      '2026-01-10 acquisition·consideration',
      '2026-01-15 acquisition·evaluation',
      '2026-10-18 acquisition·cold',
    ]);
  });

  it('is not moved by their colleague, whose order moves himself', () => {
    const colleague = story(retail).buys('2026-03-01', 'A');
    expect(buyer().at('2026-03-02').view).toMatchObject({ stage: 'acquisition', phase: 'evaluation', orders: 0 });
    expect(colleague.stays('2026-03-02')).toEqual(['2026-03-01 retention·onboarding']);
  });
});

describe('a purchase backdated before a published at-risk', () => {
  it('was never at risk then: state is a function of what happened, not of when it was recorded', () => {
    const told = story(retail).buys('2026-01-01', 'A');
    expect(told.stays('2026-04-10')).toEqual(['2026-01-01 retention·onboarding', '2026-04-01 retention·at-risk']);
    told.buys('2026-03-20', 'told late');
    expect(told.stays('2026-04-10')).toEqual(['2026-01-01 retention·onboarding', '2026-03-20 retention·active']);
  });
});

describe('a customer whose data arrive in reverse', () => {
  it('stands where they would have stood', () => {
    const told = story(retail)
      .on('2026-01-01', 'site-visited')
      .buys('2026-01-02', 'A')
      .buys('2026-01-20', 'B')
      .returns('2026-02-01', 'B')
      .on('2026-02-03', 'review-posted', { stars: 5 })
      .on('2026-02-04', 'survey-answered', { kind: 'nps', score: 10 });
    const reversed = [...told.events].reverse().map((event, index) => ({ ...event, position: index + 1 }));
    const forward = told.at('2027-01-01');
    const backward = foldCustomer({
      events: reversed.sort(compareEvents),
      policies: policyTimeline([]),
      asOf: when('2027-01-01'),
    });
    expect(backward).toEqual(forward);
    expect(forward.stagePeriods.map(({ phase }) => phase)).toEqual([
      'awareness',
      'onboarding',
      'active',
      'onboarding',
      'advocacy',
      'at-risk',
      'lapsed',
    ]);
  });
});

describe('a policy that changes', () => {
  const shorter = {
    ...retail,
    version: 2,
    silence: { ...retail.silence, atRiskDaysWithoutRhythm: 40 },
  } as typeof retail;

  it('lets what is overdue fall due then, and rewrites nothing', () => {
    const told = storyUnder(['2020-01-01', retail], ['2026-03-01', shorter]).buys('2026-01-01', 'A');
    expect(told.stays('2026-03-20')).toEqual([
      '2026-01-01 retention·onboarding',
      '2026-03-01 retention·at-risk', // 40 days had passed on 10 February, when 90 were the rule
      '2026-03-02 retention·lapsed', // 60 days after the purchase
    ]);
    const [first, second, third] = told.at('2026-03-20').stagePeriods;
    expect(first?.cause.policyVersion).toBe('retail@1');
    expect(second?.cause).toMatchObject({ rule: 'policy-changed', policyVersion: 'retail@2' });
    expect(third?.cause).toMatchObject({ rule: 'silence-lapsed', policyVersion: 'retail@2' });
  });
});
