/**
 * What can be injected, by symbol. A lib that only needs the type of what another lib provides injects it by its token
 * and imports nothing but the type.
 */
const token = (name: string): symbol => Symbol.for(`perennial.${name}`);

/** `Config` */
export const CONFIG = token('config');
/** `Clock` */
export const CLOCK = token('clock');
/** `Logger` */
export const LOGGER = token('logger');
/** `KeyStore` */
export const KEY_STORE = token('key-store');
/** `Sealer` */
export const SEALER = token('sealer');
/** `Access`: who may do what. */
export const ACCESS = token('access');
/** `Health`: named checks that libs register. */
export const HEALTH = token('health');
/** `Registry` of prom-client: libs register their own metrics. */
export const METRICS = token('metrics');
/** `Bell`: rung by projections when something was said of customers. */
export const OUTBOX_NOTIFIER = token('said');
/** `EventLog`, provided by event-log. */
export const EVENT_LOG = token('event-log');
/** `Database` of the read models, provided by projections. */
export const DATABASE = token('database');
/** `IdTable` of a log that cannot tell names apart over its whole length, provided by projections where it is needed. */
export const ID_TABLE = token('id-table');
