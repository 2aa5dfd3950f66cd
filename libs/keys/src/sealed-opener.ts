import type { SealedOpener } from '#platform';
import type { Sealer } from './sealer.js';

/** Opens sealed text for the read models by the engine's own sealer. */
export function sealedOpener(sealer: Sealer): SealedOpener {
  return (items) => sealer.openUndamaged(items);
}
