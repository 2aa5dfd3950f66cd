/** The log as a module of a Nest application. */
export { EventLogModule } from './event-log.module.js';
