// Mutation testing of the rules: `npm run mutate`. A mutant takes a part of a second. A run writes what it found to .stryker/incremental.json at its
// end, and the next run goes on from there: so run it by groups of files, such as `npm run mutate -- --mutate libs/lifecycle/src/fold/silence.ts`.
// Each property runs so often at most: a property that detects a mutant mostly does so in its first runs.
process.env['PROPERTY_RUNS'] ??= '20';

export default {
  mutate: ['libs/lifecycle/src/{fold,policy,customers}/**/*.ts', '!**/*.spec.ts'],
  plugins: ['./scripts/mutation/runner.mjs'],
  testRunner: 'specs',
  testRunnerNodeArgs: ['--conditions=source', '--import', './scripts/mutation/register.mjs'],
  coverageAnalysis: 'perTest',
  // What runs once, when a file is loaded, would need a process of its own for each mutant.
  ignoreStatic: true,
  // Texts and their patterns are held by golden specs, which would be run for every word.
  mutator: { excludedMutations: ['StringLiteral', 'Regex'] },
  concurrency: 1,
  // Mutants of a policy load the rules again, and leave them behind in the process.
  maxTestRunnerReuse: 200,
  incremental: true,
  incrementalFile: '.stryker/incremental.json',
  tempDirName: '.stryker/sandbox',
  // The sandbox gets what the specs of the rules need, and nothing of hundreds of megabytes.
  ignorePatterns: [
    '*',
    '!libs/**',
    '!scripts/**',
    '!docs',
    '!docs/policy.md',
    '!package.json',
    '!tsconfig.json',
    '!jest.config.mjs',
    '!stryker.config.mjs',
  ],
  reporters: ['progress', 'clear-text', 'json'],
  jsonReporter: { fileName: '.stryker/report.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  timeoutMS: 15_000,
};
