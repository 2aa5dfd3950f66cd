// fast-check for mutation testing, in the place of the real one (see hooks.mjs): each property runs PROPERTY_RUNS times at most,
// with the same seed in every run, and does not shrink what it found. A count, not a time: a busy machine finds what a quiet one finds.
import * as fastCheck from '../../node_modules/fast-check/lib/fast-check.js';

const most = Number(process.env['PROPERTY_RUNS'] ?? 20);

export * from '../../node_modules/fast-check/lib/fast-check.js';

export function assert(property, parameters = {}) {
  const numRuns = Math.min(parameters.numRuns ?? 100, most);
  return fastCheck.assert(property, { seed: 1, endOnFailure: true, ...parameters, numRuns });
}

export default { ...fastCheck, assert };
