import { LOCAL_PRINCIPAL } from '#platform/basics';
import {
  newSuppression,
  SUPPRESSIONS_REQUEST,
  suppressionView,
  type ManageSuppressions,
  type ShownSuppression,
} from '#privacy';
import { rejected } from '../exit-codes.js';
import { issueLines } from '../terminal/issue-lines.js';
import type { JsonObject } from './engine.js';

/** The suppression list of an engine that is opened in this process. */
export class LocalSuppressions {
  constructor(private readonly manage: ManageSuppressions) {}

  async add(document: JsonObject): Promise<readonly ShownSuppression[]> {
    const reading = SUPPRESSIONS_REQUEST.read(document);
    if (!reading.ok) throw rejected(`Nothing was suppressed:${issueLines(reading.errors)}`);
    const added = await this.manage.add(reading.value.suppressions.map(newSuppression), LOCAL_PRINCIPAL.id);
    return added.map(suppressionView);
  }

  async lift(suppressionId: string): Promise<ShownSuppression> {
    const lifted = await this.manage.lift(suppressionId, LOCAL_PRINCIPAL.id);
    if (lifted === null)
      throw rejected(`No suppression has the id ${suppressionId}: perennial query suppressions shows them.`);
    return suppressionView(lifted);
  }
}
