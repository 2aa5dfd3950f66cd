const SPECS = new URL('./specs.mjs', import.meta.url).href;
const FEWER_RUNS = new URL('./fewer-property-runs.mjs', import.meta.url).href;

/** The rules are loaded again for each mutant: what a module remembers is its own. The other libraries are loaded once. */
const RULES = '/libs/lifecycle/src/';

export async function resolve(specifier, context, next) {
  if (specifier === '@jest/globals') return { url: SPECS, format: 'module', shortCircuit: true };
  if (specifier === 'fast-check') return { url: FEWER_RUNS, format: 'module', shortCircuit: true };
  const [parent = '', loaded = ''] = (context.parentURL ?? '').split('?loaded=');
  const resolved = await next(specifier, { ...context, parentURL: parent === '' ? undefined : parent });
  return loaded !== '' && isAgain(resolved.url) ? { ...resolved, url: `${resolved.url}?loaded=${loaded}` } : resolved;
}

export function load(url, context, next) {
  return next(url.split('?loaded=')[0], context);
}

function isAgain(url) {
  return url.includes(RULES) || url.includes('/libs/testing/src/');
}
