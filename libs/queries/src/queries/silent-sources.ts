import { instantText } from '#database';
import { silentSources as silentSourcesSql } from '#projections/schema';
import { inReadModels } from '../reading/read-models.js';
import { restingSources } from '../reading/source-state.js';
import { query } from '../running/query.js';

class SilentSourcesParams {}

/** Sources that used to send, and do not. */
export const silentSources = query({
  name: 'silent-sources',
  summary: 'Sources that have been silent for longer than their own rhythm allows.',
  description:
    'The rhythm of a source is the 95th percentile of the gaps between the hours in which it sent something, over eight weeks. It is silent after twice that, and after two hours at the earliest. Sources with fewer than five gaps have no rhythm; paused and retired ones are left out.',
  permission: 'read',
  params: SilentSourcesParams,
  time: 'none',
  paged: false,
  columns: [
    { name: 'source', type: 'text', description: 'the source as its events name it' },
    { name: 'lastSeenAt', type: 'instant', description: 'when the last event came in' },
    { name: 'usualGapMinutes', type: 'integer', description: 'how long it is usually silent at most' },
    { name: 'silentSince', type: 'instant', description: 'since when it is silent for too long' },
  ],
  async answer(context) {
    const resting = await restingSources(context.log);
    return inReadModels(context.database, async (models) => {
      const rows = await models.query<{ source: string }>(silentSourcesSql('', '$1::timestamptz'), [
        instantText(context.clock.now()),
      ]);
      return { rows: rows.filter(({ source }) => !resting.has(source)), next: null, position: models.position };
    });
  },
});
