import { describe, expect, it } from '@jest/globals';
import { story } from '#testing';

describe('acquisition', () => {
  it('goes by the furthest signal of the cycle, and never steps back', () => {
    const told = story()
      .on('2026-01-01', 'ad-viewed')
      .on('2026-01-02', 'content-viewed')
      .on('2026-01-03', 'cart-updated')
      .on('2026-01-04', 'site-visited')
      .on('2026-01-05', 'product-viewed');
    expect(told.stays('2026-01-06')).toEqual([
      '2026-01-01 acquisition·awareness',
      '2026-01-02 acquisition·knowledge',
      '2026-01-03 acquisition·evaluation',
    ]);
  });

  it('is cold after ninety days without intent, whatever we send; an intent brings back the furthest phase', () => {
    const told = story()
      .on('2026-01-01', 'product-viewed')
      .on('2026-03-01', 'campaign-received')
      .on('2026-03-20', 'message-opened')
      .on('2026-05-01', 'message-opened')
      .on('2026-05-02', 'site-visited');
    expect(told.stays('2026-06-01')).toEqual([
      '2026-01-01 acquisition·consideration',
      '2026-04-01 acquisition·cold',
      '2026-05-02 acquisition·consideration',
    ]);
  });

  it('begins with awareness at a first touchpoint of another group, or of ours', () => {
    for (const type of ['case-opened', 'points-earned', 'product-used', 'quote-sent', 'a custom type'])
      expect(story().on('2026-01-01', type).stays('2026-01-02')).toEqual(['2026-01-01 acquisition·awareness']);
  });

  it('begins with the phase of the first signal', () => {
    expect(story().on('2026-01-01', 'demo-attended').stays('2026-01-02')).toEqual([
      '2026-01-01 acquisition·evaluation',
    ]);
  });

  it('knows nothing of a customer from test traffic', () => {
    const told = story().on('2026-01-01', 'site-visited', {}, true);
    expect(told.at('2026-01-02')).toMatchObject({ view: null, stagePeriods: [], bookings: [] });
    told.on('2026-01-03', 'order-placed', { orderId: 'A' }, true).on('2026-01-04', 'site-visited');
    expect(told.at('2026-01-05').view).toMatchObject({ touchpoints: 1, orders: 0, phase: 'awareness' });
  });

  it('lets a quote that was declined keep cold waiting only until then', () => {
    const told = story()
      .on('2026-01-01', 'quote-requested', { quoteId: 'q' })
      .on('2026-01-02', 'quote-sent', { quoteId: 'q', validUntil: '2026-12-31T00:00:00Z' });
    expect(told.at('2026-06-01').view).toMatchObject({ phase: 'evaluation', flags: ['quote-open'] });
    told.on('2026-06-01', 'quote-declined', { quoteId: 'q' });
    expect(told.stays('2027-01-01').at(-1)).toBe('2026-08-30 acquisition·cold');
  });

  it('is cold all the same when a quote is sent: only the customer’s own act ends it', () => {
    const told = story()
      .on('2026-01-01', 'site-visited')
      .on('2026-04-10', 'quote-sent', { quoteId: 'q', validUntil: '2026-06-01T00:00:00Z' });
    expect(told.stays('2026-05-01')).toEqual(['2026-01-01 acquisition·awareness', '2026-04-01 acquisition·cold']);
  });

  it('of a new cycle waits for a quote of the former one that is still open', () => {
    const told = story()
      .buys('2025-01-01', 'A')
      .on('2025-12-01', 'quote-sent', { quoteId: 'q', validUntil: '2026-06-01T00:00:00Z' })
      .on('2026-02-01', 'site-visited');
    expect(told.at('2026-02-02').view).toMatchObject({ cycle: 2, flags: ['quote-open'] });
    expect(told.stays('2027-01-01').slice(-2)).toEqual([
      '2026-02-01 acquisition·awareness (2)',
      '2026-08-30 acquisition·cold (2)',
    ]);
  });

  it('counts an order that its source sent twice once', () => {
    const told = story().buys('2026-01-01', 'A').buys('2026-01-01 00:05', 'A');
    expect(told.at('2026-01-02')).toMatchObject({
      view: { orders: 1, phase: 'onboarding' },
      bookings: [{ orderId: 'A' }],
    });
  });
});
