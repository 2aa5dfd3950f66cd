export { ClearTextSealer } from './clear-text/clear-text.js';
export { dividerBy, dividerOf, type Divider } from './clear-text/recorded-data.js';
/** Personal data under control: erasure of a person, keys that follow the log, and a log under another hash key. */
export { EraseCustomer, EraseCustomerHandler } from './erasure/erase-customer.js';
export {
  checkReceipt,
  RECEIPT_DOCUMENT,
  RECEIPT_VERDICTS,
  type ErasureReceipt,
  type ReceiptVerdict,
} from './erasure/erasure-receipt.js';
export { NamingEvents, type NamedPerson } from './naming/naming-events.js';
export type { NamingEvent } from './naming/in-log-order.js';
export {
  foldSubjectRequests,
  SubjectRequestLedger,
  type SubjectRequest,
  type SubjectRequests,
} from './subject-requests/subject-request.js';
export { CustomersBySubject } from './erasure/customer-subjects.js';
export { personOf } from './erasure/erasure-request.js';
export type { FoundPerson } from './erasure/find-person.js';
export { HOLD_REQUEST } from './holds/hold-request.js';
export { HoldKeeper } from './holds/hold-keeper.js';
export { HoldRegister } from './holds/hold-register.js';
export { RetentionKeeper, type RetentionDependencies, type RetentionTurn } from './retention/retention-keeper.js';
export { PolicyInForce } from './openings/policy-in-force.js';
export { holdView, type ShownHold } from './holds/hold-view.js';
export { LiftHold, ManageHolds, PlaceHold } from './holds/manage-holds.js';
export { ManageRestrictions } from './restrictions/manage-restrictions.js';
export { RestrictionRegister } from './restrictions/restriction-register.js';
export {
  RESTRICTION_REQUEST,
  restrictionView,
  selectRestrictions,
  type RestrictionSelection,
  type ShownRestriction,
} from './restrictions/restriction-request.js';
export { ManageSuppressions } from './suppressions/manage-suppressions.js';
export { SuppressionRegister } from './suppressions/suppression-register.js';
export {
  newSuppression,
  SUPPRESSIONS_REQUEST,
  suppressionView,
  type ShownSuppression,
} from './suppressions/suppression-request.js';
export { checkFolder, type FolderSettings } from './reconciling/prepare-folder.js';
export { prepareStores, type PreparingStores } from './reconciling/prepare-stores.js';
export { matchKeys, reconcileKeys, recordMark, type Reconciling } from './reconciling/reconcile-keys.js';
export { LogFacts, type MissingKeys } from './reconciling/log-facts.js';
export { RecordedOpenings, type OpeningDependencies } from './openings/recorded-openings.js';
export {
  checkContents,
  type ContentsCheck,
  type ContentsCheckOptions,
  type ContentsProgress,
} from './content/check-contents.js';
export { RekeyError, Rekeying, mustBeKeysOf } from './rekeying/rekeying.js';
export { KeyChange, KeyMapping, type HashKeyChanged } from './rekeying/key-change.js';
export { compareRekeyed } from './rekeying/compare-rekeyed.js';
export { JournalError, type ErasureJournal, type JournaledErasure } from './journal/erasure-journal.js';
export { openErasureJournal, type JournalConfig } from './journal/open-journal.js';
export { reconcileJournal, reconciliationText, type Reconciled } from './journal/reconcile.js';
export { JournalKeeper } from './journal/journal-keeper.js';
