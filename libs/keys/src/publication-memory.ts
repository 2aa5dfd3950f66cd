import type { PublicationMemory } from '#platform';
import type { KeyStoreFacts } from './key-store.js';

const READ_MODELS = 'read-models-kept';

/** The key store remembers that read models were kept: it is durable, and they are not. */
export function publicationMemory(keys: KeyStoreFacts): PublicationMemory {
  const wereKept = async (): Promise<boolean> => (await keys.fact(READ_MODELS)) !== null;
  return {
    wereKept,
    async noteKept() {
      if (!(await wereKept())) await keys.recordFact(READ_MODELS, Uint8Array.of(1));
    },
  };
}
