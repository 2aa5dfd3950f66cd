import type { Instant } from '#contracts';
import type { Ingestion } from './ingestion.js';
import type { IngestItem, IngestResult, ItemResult, OutcomeCounts } from './item.js';
import { LOCAL_PUBLISHER, SOURCE_NOT_PERMITTED, type Publisher } from './publisher.js';
import { nameIn } from './quarantined.js';
import { Rejection } from './rejection.js';
import { BatchWarnings, isWarned, warningsOf } from './warnings.js';

/** Say what would become of this batch, and write nothing. */
export class CheckTouchpoints {
  constructor(
    readonly items: readonly IngestItem[],
    readonly receivedAt: Instant,
    readonly publisher: Publisher = LOCAL_PUBLISHER,
  ) {}
}

/**
 * The use case of a dry run: each event is validated like any other, and looked for in the log. An event whose id is on record counts as a duplicate:
 * whether its content is the same only ingesting it would tell; of erased persons it says nothing.
 */
export class CheckTouchpointsHandler {
  constructor(private readonly ingestion: Ingestion) {}

  async execute({
    items,
    receivedAt,
    publisher: { rejects },
  }: CheckTouchpoints): Promise<Omit<IngestResult, 'concealed'>> {
    const counts: OutcomeCounts = { received: items.length, accepted: 0, duplicate: 0, quarantined: 0, suppressed: 0 };
    const warnings = new BatchWarnings();
    const results: ItemResult[] = items.map((item, index) => {
      const named = rejects === undefined ? null : nameIn(item.document, 'source');
      if (named !== null && rejects !== undefined && rejects(item, named) !== null)
        return rejected(item, index, SOURCE_NOT_PERMITTED);
      const touchpoint = this.ingestion.validate(item, receivedAt, null);
      if (touchpoint instanceof Rejection) return rejected(item, index, touchpoint);
      const { source, id, type } = touchpoint.envelope;
      if (isWarned(touchpoint)) warnings.add(type, index, warningsOf(touchpoint, item));
      return { index, source, id, outcome: 'accepted' };
    });
    const valid = results.filter(isNamed);
    const found = await this.ingestion.log.find(valid.map(({ source, id }) => ({ source, id })));
    for (const [at, event] of found.entries()) {
      const result = valid[at];
      if (event === null || result === undefined) continue;
      results[result.index] = { ...result, outcome: 'duplicate', position: event.position };
    }
    for (const { outcome } of results) counts[outcome] += 1;
    return {
      counts,
      results,
      exceptions: results.filter(({ outcome }) => outcome !== 'accepted'),
      warnings: warnings.all,
    };
  }
}

type Named = ItemResult & { readonly source: string; readonly id: string };

const isNamed = (result: ItemResult): result is Named => result.outcome === 'accepted';

function rejected({ document }: IngestItem, index: number, { code, issues }: Rejection): ItemResult {
  const [{ pointer, detail, hint }] = issues;
  return {
    ...{ index, source: nameIn(document, 'source'), id: nameIn(document, 'id'), outcome: 'quarantined' as const },
    ...{ code, pointer, detail, hint, errors: issues },
  };
}
