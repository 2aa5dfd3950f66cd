/** The states of an act that needs two principals. The index gives them too. */
export { ACT_STATES } from './act-on-record.js';
