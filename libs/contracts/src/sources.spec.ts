import { describe, expect, it } from '@jest/globals';
import { foldSources, NO_SOURCES } from './sources.js';

const SHOP = { name: 'shop', kind: 'api', test: false } as const;
const fact = (type: string, data: object, occurredAt: number) => ({ type, data: JSON.stringify(data), occurredAt });

describe('the sources on record', () => {
  it('are what was registered, as it was last changed', () => {
    const sources = foldSources(NO_SOURCES, [
      fact('source-registered', SHOP, 1),
      fact('source-paused', { name: 'shop' }, 2),
      fact('source-changed', { ...SHOP, channel: 'app' }, 3),
    ]);
    expect(sources.get('shop')).toEqual({
      settings: { ...SHOP, channel: 'app' },
      status: 'paused',
      registeredAt: 1,
      changedAt: 3,
    });
  });

  it('stay retired once they are', () => {
    const sources = foldSources(NO_SOURCES, [
      fact('source-registered', SHOP, 1),
      fact('source-retired', { name: 'shop' }, 2),
      fact('source-resumed', { name: 'shop' }, 3),
    ]);
    expect(sources.get('shop')?.status).toBe('retired');
  });

  it('do not change through facts about a source that is not registered, or of another type', () => {
    expect(foldSources(NO_SOURCES, [fact('source-paused', { name: 'shop' }, 1)])).toEqual(NO_SOURCES);
    const sources = foldSources(NO_SOURCES, [fact('source-registered', SHOP, 1)]);
    expect(foldSources(sources, [fact('source-renamed', { name: 'shop' }, 2)])).toEqual(sources);
  });

  it('are the same folded at once and fact by fact', () => {
    const facts = [
      fact('source-registered', SHOP, 1),
      fact('source-registered', { ...SHOP, name: 'app' }, 2),
      fact('source-paused', { name: 'shop' }, 3),
      fact('source-resumed', { name: 'shop' }, 4),
    ];
    expect(facts.reduce((sources, each) => foldSources(sources, [each]), NO_SOURCES)).toEqual(
      foldSources(NO_SOURCES, facts),
    );
  });
});
