// Stryker's test runner for the rules. They are pure, so that their specs need neither jest nor a new process: the tests that reach a mutant run one after
// the other until one fails, those of its own spec first.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import {
  determineHitLimitReached,
  DryRunStatus,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import { collected } from './specs.mjs';

const RULES = 'libs/lifecycle/src';
/** A compiled policy is kept by its module: its mutants need modules that are loaded again. */
const REMEMBERS = /\/policy\//;
/** Stryker ends a mutant that runs a hundred times as often as the rules without it. A tenth of that is an endless loop too, and takes seconds. */
const LIMIT_SHARE = 0.1;
/** The tests that take no part, kept in the sandbox for the processes that follow. */
const LEFT_OUT = 'left-out.json';
/** What the instrumented rules read: which mutant is active, and what they report. */
const stryker = (globalThis.__stryker__ ??= {});

class SpecRunner {
  #loaded = 0;
  #tests = [];

  capabilities() {
    return { reloadEnvironment: true };
  }

  async dryRun() {
    stryker.mutantCoverage = { static: {}, perTest: {} };
    const result = await this.#run({ reload: true, disableBail: true });
    // What a test counts over the runs of a property falls short with fewer of them: such a test takes no part. `npm test` shows real failures.
    const tests = result.tests?.filter(({ status }) => status === TestStatus.Success);
    const failed = result.tests?.filter(({ status }) => status === TestStatus.Failed).map(({ name }) => name);
    writeFileSync(LEFT_OUT, JSON.stringify(failed ?? []));
    return { ...result, tests, mutantCoverage: stryker.mutantCoverage };
  }

  async mutantRun({ activeMutant, mutantActivation, testFilter, disableBail, sandboxFileName, ...options }) {
    const hitLimit = options.hitLimit === undefined ? undefined : Math.ceil(options.hitLimit * LIMIT_SHARE);
    stryker.hitLimit = hitLimit;
    stryker.hitCount = hitLimit === undefined ? undefined : 0;
    const isStatic = mutantActivation === 'static';
    stryker.activeMutant = isStatic ? activeMutant.id : null;
    const reload = isStatic || this.#tests.length === 0 || REMEMBERS.test(sandboxFileName);
    const result = await this.#run({ testFilter, disableBail, reload, mutant: activeMutant.id, file: sandboxFileName });
    stryker.activeMutant = null;
    return toMutantRunResult(determineHitLimitReached(stryker.hitCount, hitLimit) ?? result);
  }

  async #run({ testFilter, disableBail, reload, mutant = null, file = '' }) {
    try {
      if (reload) this.#tests = await this.#load();
    } catch (error) {
      return { status: DryRunStatus.Error, errorMessage: String(error?.stack ?? error) };
    }
    stryker.activeMutant = mutant;
    const wanted = testFilter === undefined ? null : new Set(testFilter);
    const results = [];
    for (const { name, run } of likeliestFirst(this.#tests, file)) {
      if (wanted !== null && !wanted.has(name)) continue;
      const result = await this.#test(name, run);
      results.push(result);
      if (result.status === TestStatus.Failed && !disableBail) break;
    }
    return { status: DryRunStatus.Complete, tests: results };
  }

  async #test(name, run) {
    const begun = performance.now();
    stryker.currentTestId = name;
    let failure = null;
    try {
      await run();
    } catch (error) {
      failure = String(error?.stack ?? error);
    }
    stryker.currentTestId = undefined;
    const test = { id: name, name, timeSpentMs: performance.now() - begun };
    return failure === null
      ? { ...test, status: TestStatus.Success }
      : { ...test, status: TestStatus.Failed, failureMessage: failure };
  }

  /** The properties come last: they take longest, and a mutant ends at its first failure. */
  async #load() {
    this.#loaded += 1;
    const specs = readdirSync(RULES, { recursive: true })
      .filter((file) => file.endsWith('.spec.ts') && !file.endsWith('.int.spec.ts') && !file.startsWith('testdata'))
      .sort((a, b) => Number(a.includes('.properties.')) - Number(b.includes('.properties.')) || (a < b ? -1 : 1));
    const tests = [];
    for (const spec of specs) {
      await import(`${pathToFileURL(join(process.cwd(), RULES, spec))}?loaded=${this.#loaded}`);
      for (const { name, run } of collected()) tests.push({ name: `${spec} ${name}`, run, spec });
    }
    const leftOut = new Set(existsSync(LEFT_OUT) ? JSON.parse(readFileSync(LEFT_OUT, 'utf8')) : []);
    return tests.filter(({ name }) => !leftOut.has(name));
  }
}

function likeliestFirst(tests, file) {
  const own = basename(file, '.ts');
  return tests.toSorted((a, b) => Number(isOf(own, b)) - Number(isOf(own, a)));
}

const isOf = (own, { spec }) => basename(spec).startsWith(`${own}.`) && !spec.includes('.properties.');

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'specs', SpecRunner)];
