export { lessPatient } from './less-patient.js';
export { simulateCustomers, simulateTouchpoints, type SimulatedCustomer, type SimulationOptions } from './simulate.js';
export { simulationLayout } from './simulation-layout.js';
