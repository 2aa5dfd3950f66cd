// Jest's environment for mutation testing: the first failure kills the mutant, so the remaining tests are skipped. Jest's own `bail` stops
// between files only.
import StrykerEnvironment from '@stryker-mutator/jest-runner/jest-env/node';

export default class extends StrykerEnvironment {
  #failed = false;

  handleTestEvent({ name, test }) {
    if (name === 'test_done' && test.errors.length > 0) this.#failed = true;
    if (name === 'test_start' && this.#failed) test.mode = 'skip';
  }
}
