/** Config, clock, logging, health, access, sealing, problem details: the Nest glue. Knows nothing of ours. */
export { SYSTEM_CLOCK, type Clock } from './clock.js';
