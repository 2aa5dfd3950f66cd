import { fileURLToPath } from 'node:url';
import jest from '../jest.config.mjs';

// The specs of the rules alone, for mutation testing, as one test file that imports them.
const { displayName: _, ...spec } = jest.projects.find(({ displayName }) => displayName === 'spec');

export default {
  ...spec,
  rootDir: '..',
  roots: ['<rootDir>/libs/lifecycle', '<rootDir>/scripts'],
  testMatch: ['<rootDir>/scripts/mutation.specs.mjs'],
  // Stryker loads it itself, and knows no <rootDir>.
  testEnvironment: fileURLToPath(new URL('mutation-environment.mjs', import.meta.url)),
  moduleNameMapper: { ...spec.moduleNameMapper, '^fast-check$': '<rootDir>/scripts/fewer-property-runs.mjs' },
};
