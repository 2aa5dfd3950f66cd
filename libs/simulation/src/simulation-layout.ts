import type { ImportItem, ImportLayout } from '#imports';
import { simulateTouchpoints, type SimulationOptions } from './simulate.js';

const PAGE = 1000;

/** The simulation as something to import: it reads no file. `line` counts the touchpoints. */
export function simulationLayout(options: SimulationOptions): ImportLayout {
  return {
    name: 'simulation',
    // The road of an import is asynchronous; making things up is not.
    async *read(_file, notes) {
      let page: ImportItem[] = [];
      for (const draft of simulateTouchpoints(options)) {
        notes.lines += 1;
        page.push({ kind: 'touchpoint', line: notes.lines, draft });
        if (page.length < PAGE) continue;
        yield page;
        page = [];
      }
      if (page.length > 0) yield page;
    },
  };
}
