// Every spec of the rules in one test file, for mutation testing: the rules and the libraries of their specs are loaded once per mutant, not
// once per spec. The properties come last, since a mutant ends at its first failure. Only `mutation.jest.config.mjs` names this file.
import { readdirSync } from 'node:fs';

const root = new URL('../libs/lifecycle/src/', import.meta.url);
const specs = readdirSync(root, { recursive: true })
  .filter((file) => file.endsWith('.spec.ts') && !file.endsWith('.int.spec.ts') && !file.startsWith('testdata'))
  .sort((a, b) => Number(a.includes('.properties.')) - Number(b.includes('.properties.')) || (a < b ? -1 : 1));
for (const spec of specs) await import(new URL(spec, root).pathname);
