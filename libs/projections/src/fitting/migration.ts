/** Which log the read models were made from, and which of their publication epochs this is. */
export const LOG_IDENTITY_TABLE = /* sql */ `
  -- One row, written by the first process that keeps read models here. log_id, copy_id: the log, and the copy of it, whose positions all tables of
  -- the schemas perennial, perennial_webhooks and rm_<n> hold. epoch: 0 where nothing was ever published before this database; else the
  -- milliseconds at which publication began again after what was published was lost, which is part of every message id since. resynced:
  -- whether the current state of every customer was enqueued since.
  CREATE TABLE perennial.log_identity (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    log_id   text NOT NULL,
    copy_id  text NOT NULL,
    epoch    bigint NOT NULL DEFAULT 0,
    resynced boolean NOT NULL DEFAULT true
  );

  -- resync: the customer's state as it stood when an epoch began, published although it did not change.
  ALTER TABLE perennial.published ADD COLUMN resync boolean NOT NULL DEFAULT false;
  `;
