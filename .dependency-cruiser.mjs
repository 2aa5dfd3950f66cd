/**
 * The import table of ARCHITECTURE.md, as rules. A lib is entered by its index (a `#name` subpath import)
 * or, to make a Nest application, by its nest.ts (`#name/nest`), for a few light parts by its basics.ts (`#name/basics`), and platform in a worker thread by its threads.ts,
 * and may enter only the libs that its row names. `test/boundaries.int.spec.ts` plants violations and sees each reported.
 */
const table = {
  contracts: { values: [], types: [] },
  platform: { values: ['contracts'], types: [] },
  lifecycle: { values: ['contracts', 'models'], types: [] },
  // Mathematics of purchases: numbers in, numbers out.
  models: { values: [], types: [] },
  database: { values: ['contracts', 'platform'], types: [] },
  'event-log': { values: ['contracts', 'platform'], types: [] },
  keys: { values: ['contracts', 'platform', 'database'], types: [] },
  'sign-in': { values: ['contracts', 'platform', 'keys'], types: [] },
  approvals: { values: ['contracts', 'lifecycle', 'platform', 'event-log', 'keys'], types: [] },
  imports: { values: ['contracts', 'lifecycle'], types: [] },
  simulation: { values: ['contracts', 'lifecycle', 'imports'], types: [] },
  // imports is pure and below: a topic with a mapping and a row of an import are read by it.
  ingestion: {
    values: ['contracts', 'lifecycle', 'platform', 'database', 'event-log', 'keys', 'imports'],
    types: [],
    schema: true,
  },
  projections: { values: ['contracts', 'lifecycle', 'platform', 'database', 'event-log'], types: [] },
  privacy: {
    values: ['contracts', 'lifecycle', 'platform', 'database', 'event-log', 'keys', 'ingestion'],
    types: [],
    schema: true,
  },
  backup: { values: ['contracts', 'platform', 'event-log', 'keys', 'privacy'], types: [] },
  queries: {
    // privacy finds who is named in events of others, and in quarantined bodies: what an erasure reaches is what an auditor reads.
    values: ['contracts', 'lifecycle', 'platform', 'database', 'event-log', 'keys', 'privacy'],
    types: ['projections'],
    schema: true,
  },
  // A request of a data subject is answered from what queries answer, and from what privacy finds.
  'data-subjects': {
    values: ['contracts', 'lifecycle', 'platform', 'database', 'event-log', 'keys', 'ingestion', 'privacy', 'queries'],
    types: [],
    schema: true,
  },
  // A decision about who is who is previewed from what queries read, and its facts are hashed as ingestion does.
  identity: {
    values: ['contracts', 'lifecycle', 'platform', 'database', 'event-log', 'keys', 'ingestion', 'queries'],
    types: [],
  },
  feeds: { values: ['contracts', 'platform', 'database', 'keys'], types: ['projections'], schema: true },
};
/** Rows with `schema: true` may import values from the read models' SQL schema: which version is live, and the names of its tables. */
const readModelSchema = '^libs/projections/src/schema\\.ts$';
const spec = '\\.spec\\.ts$|/testdata/';
const libs = Object.keys(table);
/** The files by which a lib is entered, beside its index, nest.ts and basics.ts. */
const frontDoors = { projections: '|schema', platform: '|threads', testing: '|stores|characters' };

const forbidden = [
  {
    name: 'apps-are-leaves',
    comment: 'An app is a leaf: what two processes share belongs in a lib.',
    severity: 'error',
    from: { path: '^libs/' },
    to: { path: '^apps/' },
  },
  {
    name: 'testing-is-for-specs',
    comment: 'libs/testing holds fakes and builders: only specs, tests and benchmarks import it.',
    severity: 'error',
    from: { path: '^(apps|libs)/', pathNot: `${spec}|^libs/testing/` },
    to: { path: '^libs/testing/' },
  },
  {
    name: 'not-unresolvable',
    comment: 'An import that resolves to nothing escapes every other rule.',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true },
  },
  {
    name: 'no-circular',
    comment: 'A cycle has no first file to read.',
    severity: 'error',
    from: {},
    to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
  },
  {
    name: 'an-index-knows-no-nest',
    comment:
      'The command line and most specs import the indexes, and would wait a second for a framework that they do not use: nest.ts exports what needs Nest.',
    severity: 'error',
    from: { path: '^libs/[^/]+/src/index\\.ts$' },
    to: { path: 'node_modules/(@nestjs|fastify|rxjs|prom-client)/', reachable: true },
  },
  {
    name: 'the-core-is-pure',
    comment: 'contracts, lifecycle and models use no Node API and no framework: time, ids and input are arguments.',
    severity: 'error',
    from: { path: '^libs/(contracts|lifecycle|models)/', pathNot: spec },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'no-framework-in-the-core',
    comment:
      'contracts may use class-validator decorators and what derives schemas from them; lifecycle only the Temporal polyfill; models nothing.',
    severity: 'error',
    from: { path: '^libs/(lifecycle|models)/', pathNot: spec },
    to: { dependencyTypes: ['npm'], pathNot: 'node_modules/temporal-polyfill' },
  },
];

for (const lib of libs) {
  forbidden.push({
    name: `${lib}-is-entered-by-its-index`,
    comment: `Enter libs/${lib} by #${lib}, or by #${lib}/nest where a Nest application is made, or by #${lib}/basics for what must load fast, or projections by #projections/schema for its SQL schema; inner files stay inside.`,
    severity: 'error',
    from: { pathNot: `^libs/${lib}/` },
    to: { path: `^libs/${lib}/src/(?!(index|nest|basics${frontDoors[lib] ?? ''})\\.ts$)` },
  });
  const others = libs.filter((other) => other !== lib && !table[lib].values.includes(other));
  const typeOnly = table[lib].types;
  const exception = table[lib].schema ? { pathNot: readModelSchema } : {};
  const never = others.filter((other) => !typeOnly.includes(other));
  if (never.length > 0)
    forbidden.push({
      name: `${lib}-imports-only-its-row`,
      comment: `libs/${lib} may import values from: ${table[lib].values.join(', ') || 'nothing of ours'}. See the import table in ARCHITECTURE.md.`,
      severity: 'error',
      from: { path: `^libs/${lib}/`, pathNot: spec },
      to: { path: `^libs/(${never.join('|')})/`, ...exception },
    });
  for (const other of typeOnly)
    forbidden.push({
      name: `${lib}-takes-only-types-from-${other}`,
      comment: `libs/${lib} may import types from ${other}, never values.`,
      severity: 'error',
      from: { path: `^libs/${lib}/`, pathNot: spec },
      to: { path: `^libs/${other}/`, ...exception, dependencyTypesNot: ['type-only'] },
    });
}

export default {
  forbidden,
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['source', 'import', 'node', 'default'] },
  },
};
