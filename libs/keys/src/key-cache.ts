import type { KeyState } from './key-store.js';
import { LruCache } from './lru-cache.js';

const CACHED_KEYS = 100_000;

/** The key states that a store remembers, and the listeners that it tells of destroyed keys: alike in every store. */
export class KeyCache {
  private readonly states = new LruCache<string, KeyState>(CACHED_KEYS);
  private readonly listeners: ((ids: readonly string[]) => void)[] = [];

  get(id: string): KeyState | undefined {
    return this.states.get(id);
  }

  set(id: string, state: KeyState): void {
    this.states.set(id, state);
  }

  onDestroyed(listener: (ids: readonly string[]) => void): void {
    this.listeners.push(listener);
  }

  /** Remembers that these keys were destroyed, and tells the listeners. */
  destroyed(ids: readonly string[]): void {
    if (ids.length === 0) return;
    for (const id of ids) this.states.set(id, 'erased');
    for (const listener of this.listeners) listener(ids);
  }
}
