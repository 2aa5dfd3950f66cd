import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import { asKeyStoreError } from './sqlite-errors.js';

/**
 * The connection, with errors as `KeyStoreError` wherever it is used: a damaged page is met by whatever reads it, and a caller must learn that
 * the key store is damaged, and what to do.
 */
export function guarded(db: DatabaseSyncInstance): DatabaseSyncInstance {
  const prepare = db.prepare.bind(db);
  const exec = db.exec.bind(db);
  return replaced(db, {
    prepare: (sql) => guardedStatement(known(() => prepare(sql))),
    exec: (sql) => known(() => exec(sql)),
  });
}

function guardedStatement(statement: StatementSyncInstance): StatementSyncInstance {
  const [run, get, all, iterate] = [
    statement.run.bind(statement),
    statement.get.bind(statement),
    statement.all.bind(statement),
    statement.iterate.bind(statement),
  ];
  return replaced(statement, {
    run: (...params) => known(() => run(...params)),
    get: (...params) => known(() => get(...params) as never),
    all: (...params) => known(() => all(...params) as never),
    iterate: (...params) => rows(known(() => iterate(...params))) as never,
  });
}

/** The same object with other methods: those of the class cannot be assigned to. */
function replaced<T extends object>(object: T, methods: Partial<T>): T {
  for (const [name, value] of Object.entries(methods)) Object.defineProperty(object, name, { value });
  return object;
}

function* rows(iterator: Iterable<unknown>): Generator<unknown> {
  try {
    yield* iterator;
  } catch (error) {
    throw asKeyStoreError(error);
  }
}

function known<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asKeyStoreError(error);
  }
}
