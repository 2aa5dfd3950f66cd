/** Personal data under control: erasure of a person, and a log under another hash key. */
export { EraseCustomer, EraseCustomerHandler } from './erasure/erase-customer.js';
export { CustomersBySubject } from './erasure/customer-subjects.js';
export { RekeyError, Rekeying, mustBeKeysOf } from './rekeying/rekeying.js';
export { KeyChange, KeyMapping, type HashKeyChanged } from './rekeying/key-change.js';
export { compareRekeyed } from './rekeying/compare-rekeyed.js';
export { JournalError, type ErasureJournal, type JournaledErasure } from './journal/erasure-journal.js';
export { openErasureJournal, type JournalConfig } from './journal/open-journal.js';
export { reconcileJournal, reconciliationText, type Reconciled } from './journal/reconcile.js';
export { JournalKeeper } from './journal/journal-keeper.js';
