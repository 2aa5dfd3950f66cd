import { LOCAL_PRINCIPAL } from '#platform/basics';
import {
  personOf,
  RESTRICTION_REQUEST,
  restrictionView,
  selectRestrictions,
  type ManageRestrictions,
  type RestrictionRegister,
  type RestrictionSelection,
  type ShownRestriction,
} from '#privacy';
import { rejected } from '../exit-codes.js';
import { issueLines } from '../terminal/issue-lines.js';
import type { JsonObject } from './engine.js';
import { personNotFound } from './local-holds.js';

/** Restrictions of processing of an engine that is opened in this process. */
export class LocalRestrictions {
  constructor(
    private readonly register: RestrictionRegister,
    private readonly manage: ManageRestrictions,
  ) {}

  async place(document: JsonObject): Promise<ShownRestriction> {
    const reading = RESTRICTION_REQUEST.read(document);
    if (!reading.ok) throw rejected(`Nothing was restricted:${issueLines(reading.errors)}`);
    const { ground, request: requestId = null, ...person } = reading.value;
    const verdict = await this.manage.place({ person: personOf(person), ground, requestId, by: LOCAL_PRINCIPAL.id });
    if (verdict.outcome === 'erased') throw rejected('This person was erased: nothing is left to be restricted.');
    if (verdict.outcome !== 'placed')
      throw personNotFound(verdict, person.identifier ?? person.customer ?? '', 'Restrict each of them by its id.');
    return restrictionView(verdict.restriction);
  }

  async list(status: RestrictionSelection): Promise<readonly ShownRestriction[]> {
    return selectRestrictions((await this.register.load()).values(), status);
  }

  async lift(restrictionId: string): Promise<ShownRestriction> {
    const lifted = await this.manage.lift(restrictionId, LOCAL_PRINCIPAL.id);
    if (lifted === null)
      throw rejected(`No restriction has the id ${restrictionId}: perennial restriction list shows them.`);
    return restrictionView(lifted);
  }
}
