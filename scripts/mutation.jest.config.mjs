import jest from '../jest.config.mjs';

// The specs of the rules alone, for mutation testing. That of the generated histories says something about the specs, and nothing about the rules.
const {
  displayName: _,
  testPathIgnorePatterns,
  ...spec
} = jest.projects.find(({ displayName }) => displayName === 'spec');

export default {
  ...spec,
  rootDir: '..',
  testMatch: ['<rootDir>/libs/lifecycle/**/*.spec.ts'],
  testPathIgnorePatterns: [...testPathIgnorePatterns, '/testdata/'],
  setupFiles: ['<rootDir>/scripts/property-time.mjs'],
};
