import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Sequencer from '@jest/test-sequencer';

/**
 * The suites that take longest, on a clone that has not run any yet: whoever began with the short ones would wait at the end for one
 * long suite with all other cores idle. Jest's own order (by the last run, or by size) takes the rest.
 */
const LONGEST = [
  'apps/cli/src/move.e2e.spec.ts',
  'apps/cli/src/cli.e2e.spec.ts',
  'libs/event-log/src/eventstore/lost-answers.int.spec.ts',
  'test/journeys/arrival-order.e2e.spec.ts',
];

export default class LongestFirst extends Sequencer {
  #root;

  constructor(options) {
    super(options);
    this.#root = options.globalConfig.rootDir;
    const gone = LONGEST.filter((suite) => !existsSync(join(this.#root, suite)));
    if (gone.length > 0)
      throw new Error(`scripts/longest-first.mjs names suites that are not there: ${gone.join(', ')}`);
  }

  sort(tests) {
    const places = new Map(LONGEST.map((suite, at) => [join(this.#root, suite), at]));
    const placeOf = ({ path }) => places.get(path) ?? LONGEST.length;
    return [...super.sort(tests)].sort((a, b) => placeOf(a) - placeOf(b));
  }
}
