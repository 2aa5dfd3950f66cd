import { join } from 'node:path';
import Sequencer from '@jest/test-sequencer';

/**
 * The suites that take longest, on a clone that has not run any yet: a run that began with the short ones would wait at the end for one
 * long suite with all other cores idle. Jest's own order (by the last run, or by size) takes the rest.
 */
export const LONGEST = [
  'apps/cli/src/move.e2e.spec.ts',
  'apps/cli/src/cli.e2e.spec.ts',
  'libs/event-log/src/eventstore/lost-answers.int.spec.ts',
  'test/journeys/arrival-order.e2e.spec.ts',
  'libs/event-log/src/eventstore/eventstore-log.int.spec.ts',
  'libs/event-log/src/eventstore/positions.int.spec.ts',
  'libs/event-log/src/eventstore/catching-up.int.spec.ts',
  'test/journeys/outages.e2e.spec.ts',
  'test/journeys/keycloak.e2e.spec.ts',
  'test/adding-a-read-model.int.spec.ts',
  'libs/projections/src/projections.property.int.spec.ts',
  'libs/projections/src/accounts/accounts.int.spec.ts',
  'libs/queries/src/queries/customers-by-attribute.int.spec.ts',
  'libs/projections/src/versions/killed-rebuild.int.spec.ts',
  'libs/projections/src/processor/first-fill-together.int.spec.ts',
  'test/journeys/webhooks.e2e.spec.ts',
  'libs/ingestion/src/http/tracking/libraries.int.spec.ts',
  'test/journeys/killed-relay.e2e.spec.ts',
  'libs/projections/src/processor/workers.int.spec.ts',
  'libs/ingestion/src/kafka/kafka-ingestion.int.spec.ts',
  'libs/projections/src/indexing/identity-truth.int.spec.ts',
  'libs/projections/src/processor/decisions.int.spec.ts',
  'test/journeys/separate-processes.e2e.spec.ts',
  'test/adding-a-touchpoint.int.spec.ts',
  'apps/cli/src/import-from-a-pipe.e2e.spec.ts',
  'test/journeys/backup.e2e.spec.ts',
  'libs/backup/src/backup.int.spec.ts',
  'test/journeys/logs-and-copies.e2e.spec.ts',
  'libs/feeds/src/webhooks/webhooks.int.spec.ts',
  'apps/standalone/src/demonstration.int.spec.ts',
  'libs/feeds/src/feeds.int.spec.ts',
];

export default class LongestFirst extends Sequencer {
  #root;

  constructor(options) {
    super(options);
    this.#root = options.globalConfig.rootDir;
  }

  sort(tests) {
    const places = new Map(LONGEST.map((suite, at) => [join(this.#root, suite), at]));
    const placeOf = ({ path }) => places.get(path) ?? LONGEST.length;
    return [...super.sort(tests)].sort((a, b) => placeOf(a) - placeOf(b));
  }
}
