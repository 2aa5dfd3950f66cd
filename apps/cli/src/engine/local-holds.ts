import { LOCAL_PRINCIPAL } from '#platform/basics';
import {
  HOLD_REQUEST,
  holdView,
  LiftHold,
  personOf,
  PlaceHold,
  type FoundPerson,
  type HoldKeeper,
  type HoldRegister,
  type ManageHolds,
  type ShownHold,
} from '#privacy';
import { CliError, EXIT, rejected } from '../exit-codes.js';
import { issueLines } from '../terminal/issue-lines.js';
import type { JsonObject } from './engine.js';

/** Legal holds of an engine that is opened in this process. */
export class LocalHolds {
  constructor(
    private readonly register: HoldRegister,
    private readonly manage: ManageHolds,
    private readonly keeper: HoldKeeper,
  ) {}

  async place(document: JsonObject): Promise<JsonObject> {
    const reading = HOLD_REQUEST.read(document);
    if (!reading.ok) throw rejected(`No hold was placed:${issueLines(reading.errors)}`);
    const { case: caseName, reason = null, ...person } = reading.value;
    const command = new PlaceHold(personOf(person), caseName, reason, LOCAL_PRINCIPAL.id);
    const verdict = await this.manage.place(command);
    if (verdict.outcome === 'erased') throw rejected('This person was erased: nothing is left to be kept.');
    if (verdict.outcome !== 'placed')
      throw personNotFound(
        verdict,
        person.identifier ?? person.customer ?? '',
        'Place a hold on each of them by its id.',
      );
    return { ...holdView(verdict.hold, this.register), subjectsErased: verdict.erased };
  }

  async list(status: 'active' | 'lifted' | 'all'): Promise<readonly ShownHold[]> {
    await this.register.load();
    const shown = [...this.register.holds.values()].map((hold) => holdView(hold, this.register));
    return shown.filter((hold) => status === 'all' || hold.status === status);
  }

  async lift(holdId: string, reason: string | null, catchUp: () => Promise<void>): Promise<JsonObject> {
    const verdict = await this.manage.lift(new LiftHold(holdId, reason, LOCAL_PRINCIPAL));
    if (verdict.outcome === 'unknown')
      throw rejected(`No legal hold has the id ${holdId}: perennial hold list shows them.`);
    for (let erasuresDone = 0; ;) {
      await catchUp();
      const { done, waiting } = await this.keeper.executeWaiting();
      erasuresDone += done;
      if (done > 0 && waiting > 0) continue;
      await this.register.load();
      return { ...holdView(verdict.hold, this.register), erasuresDone, erasuresWaiting: waiting };
    }
  }
}

/** The error of a command whose person could not be found. */
export function personNotFound(
  verdict: Exclude<FoundPerson, { readonly outcome: 'found' }>,
  named: string,
  instead: string,
): CliError {
  switch (verdict.outcome) {
    case 'unknown-customer':
      return rejected(`The customer ${named} is not known: perennial query customers lists those that are.`);
    case 'several-customers':
      return rejected(`The identifier belongs to several customers: ${verdict.customerIds.join(', ')}. ${instead}`);
    case 'behind':
      return new CliError(EXIT.failed, 'The read models have not read the whole log yet: run the command again.');
  }
}
