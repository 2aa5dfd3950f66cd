import type { EventLog } from '#event-log';
import type { PersonSearch } from '#ingestion';
import { PersonFinder, type FoundPerson, type NamedPerson, type PersonFinderDependencies } from './find-person.js';
import { QuarantinedBodies } from './quarantined-bodies.js';

export interface PersonsOnRecordDependencies extends PersonFinderDependencies {
  readonly log: EventLog;
}

type BodiesNaming = Awaited<ReturnType<QuarantinedBodies['naming']>>;

/** Who a person is, and which quarantined bodies name them: what an erasure destroys and a legal hold keeps. */
export class PersonsOnRecord {
  private readonly finder: PersonFinder;
  private readonly bodies: QuarantinedBodies | null;

  constructor(dependencies: PersonsOnRecordDependencies) {
    const { database, log, sealer } = dependencies;
    this.finder = new PersonFinder(dependencies);
    this.bodies = database === null ? null : new QuarantinedBodies(database, log, sealer);
  }

  /** False in a process without read models: it knows no quarantined bodies. */
  get searchesBodies(): boolean {
    return this.bodies !== null;
  }

  find(person: NamedPerson): Promise<FoundPerson> {
    return this.finder.find(person);
  }

  /** The quarantined bodies after a position that hold an identifier of the person in any form. */
  async bodiesNaming(person: PersonSearch, after: number): Promise<BodiesNaming> {
    return (await this.bodies?.naming(person, after)) ?? { quarantineIds: [], position: after };
  }
}
