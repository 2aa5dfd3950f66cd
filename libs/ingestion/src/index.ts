/** A channel's payload becomes a touchpoint, or a rejection with its reason: over HTTP, from Kafka, from files and from a simulation. */
export { Ingestion } from './pipeline/ingestion.js';
export { IngestTouchpoints, IngestTouchpointsHandler } from './pipeline/ingest-touchpoints.js';
export type { IngestItem, IngestResult, ItemResult } from './pipeline/item.js';
export { importedItem } from './importing/imported-item.js';
export { showQuarantined, type ShownQuarantined } from './quarantine/show-quarantined.js';
export { Quarantine, type Closing, type Quarantined } from './quarantine/quarantine.js';
export { ReleaseQuarantined, ReleaseQuarantinedHandler } from './quarantine/release-quarantined.js';
export { CheckTouchpoints, CheckTouchpointsHandler } from './pipeline/check-touchpoints.js';
export { DiscardQuarantined, DiscardQuarantinedHandler } from './quarantine/discard-quarantined.js';
export {
  DiscardMany,
  DiscardManyHandler,
  ReleaseMany,
  ReleaseManyHandler,
  type ClosedMany,
  type ManyQuarantined,
} from './quarantine/close-many.js';
export { OpenQuarantined, type QuarantineSelection } from './quarantine/open-quarantined.js';
export {
  PublishPolicy,
  PublishPolicyHandler,
  type PolicyPublished,
  type PublishOptions,
  type PublishVerdict,
} from './policies/publish-policy.js';
export { registeredTypes, RegisterType, RegisterTypeHandler, type RegisterVerdict } from './types/register-type.js';
export {
  CHECK_TYPE_REQUEST,
  checkType,
  SAMPLES_MAX,
  type CheckedSample,
  type CheckTypeRequest,
} from './types/check-type.js';
export { recordedSegments, definedSegments, type RecordedSegment } from './segments/recorded-segments.js';
export {
  definitionContext,
  DefineSegment,
  ManageSegments,
  RemoveSegment,
  type SegmentOnRecord,
  type SegmentVerdict,
} from './segments/define-segment.js';
export { TypeContracts } from './types/type-contracts.js';
export { touchpointsPage } from './types/touchpoints-page.js';
export {
  NAMESPACE_DESCRIPTIONS,
  typeDescriptions,
  type NamespaceDescription,
  type TypeDescription,
} from './types/type-catalogue.js';
export { ClassRules } from './policies/class-rules.js';
export { SealedClasses } from './pipeline/class-keys.js';
export { FirstPolicy, policyOf } from './policies/first-policy.js';
export {
  DefineAttribute,
  ManageAttributes,
  RemoveAttribute,
  type AttributeVerdict,
} from './attributes/manage-attributes.js';
export { attributeListings, type AttributeListing } from './attributes/attribute-listing.js';
export { recordedAttributes } from './attributes/recorded-attributes.js';
export { createSource, type CreatedSource } from './sources/create-source.js';
export { ChangeSource, ManageSources, SetSourceStatus, type SourceVerdict } from './sources/manage-sources.js';
export { keyPermits } from './sources/key-permits.js';
export { recordedSources } from './sources/recorded-sources.js';
export { SourceActivity } from './sources/source-activity.js';
export { listingOf, listSources, type SourceListing } from './sources/source-listing.js';
export { Sources } from './sources/sources.js';
export { prepareLog } from './prepare-log.js';
export { adoptedHashKey, mustBeAdopted } from './hash-key-guard.js';
export { factEvent } from './facts/fact-event.js';
export { canonical } from './pipeline/canonical.js';
export { plainContentHash } from './pipeline/content-hash.js';
export { OWN_SOURCES } from './pipeline/envelope.js';
export { LOCAL_PUBLISHER, publisherOf } from './pipeline/publisher.js';
export {
  placeOnRecord,
  quarantineIdOf,
  UNSEARCHED_KEPT_MS,
  subjectIn,
  type QuarantinedData,
  type QuarantinedMeta,
} from './pipeline/quarantined.js';
export { foundSubjects } from './pipeline/found-identifiers.js';
export { bodyOfPerson, WITHHELD } from './quarantine/body-of-person.js';
export { PersonSearch, type ClearIdentifier } from './quarantine/person-search.js';
export { Identities } from './pipeline/identities.js';
export { contentText, factsOf, hashedPersonal } from './pipeline/sealed-event.js';
export { HTTP_BINDING, readEventsInTurns } from './cloudevents/read-events.js';
