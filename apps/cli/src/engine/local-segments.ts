import {
  DefineSegment,
  RemoveSegment,
  type ManageSegments,
  type SegmentOnRecord,
  type SegmentVerdict,
} from '#ingestion';
import { rejected } from '../exit-codes.js';
import { issueLines } from '../terminal/issue-lines.js';

/** Who defines a segment on this machine. */
const LOCAL = 'local';

/** Segments of a data folder that the command line opened itself. */
export class LocalSegments {
  constructor(private readonly manage: ManageSegments) {}

  async define(document: unknown): Promise<SegmentOnRecord> {
    const verdict = await this.manage.define(new DefineSegment(document, LOCAL));
    return onRecord(verdict, 'The segment cannot be defined:');
  }

  async remove(segmentId: string): Promise<SegmentOnRecord> {
    const verdict = await this.manage.remove(new RemoveSegment(segmentId, LOCAL));
    if (!verdict.ok && verdict.missing)
      throw rejected(`There is no segment '${segmentId}': perennial segment list shows all of them.`);
    return onRecord(verdict, 'The segment cannot be removed:');
  }
}

function onRecord(verdict: SegmentVerdict, failure: string): SegmentOnRecord {
  if (!verdict.ok) throw rejected(`${failure}${issueLines(verdict.errors)}`);
  const { segmentId, version, position, changed } = verdict;
  return { segmentId, version, position, changed };
}
