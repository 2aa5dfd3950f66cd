/** The words: touchpoints, identifiers, stream names, versions and how old shapes become new ones. */
export { DAY, formatInstant, HOUR, MINUTE, parseInstant, type Instant } from './instant.js';
export type { Actor, Identifier, Origin, Role, SealedIdentifier, Touchpoint, TouchpointMeta } from './touchpoint.js';
export { STREAMS, subjectOfStream } from './streams.js';
export {
  foldSources,
  NO_SOURCES,
  type OwnEvent,
  type RegisteredSource,
  type SourceSettings,
  type SourceStatus,
  type TrackingMapping,
} from './sources.js';
export { ACTS_FOR_APPROVAL, APPROVAL_HOURS, type ActForApproval } from './approvals.js';
export { OPENING_KINDS, type PersonalDataOpened, type SettingsChanged } from './facts/access.js';
export {
  RESTRICTION_GROUNDS,
  SOURCE_KINDS,
  SUBJECT_REQUEST_KINDS,
  SUBJECT_REQUEST_OUTCOMES,
  type RestrictionGround,
  SUPPRESSION_REASONS,
  type SuppressionReason,
  type SubjectRequestKind,
  type SubjectRequestOutcome,
} from './sources-and-requests.js';
export type { SubjectRequestAnswered, SubjectRequestExtended, SubjectRequestReceived } from './facts/data-subjects.js';
export {
  CUSTOM_RANK,
  factOf,
  FACTS,
  isRecordedFact,
  RECORDED_FACTS,
  rankOf,
  TOUCHPOINT_GROUPS,
  streamOfFact,
  TOUCHPOINT_TYPES,
  touchpointType,
  type Fact,
  type FactName,
  type RecordedFactName,
  type TouchpointGroup,
  type TouchpointType,
  type TouchpointTypeName,
} from './catalogue.js';
export {
  compareNamespaces,
  isPlaceholder,
  NAMESPACE_DOCUMENTATION,
  NAMESPACES,
  NORMALISATION_VERSION,
  normaliseIdentifier,
  strongestSelf,
} from './identifiers.js';
export { isSpoilt, withoutSpreadsheetQuoting } from './spreadsheets.js';
export { likelyEncoding } from './bytes/likely-encoding.js';
export {
  byteOrderMark,
  decodeUnicode,
  unicodeDocument,
  type UnicodeEncoding,
  type UnicodeText,
} from './bytes/unicode.js';
export { issueOfFlaw, type JsonFlaw } from './json/flaws.js';
export { survivesAsDouble } from './json/digits.js';
export { readJson, readJsonDigits, readJsonInTurns, type JsonReading } from './json/read-json.js';
export { likelyField, likelyNamespace } from './did-you-mean.js';
export { nearest } from './documents/nearest.js';
export { currenciesWithDigits, isCurrency, minorDigits, toMinor } from './currencies.js';
export {
  issueText,
  issueUnder,
  keysOf,
  placeText,
  pointerKeys as plainPointerKeys,
  pointerStep as plainPointerStep,
  pointerTo,
  ROOT,
  type ValidationIssue,
  type Validity,
} from './validation-issue.js';
export { printable } from './issues.js';
/** One way to describe and check a document: a class of decorated fields, and a reader made of it. */
export { CONTACT_CAP_MAX, PERIOD_PATTERN, PolicyForm, TIME_OF_DAY_PATTERN } from './documents/policy.js';
export {
  ATTRIBUTE_FUNCTIONS,
  ATTRIBUTE_TYPES,
  AttributeForm,
  type AttributeFunction,
  type AttributeType,
} from './documents/attribute.js';
export {
  BehaviourConditionForm,
  ConsentConditionForm,
  FieldConditionForm,
  SegmentConditionForm,
  SegmentForm,
  SequenceConditionForm,
} from './documents/segment.js';
export {
  documentReader,
  type DocumentOptions,
  type DocumentReader,
  type DocumentRule,
  type Reading,
} from './documents/reader.js';
export {
  AnyOf,
  Anything,
  Default,
  Describe,
  FormerName,
  Hint,
  ListOf,
  MapOf,
  Must,
  NumberAbove,
  OneOfClasses,
  OrNull,
  Scalar,
  Secret,
  TextAs,
  unreadable,
} from './documents/kinds.js';
export {
  AnyObject,
  AnyText,
  Currency,
  Day,
  Decimal,
  Flag,
  FreeText,
  Id,
  isDay,
  isObject,
  Matching,
  Moment,
  OneOf,
  Optional,
  Part,
  Parts,
  Text,
  TypeNames,
  Origins,
  TypeVersions,
  Whole,
} from './fields.js';
export { BOUNDS } from './bounds.js';
export type { JsonSchema } from './fields.js';
export { documentedSchema, typeDocumentation, type TypeDocumentation } from './touchpoints/documentation.js';
export { classOf, type DataOf } from './touchpoints/classes.js';
export { orderAmountMinor, orderCostMinor } from './touchpoints/order-amount.js';
export { SURVEY_SCALES } from './touchpoints/satisfaction.js';
export { MEDIA } from './touchpoints/awareness.js';
export { TouchpointForm } from './envelope.js';
export type { HashKeyChanged } from './facts/engine.js';
export type { CustomersKeptApart, CustomersMerged, CustomersUnmerged, KeepApartLifted } from './facts/identity.js';
export { factSchema, touchpointSchema } from './schemas.js';
export { ENVELOPE_SCHEMA, validateEnvelope, validateFact, validateTouchpointData } from './validation.js';
export { assertNoGaps, upcast, type Data, type Upcaster } from './upcasters.js';
export { readSealedFields, sealedFields, type Beside, type ExpiredFields, type SealedFields } from './sealed-fields.js';
export {
  hashedSchema,
  joinPersonal,
  personalClassAt,
  personalPaths,
  personalPathsOf,
  separatePersonal,
  type PersonalFields,
  type Separated,
} from './personal.js';
export { PERSONAL_CLASSES, type PersonalClass } from './personal-classes.js';
export { compilePattern, type Pattern } from './patterns.js';
export { TYPE_DEFINITION, TypeRegistry, type Registration, type TypeDefinition } from './type-registry.js';
