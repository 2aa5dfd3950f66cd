import {
  AnyObject,
  Anything,
  Describe,
  documentReader,
  isObject,
  issueUnder,
  ListOf,
  nearest,
  Optional,
  pointerTo,
  Text,
  TOUCHPOINT_TYPES,
  Whole,
  type DocumentRule,
  type TypeRegistry,
  type ValidationIssue,
} from '#contracts';
import { Rejection } from '../pipeline/rejection.js';
import { TypeContracts, type TypeContract } from './type-contracts.js';

/** So many samples are checked in one request. */
export const SAMPLES_MAX = 1_000;

/** What is to be checked: a definition that is not registered, or a type that is; and samples of its data. */
export class CheckTypeRequest {
  @Optional()
  @AnyObject()
  @Describe('A definition, as it would be registered: whether it could be, and what the samples are checked against')
  readonly definition?: Readonly<Record<string, unknown>>;
  @Optional() @Text(100) @Describe('A type, built in or registered, instead of a definition') readonly name?: string;
  @Optional() @Whole(1, 1_000) @Describe('A version of that type; the newest by default') readonly version?: number;
  @Optional()
  @ListOf(Anything(), 0, SAMPLES_MAX)
  @Describe('Data of the type, or touchpoints of it, of which the data are checked')
  readonly samples?: readonly unknown[];
}

const namesOneType: DocumentRule<CheckTypeRequest> = ({ definition, name, version }) => {
  if ((definition === undefined) === (name === undefined))
    return [{ pointer: '#', detail: 'must have either a definition or a name', hint: 'give one of the two' }];
  return definition !== undefined && version !== undefined
    ? [{ pointer: '#/version', detail: 'is not allowed beside a definition', hint: 'the definition has its version' }]
    : [];
};

export const CHECK_TYPE_REQUEST = documentReader(CheckTypeRequest, { rules: [namesOneType] });

/** What became of one sample. */
export interface CheckedSample {
  readonly valid: boolean;
  readonly errors: readonly ValidationIssue[];
  /** The fields that the schema does not declare: they are kept, and sealed as if they were personal. */
  readonly unknown: readonly string[];
}

export type CheckTypeVerdict =
  | {
      readonly ok: true;
      readonly name: string;
      readonly version: number;
      /** Whether registering the definition would record something; null where a type was named. */
      readonly changed: boolean | null;
      readonly samples: readonly CheckedSample[];
    }
  | { readonly ok: false; readonly errors: readonly ValidationIssue[] };

/** Checks a definition against the versions before it, and samples against the definition. Nothing is recorded. */
export function checkType(types: TypeRegistry, request: CheckTypeRequest): CheckTypeVerdict {
  const { definition, samples = [] } = request;
  if (definition !== undefined) {
    const registration = types.register(definition);
    if (!registration.ok)
      return { ok: false, errors: registration.errors.map((issue) => issueUnder(pointerTo('definition'), issue)) };
    const { registry, changed } = registration;
    const { name, version } = registration.definition;
    return { ok: true, name, version, changed, samples: checked(registry, name, version, samples) };
  }
  const { name = '' } = request;
  const newest = types.type(name)?.version;
  if (newest === undefined) return { ok: false, errors: [unknownType(types, name)] };
  const version = request.version ?? newest;
  if (types.schema(name, version) === null)
    return {
      ok: false,
      errors: [{ pointer: '#/version', detail: `must be at most ${newest}`, hint: `give 1 to ${newest}` }],
    };
  return { ok: true, name, version, changed: null, samples: checked(types, name, version, samples) };
}

function checked(
  types: TypeRegistry,
  name: string,
  version: number,
  samples: readonly unknown[],
): readonly CheckedSample[] {
  const contract = new TypeContracts(types).of(name, version);
  return contract === null ? [] : samples.map((sample) => checkSample(contract, sample));
}

/** A touchpoint is told from bare data by its `type` and `data`. */
function checkSample(contract: TypeContract, sample: unknown): CheckedSample {
  const isTouchpoint = isObject(sample) && typeof sample['type'] === 'string' && Object.hasOwn(sample, 'data');
  const data = isTouchpoint ? sample['data'] : sample;
  if (isTouchpoint && sample['type'] !== contract.type)
    return invalid([
      {
        pointer: '#/type',
        detail: `is ${JSON.stringify(sample['type'])}, and ${contract.type} is checked`,
        hint: 'check it against its own type',
      },
    ]);
  const read = contract.read(data);
  const placed = (pointer: string): string => (isTouchpoint ? pointer : pointer.replace(/^#\/data/, '#'));
  if (read instanceof Rejection)
    return invalid(read.issues.map((issue) => ({ ...issue, pointer: placed(issue.pointer) })));
  return { valid: true, errors: [], unknown: (read.unknown ?? []).map((at) => placed(`#/data${at}`)) };
}

const invalid = (errors: readonly ValidationIssue[]): CheckedSample => ({ valid: false, errors, unknown: [] });

function unknownType(types: TypeRegistry, name: string): ValidationIssue {
  const likely = nearest(
    name,
    [...TOUCHPOINT_TYPES, ...types.custom()].map((type) => type.name),
  );
  return {
    pointer: '#/name',
    detail: 'is not a touchpoint type',
    hint: `${likely === null ? '' : `did you mean ${likely}? `}GET /v1/types lists all of them`,
  };
}
