import { personalClassAt, type PersonalClass, type PersonalFields } from '#contracts';
import {
  joinParts,
  sealPrefix,
  type ClassYear,
  type KeyState,
  type ListedKey,
  type Sealer,
  type SubjectKey,
} from '#keys';
import { canonical } from './canonical.js';
import type { TypeContract } from '../types/type-contracts.js';
import type { Identified } from './identities.js';
import type { Moment } from './moment.js';
import type { Separation } from './separator.js';

/** The classes of personal fields for which a rule of the policy in force limits the time: they are sealed under keys of their own. */
export class SealedClasses {
  private named: ReadonlySet<string> = new Set();

  constructor(classes: Iterable<PersonalClass> = []) {
    this.replace(classes);
  }

  replace(classes: Iterable<PersonalClass>): void {
    this.named = new Set(classes);
  }

  get areNone(): boolean {
    return this.named.size === 0;
  }

  has(personalClass: PersonalClass): boolean {
    return this.named.has(personalClass);
  }
}

/** What of a touchpoint decides its classes and its year. The year is that of its own time: late and imported events are as old as what they report. */
interface Classified {
  readonly contract: Pick<TypeContract, 'schema'>;
  readonly separation: Pick<Separation, 'personal'>;
  readonly moment: Pick<Moment, 'occurredAt'>;
  readonly identified: Pick<Identified, 'self'>;
}

/** The keys of classes and years that the touchpoints of a batch need. */
export class ClassKeys {
  private constructor(
    private readonly classes: SealedClasses,
    private readonly states: ReadonlyMap<string, KeyState>,
    private readonly sealer: Sealer,
  ) {}

  /**
   * Loads them all in one round trip, and makes the missing ones, durably before this resolves. Null where no touchpoint needs one, which is always so
   * while no rule is in force.
   */
  static async load(
    touchpoints: readonly Classified[],
    classes: SealedClasses,
    sealer: Sealer,
  ): Promise<ClassKeys | null> {
    if (classes.areNone) return null;
    const needed = new Map<string, ListedKey>();
    for (const touchpoint of touchpoints)
      for (const classYear of classYearsOf(touchpoint, classes)) {
        const { subjectId } = touchpoint.identified.self;
        const id = sealer.classKeyId({ subjectId, ...classYear });
        if (!needed.has(id)) needed.set(id, { id, listedUnder: [subjectId], classYear });
      }
    if (needed.size === 0) return null;
    const states = new Map(await sealer.keys.keysFor([...needed.keys()]));
    const missing = [...needed.values()].filter(({ id }) => !states.has(id));
    const made = missing.length === 0 ? [] : await sealer.keys.createListed(missing);
    for (const [at, { id }] of missing.entries()) states.set(id, made[at] ?? 'erased');
    return new ClassKeys(classes, states, sealer);
  }

  /**
   * Seals what is sealed of a touchpoint: fields of a class under its key, all others under the subject's own. Of a class and year whose key was destroyed
   * nothing is kept.
   */
  seal(touchpoint: Classified, fields: PersonalFields, own: SubjectKey): string {
    const rest: Record<string, unknown> = {};
    const byClass = new Map<PersonalClass, Record<string, unknown>>();
    for (const [pointer, value] of Object.entries(fields)) {
      const personalClass = classAt(touchpoint, pointer, this.classes);
      if (personalClass === null) rest[pointer] = value;
      else byClass.set(personalClass, { ...byClass.get(personalClass), [pointer]: value });
    }
    const parts = Object.keys(rest).length === 0 ? [] : [this.sealer.seal(own, JSON.stringify(canonical(rest)))];
    for (const [personalClass, of] of [...byClass].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const classYear = { personalClass, year: yearOf(touchpoint) };
      const key = this.states.get(this.sealer.classKeyId({ subjectId: own.id, ...classYear }));
      parts.push(
        key === undefined || key === 'erased'
          ? sealPrefix(classYear)
          : this.sealer.sealClass(key, classYear, JSON.stringify(canonical(of))),
      );
    }
    return joinParts(parts);
  }
}

const yearOf = ({ moment }: Pick<Classified, 'moment'>): number => new Date(moment.occurredAt).getUTCFullYear();

function classYearsOf(touchpoint: Classified, classes: SealedClasses): readonly ClassYear[] {
  const { personal } = touchpoint.separation;
  if (personal === null) return [];
  const named = new Set<PersonalClass>();
  for (const pointer of Object.keys(personal)) {
    const personalClass = classAt(touchpoint, pointer, classes);
    if (personalClass !== null) named.add(personalClass);
  }
  return [...named].map((personalClass) => ({ personalClass, year: yearOf(touchpoint) }));
}

/** The class under whose key a field is sealed; null for the subject's own key. What stands beside the data has no class. */
function classAt(
  { contract }: Pick<Classified, 'contract'>,
  pointer: string,
  classes: SealedClasses,
): PersonalClass | null {
  if (!pointer.startsWith('/')) return null;
  const personalClass = personalClassAt(contract.schema, pointer);
  return personalClass !== null && classes.has(personalClass) ? personalClass : null;
}
