import { describe, expect, it } from '@jest/globals';
import type { DocumentReader } from '#contracts';
import { FEEDS } from '../registry.js';
import { DEAD_LETTERS_TO_SEND, DELIVERY_PAGE, NEW_WEBHOOK, WEBHOOK_CHANGE, WEBHOOK_REPLAY } from './bodies.js';

const pointersOf = (reader: DocumentReader<unknown>, body: unknown): readonly string[] => {
  const reading = reader.read(body);
  return reading.ok ? [] : reading.errors.map(({ pointer }) => pointer);
};

describe('the bodies of the webhook routes', () => {
  it('register an endpoint for all feeds, or for those that are named', () => {
    const url = new URL('https://hooks.example/perennial');
    expect(NEW_WEBHOOK.read({ url: url.href })).toEqual({
      ok: true,
      value: { url, feeds: FEEDS.map(({ name }) => name) },
    });
    const feeds = ['perennial.actions'];
    expect(NEW_WEBHOOK.read({ url: url.href, feeds })).toEqual({ ok: true, value: { url, feeds } });
  });

  it.each([
    ['#/url', {}],
    ['#/url', { url: 'hooks' }],
    ['#/url', { url: 7 }],
    ['#/url', { url: `https://hooks.example/${'a'.repeat(2_048)}` }],
    ['#/feeds', { url: 'https://hooks.example/', feeds: [] }],
    ['#/feeds', { url: 'https://hooks.example/', feeds: 'perennial.actions' }],
    ['#/feeds/0', { url: 'https://hooks.example/', feeds: ['perennial.secrets'] }],
    ['#/secret', { url: 'https://hooks.example/', secret: 'whsec_x' }],
  ])('register no endpoint because of %s: %#', (pointer, body) => {
    expect(pointersOf(NEW_WEBHOOK, body)).toEqual([pointer]);
  });

  it('say for each issue what is wrong and how to fix it', () => {
    expect(NEW_WEBHOOK.read({ url: 'hooks', feed: 'perennial.actions' })).toEqual({
      ok: false,
      errors: [
        {
          pointer: '#/url',
          detail: 'must be a URL of at most 2048 characters',
          hint: 'give an https URL, or have WEBHOOK_HOSTS allow its host',
        },
        { pointer: '#/feed', detail: 'is not a known field', hint: expect.stringContaining('did you mean feeds?') },
      ],
    });
  });

  it('change the status to active or paused, and to nothing else', () => {
    expect(WEBHOOK_CHANGE.read({ status: 'paused' })).toEqual({ ok: true, value: { status: 'paused' } });
    for (const body of [{}, { status: 'gone' }]) expect(pointersOf(WEBHOOK_CHANGE, body)).toEqual(['#/status']);
    expect(pointersOf(WEBHOOK_CHANGE, { status: 'active', url: 'https://hooks.example/' })).toEqual(['#/url']);
  });

  it('replay from a position, an instant, or what was missed', () => {
    for (const body of [{}, { fromPosition: 0 }, { from: '2026-03-01T00:00:00Z' }])
      expect(WEBHOOK_REPLAY.read(body)).toEqual({ ok: true, value: body });
    expect(pointersOf(WEBHOOK_REPLAY, { fromPosition: -1 })).toEqual(['#/fromPosition']);
    expect(pointersOf(WEBHOOK_REPLAY, { fromPosition: '7' })).toEqual(['#/fromPosition']);
    expect(pointersOf(WEBHOOK_REPLAY, { from: 'yesterday' })).toEqual(['#/from']);
    expect(pointersOf(WEBHOOK_REPLAY, { fromPosition: 1, from: '2026-03-01T00:00:00Z' })).toEqual(['#/from']);
  });

  it('name dead letters by their ids, or all of them', () => {
    for (const body of [{}, { messages: [] }, { messages: ['0a1b-identity'] }])
      expect(DEAD_LETTERS_TO_SEND.read(body)).toEqual({ ok: true, value: body });
    expect(pointersOf(DEAD_LETTERS_TO_SEND, { messages: ['a b'] })).toEqual(['#/messages/0']);
    expect(pointersOf(DEAD_LETTERS_TO_SEND, { messages: 'all' })).toEqual(['#/messages']);
    expect(pointersOf(DEAD_LETTERS_TO_SEND, { messages: Array.from({ length: 1_001 }, () => 'a') })).toEqual([
      '#/messages',
    ]);
  });

  it('read a page from the query string', () => {
    expect(DELIVERY_PAGE.read({})).toEqual({ ok: true, value: { after: 0, limit: 100 } });
    expect(DELIVERY_PAGE.read({ after: '12', limit: '5' })).toEqual({ ok: true, value: { after: 12, limit: 5 } });
    expect(pointersOf(DELIVERY_PAGE, { after: '-1', limit: '1001' })).toEqual(['#/after', '#/limit']);
    expect(pointersOf(DELIVERY_PAGE, { offset: '1' })).toEqual(['#/offset']);
  });
});
