import type { Queryable } from '#database';
import type { EventLog } from '#event-log';
import { CustomersBySubject } from '../erasure/customer-subjects.js';
import { RestrictionRegister } from './restriction-register.js';

/** The purposes for which restricted data are opened: legal claims (art. 18(2)), and what the person asks for. */
export const PURPOSES_DESPITE_RESTRICTION: ReadonlySet<string> = new Set(['legal', 'subject-request']);

/** Whose data are restricted. The log decides, at every call: a restriction of another process holds as soon as it is recorded. */
export class RestrictedPersons {
  private readonly register: RestrictionRegister;
  private readonly customers: CustomersBySubject | null;

  constructor(
    log: Pick<EventLog, 'read'>,
    /** Null in a process without read models: then the subjects that a restriction names, and no others. */
    database: Pick<Queryable, 'query'> | null,
  ) {
    this.register = new RestrictionRegister(log);
    this.customers = database === null ? null : new CustomersBySubject(database);
  }

  /** Which of these subjects and quarantined bodies belong to a restricted person, as links show them now. */
  async among(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const named = new Set<string>();
    for (const { lifted, subjectIds, quarantineIds } of (await this.register.load()).values())
      if (lifted === null) for (const id of [...subjectIds, ...quarantineIds]) named.add(id);
    // Nearly always: nothing is restricted, and no read model is asked.
    if (named.size === 0) return named;
    const found = new Set(ids.filter((id) => named.has(id)));
    const { customers = [] } = (await this.customers?.find([...named])) ?? {};
    const linked = new Set(customers.flatMap(({ subjects }) => subjects.map(({ subjectId }) => subjectId)));
    for (const id of ids) if (linked.has(id)) found.add(id);
    return found;
  }
}
