import { availableParallelism } from 'node:os';
import { compiler } from './scripts/from-source/compiler.mjs';

// One configuration, three projects: the suffix of a spec says what it needs.
const base = {
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  transform: {
    '^.+\\.ts$': ['@swc/jest', compiler],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/\\.stryker/'],
};

export default {
  // Servers, child processes and properties on a busy machine: a hang is a failure, slowness is not.
  testTimeout: 120_000,
  // Jest leaves one core to itself, which on two cores is half of them; and many suites wait, for a disk, a child or a server that they
  // cut off: one more than there are cores keeps these busy.
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
  testSequencer: '<rootDir>/scripts/longest-first.mjs',
  projects: [
    {
      ...base,
      displayName: 'spec',
      testMatch: ['**/*.spec.ts'],
      testPathIgnorePatterns: ['/node_modules/', '\\.int\\.spec\\.ts$', '\\.e2e\\.spec\\.ts$'],
    },
    { ...base, displayName: 'int', testMatch: ['**/*.int.spec.ts'] },
    { ...base, displayName: 'e2e', testMatch: ['**/*.e2e.spec.ts'] },
  ],
};
