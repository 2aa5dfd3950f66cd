import { FIGURES } from './registry.js';

/** Every figure as a table of Markdown: docs/figures.md holds it, and a spec compares the two. */
export function figuresTable(): string {
  const rows = FIGURES.map(
    ({ name, unit, meaning, formula, source }) => `| \`${name}\` | ${unit} | ${meaning} | ${formula} | ${source} |`,
  );
  return ['| figure | unit | meaning | formula | source |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}
