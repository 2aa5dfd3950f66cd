import { CLOSED_BY_RESTRICTION, type Opening, type PersonalDataState } from '#platform';
import type { PersonalData, Sealed } from './personal-data.js';
import type { QueryContext, QueryDefinition } from './query.js';

/**
 * Personal data as one page of an answer opens them: closed where the caller states no purpose that is granted to it. What was opened stays inside until
 * `record` has resolved.
 */
export class OpeningSession {
  private readonly subjects = new Map<string, number>();
  private readonly bodies = new Map<string, number>();
  private readonly restricted = new Set<string>();

  private constructor(
    private readonly query: string,
    /** The columns that this request opens. */
    private readonly columns: readonly string[],
    private readonly context: Pick<QueryContext, 'personalData' | 'openings' | 'opening'>,
    /** As the caller and the policy give it; null for a query that opens nothing. */
    private readonly decided: PersonalDataState | null,
  ) {}

  /** As the answer says it: closed where all that it would open is restricted. Null for a query that opens nothing. */
  get state(): PersonalDataState | null {
    const { decided, restricted } = this;
    if (decided?.state !== 'open' || restricted.size === 0) return decided;
    if (this.subjects.size + this.bodies.size === 0) return CLOSED_BY_RESTRICTION;
    return { ...decided, restrictedSubjects: restricted.size };
  }

  static async begin(
    query: Pick<QueryDefinition, 'name' | 'opens' | 'opensFor'>,
    params: object,
    context: Pick<QueryContext, 'personalData' | 'openings' | 'opening'>,
  ): Promise<OpeningSession> {
    const { openings, opening } = context;
    const { name, opens } = query;
    if (opens === undefined) return new OpeningSession(name, [], context, null);
    const state =
      openings === undefined || opening === undefined || opening === null ? NOT_ASKED : await openings.decide(opening);
    return new OpeningSession(name, query.opensFor?.(params) ?? opens, context, state);
  }

  /** What the query opens with. */
  get personalData(): PersonalData {
    const { personalData } = this.context;
    return { ...personalData, open: (items) => this.open(items) };
  }

  private async open(items: readonly Sealed[]): Promise<readonly (string | null)[]> {
    const { decided } = this;
    if (decided === null) throw new TypeError(`The query ${this.query} declares no column that it opens.`);
    if (decided.state === 'closed') return items.map(() => null);
    const restricted = await this.context.openings?.restrictedAmong(items.flatMap(idsOf), decided.purpose);
    const values = await this.context.personalData.open(
      items.map((item) => (isAny(item, restricted) ? closedOf(item) : item)),
    );
    for (const item of items)
      if (isAny(item, restricted))
        for (const id of idsOf(item)) if (restricted?.has(id) === true) this.restricted.add(id);
    for (const [at, { subjectId, about }] of items.entries()) {
      if ((values[at] ?? null) === null) continue;
      for (const id of about === undefined ? [subjectId] : (about.subjectIds ?? []))
        this.subjects.set(id, (this.subjects.get(id) ?? 0) + 1);
      for (const id of about?.quarantineIds ?? []) this.bodies.set(id, (this.bodies.get(id) ?? 0) + 1);
    }
    return values;
  }

  /** Resolves when what was opened is on record. */
  async record(requestId: string, parameters: unknown): Promise<void> {
    const { decided: state, subjects, bodies } = this;
    const { openings, opening } = this.context;
    if (state?.state !== 'open' || openings === undefined || opening === undefined || opening === null) return;
    const { query, columns } = this;
    const { purpose } = state;
    const recorded: Opening = { ...opening, purpose, requestId, query, parameters, columns, subjects, bodies };
    await openings.recordOpening(recorded);
  }
}

/** Whose personal data the item holds, and the key that opens it. */
const idsOf = ({ subjectId, about }: Sealed): readonly string[] => [
  subjectId,
  ...(about?.subjectIds ?? []),
  ...(about?.quarantineIds ?? []),
];

/** Whether the item holds data of one of these. */
const isAny = (item: Sealed, ids: ReadonlySet<string> | undefined): boolean =>
  ids !== undefined &&
  ids.size > 0 &&
  (item.sealed !== null || item.inClear !== undefined) &&
  idsOf(item).some((id) => ids.has(id));

const closedOf = ({ subjectId }: Sealed): Sealed => ({ subjectId, sealed: null });

const NOT_ASKED: PersonalDataState = {
  state: 'closed',
  why: 'no-purpose',
  hint: 'This entrance opens no personal data.',
};
