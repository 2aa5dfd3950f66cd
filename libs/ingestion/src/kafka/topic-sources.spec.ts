import { beforeEach, describe, expect, it } from '@jest/globals';
import { STREAMS } from '#contracts';
import type { EventLog } from '#event-log';
import { openSqliteKeyStore, Sealer } from '#keys';
import { memoryLog, orderPlaced } from '#testing';
import { IngestTouchpoints, IngestTouchpointsHandler } from '../pipeline/ingest-touchpoints.js';
import { Ingestion } from '../pipeline/ingestion.js';
import { topicsPublisher } from '../pipeline/publisher.js';
import { topicSources } from './topic-sources.js';

const NOW = Date.UTC(2026, 0, 31, 12);

describe('the sources of topics', () => {
  let log: EventLog;
  let handler: IngestTouchpointsHandler;
  beforeEach(() => {
    log = memoryLog({ clock: { now: () => NOW } });
    handler = new IngestTouchpointsHandler(
      new Ingestion({ log, sealer: new Sealer(openSqliteKeyStore({ file: ':memory:' })) }),
    );
  });

  const message = (topic: string, source: string, id: string) => ({
    document: orderPlaced({ source, id }),
    provenance: { topic, partition: 0, offset: 1, key: null, headers: null },
  });

  it('are those that the setting names; a topic that it does not name speaks for all', async () => {
    const publisher = topicsPublisher(
      topicSources({ 'touchpoints.shop': ['shop', 'shop/*'], 'touchpoints.erp': 'erp' }),
    );
    const items = [
      message('touchpoints.shop', 'shop/web', '1'),
      message('touchpoints.shop', 'erp', '2'),
      message('touchpoints.erp', 'erp', '3'),
      message('touchpoints.other', 'erp', '4'),
    ];
    const { results } = await handler.execute(new IngestTouchpoints(items, NOW, 'kept', false, publisher));
    expect(results.map(({ outcome, code }) => code ?? outcome)).toEqual([
      ...['accepted', 'source-not-permitted', 'accepted', 'accepted'],
    ]);
    const [kept] = await log.readStreams([STREAMS.rejected('topic-touchpoints.shop')]);
    expect(JSON.parse(kept!.data)).toMatchObject({ source: 'topic:touchpoints.shop', claimedSource: 'erp' });
    const [accepted] = await log.find([{ source: 'shop/web', id: '1' }]);
    expect(JSON.parse(accepted!.meta)).toMatchObject({ by: 'kafka' });
  });

  it.each([[[]], ['shop'], [{ 'touchpoints.shop': [] }], [{ 'touchpoints.shop': 7 }], [{ 'touchpoints.shop': [''] }]])(
    'cannot be read from %j',
    (document) => {
      expect(() => topicSources(document)).toThrow();
    },
  );
});
