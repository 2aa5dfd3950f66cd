/** Simulates customers: invented people, their touchpoints over a period, and the archetypes that they follow. */
export { withShorterSilence } from './shorter-silence.js';
export { simulateCustomers, simulateTouchpoints, type SimulatedCustomer, type SimulationOptions } from './simulate.js';
export { simulationReader } from './simulation-reader.js';
