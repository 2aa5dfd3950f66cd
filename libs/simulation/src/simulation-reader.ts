import type { ImportItem, ImportReader } from '#imports';
import { simulateTouchpoints, type SimulationOptions } from './simulate.js';

const PAGE = 1000;

/** The simulation as a reader of an import. It reads no file; `line` counts the touchpoints. */
export function simulationReader(options: SimulationOptions): ImportReader {
  return {
    name: 'simulation',
    // Importing is asynchronous; simulating is not.
    async *read(_file, report) {
      let page: ImportItem[] = [];
      for (const touchpoint of simulateTouchpoints(options)) {
        report.lines += 1;
        page.push({ kind: 'touchpoint', line: report.lines, touchpoint });
        if (page.length < PAGE) continue;
        yield page;
        page = [];
      }
      if (page.length > 0) yield page;
    },
  };
}
