import { factOf, FACTS, TOUCHPOINT_TYPES, touchpointType } from './catalogue.js';
import { toMinor } from './currencies.js';
import { factClassOf } from './facts/classes.js';
import type { IssueOnRecordV1 } from './facts/former-versions.js';
import { classOf } from './touchpoints/classes.js';
import { fragment, pointerTo } from './validation-issue.js';

/** The data of an event, as its version has it. */
export type Data = Readonly<Record<string, unknown>>;

/**
 * Lifts data from one version to the next. Pure. The personal fields may be absent, since they are sealed: an upcaster
 * neither needs nor invents them, and carries over what it does not know.
 */
export type Upcaster = (data: Data) => Data;

/** The upcasters of each type and fact that has more than one version: the first lifts version 1 to 2, and so on. */
export const UPCASTERS: Readonly<Record<string, readonly Upcaster[]>> = {
  'case-resolved': [caseResolvedTo2],
  'event-quarantined': [eventQuarantinedTo2, unchanged, unchanged],
  'event-discarded': [unchanged],
  'event-released': [eventReleasedTo2],
  'person-erased': [personErasedTo2],
  'policy-published': [policyPublishedTo2],
  'source-registered': [unchanged],
  'source-changed': [unchanged],
};

/** The newer version has a further field that may be left out. */
function unchanged(data: Data): Data {
  return data;
}

/** An erasure of before searched no body, and did not record the namespaces. */
function personErasedTo2(data: Data): Data {
  return { ...data, namespaces: [], quarantineIds: [] };
}

/** Hours became whole minutes, and a decimal cost became minor units. */
function caseResolvedTo2({ hours, cost, ...rest }: Data): Data {
  const currency = rest['currency'];
  const costMinor = typeof cost === 'string' && typeof currency === 'string' ? toMinor(cost, currency) : null;
  return {
    ...rest,
    ...(typeof hours === 'number' ? { minutes: Math.round(hours * 60) } : {}),
    ...(costMinor === null ? {} : { costMinor }),
  };
}

/** Fields got the names of RFC 9457, and a path became a pointer. */
function eventQuarantinedTo2({ path, mend, flaws, ...rest }: Data): Data {
  const issues = Array.isArray(flaws) ? { issues: (flaws as readonly IssueOnRecordV1[]).map(issueOnRecordTo2) } : {};
  return { ...rest, pointer: pointerOfPath(path), hint: mend, ...issues };
}

function issueOnRecordTo2({ path, reason, mend, ...rest }: IssueOnRecordV1): object {
  return { ...rest, pointer: pointerOfPath(path), detail: reason, hint: mend };
}

/** A path was a plain JSON pointer, empty for the whole event; of a row of a file it was the name of a column. */
function pointerOfPath(path: unknown): string {
  const text = String(path);
  return text === '' || text.startsWith('/') ? fragment(text) : pointerTo(text);
}

/** "Mended" became "fixed". */
function eventReleasedTo2({ mended, ...rest }: Data): Data {
  return { ...rest, fixed: mended };
}

/** Every policy of version 1 was prospective. */
function policyPublishedTo2(data: Data): Data {
  return { ...data, restates: false, reason: null };
}

/**
 * Lifts data of a built-in type or a fact from the version in which they were stored to the newest. Data of the newest version,
 * and of every other type, are returned as they are.
 * @throws RangeError when the version is newer than any that this program knows.
 */
export function upcast(type: string, fromVersion: number, data: Data): Data {
  const newest = (touchpointType(type) ?? factOf(type))?.version;
  if (newest === undefined || newest === fromVersion) return data;
  if (!Number.isInteger(fromVersion) || fromVersion < 1 || fromVersion > newest)
    throw new RangeError(`${type} was stored in version ${fromVersion}; this program knows versions 1 to ${newest}`);
  return (UPCASTERS[type] ?? []).slice(fromVersion - 1).reduce((lifted, upcaster) => upcaster(lifted), data);
}

/** What `assertNoGaps` looks at; the program's own contracts unless said. */
export interface Contracts {
  readonly types: readonly { readonly name: string; readonly version: number }[];
  readonly upcasters: Readonly<Record<string, readonly Upcaster[]>>;
  readonly hasClass: (type: string, version: number) => boolean;
}

/**
 * Sees to it, at the start, that each version of each type and fact has its class and that an unbroken chain of upcasters leads
 * from version 1 to the newest.
 * @throws Error that names every gap.
 */
export function assertNoGaps(
  contracts: Contracts = {
    types: [...TOUCHPOINT_TYPES, ...FACTS],
    upcasters: UPCASTERS,
    hasClass: (type, version) => (classOf(type, version) ?? factClassOf(type, version)) !== null,
  },
): void {
  const gaps: string[] = [];
  const names = new Set(contracts.types.map((type) => type.name));
  for (const { name, version: newest } of contracts.types) {
    for (let version = 1; version <= newest; version += 1) {
      if (!contracts.hasClass(name, version)) gaps.push(`${name} has no class for version ${version}`);
      if (version < newest && typeof contracts.upcasters[name]?.[version - 1] !== 'function')
        gaps.push(`${name} has no upcaster from version ${version} to ${version + 1}`);
    }
    if (contracts.hasClass(name, newest + 1))
      gaps.push(`${name} has a class for version ${newest + 1}, but the catalogue ends at ${newest}`);
    if ((contracts.upcasters[name]?.length ?? 0) >= newest && newest > 0)
      gaps.push(`${name} has an upcaster from version ${newest}, but the catalogue ends there`);
  }
  for (const name of Object.keys(contracts.upcasters))
    if (!names.has(name)) gaps.push(`${name} has upcasters, but is not in the catalogue`);
  if (gaps.length > 0) throw new Error(`The contracts have gaps:\n- ${gaps.join('\n- ')}`);
}
