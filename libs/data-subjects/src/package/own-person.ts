import { setTimeout as sleep } from 'node:timers/promises';
import { STREAMS, type Instant } from '#contracts';
import type { ClearIdentifier } from '#ingestion';
import { CustomersBySubject, type SubjectRequest } from '#privacy';
import type { QueryContext } from '#queries';

/** An identifier of the person in the clear. */
export interface OwnIdentifier extends ClearIdentifier {
  readonly subjectId: string;
}

/** The person of a request: all their subjects, by every link that counts. */
export interface OwnPerson {
  /** Null for a person without an event of their own. */
  readonly customerId: string | null;
  readonly subjectIds: readonly string[];
  readonly identifiers: readonly OwnIdentifier[];
  /** The position of the log up to which all this is known. */
  readonly position: number;
}

export type FoundPerson =
  | { readonly outcome: 'found'; readonly person: OwnPerson }
  /** `erasedAt` is null where the keys are destroyed and the log does not record it yet. */
  | { readonly outcome: 'erased'; readonly erasedAt: Instant | null }
  /** The read models have not reached the head of the log: a link may be missing. */
  | { readonly outcome: 'behind' };

const WAIT_MS = 5_000;
const POLL_MS = 50;

/** Finds the person of a request as the log knows them now. `identifier` is how the person named themselves, where it can be opened. */
export async function findPerson(
  context: Pick<QueryContext, 'database' | 'log' | 'personalData'>,
  { subjectIds }: Pick<SubjectRequest, 'subjectIds'>,
  named: ClearIdentifier | null,
): Promise<FoundPerson> {
  const { database, log, personalData } = context;
  for (const subjectId of subjectIds)
    if (await personalData.isErased(subjectId)) return { outcome: 'erased', erasedAt: await erasureOf(log, subjectId) };
  const customers = new CustomersBySubject(database);
  const { position: head } = await log.head();
  let found = await customers.find(subjectIds);
  for (let waitedMs = 0; found.position < head; waitedMs += POLL_MS) {
    if (waitedMs >= WAIT_MS) return { outcome: 'behind' };
    await sleep(POLL_MS);
    found = await customers.find(subjectIds);
  }
  const { position } = found;
  const subjects = found.customers.flatMap((customer) => customer.subjects);
  const values = await personalData.openToSearch(subjects);
  const identifiers = subjects.flatMap(({ subjectId, namespace }, at): OwnIdentifier[] => {
    const value = values[at] ?? null;
    return value === null ? [] : [{ subjectId, namespace, value }];
  });
  const [subjectId = ''] = subjectIds;
  if (named !== null && !identifiers.some((each) => each.subjectId === subjectId))
    identifiers.push({ subjectId, ...named });
  const all = new Set([...subjectIds, ...subjects.map((subject) => subject.subjectId)]);
  const customerId = found.customers[0]?.customerId ?? null;
  return { outcome: 'found', person: { customerId, subjectIds: [...all].sort(), identifiers, position } };
}

/** When a subject was erased. */
async function erasureOf(log: QueryContext['log'], subjectId: string): Promise<Instant | null> {
  for await (const page of log.read(STREAMS.privacy))
    for (const { type, data, occurredAt } of page) {
      if (type !== 'person-erased') continue;
      const { subjectIds = [] } = JSON.parse(data) as { readonly subjectIds?: readonly string[] };
      if (subjectIds.includes(subjectId)) return occurredAt;
    }
  return null;
}
