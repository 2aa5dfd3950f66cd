/** The style of the report: read on a screen of any width, and on paper. */
export const STYLE = `
:root { --ink: #1d2430; --quiet: #5b6574; --line: #dfe3e9; --soft: #f5f7fa; --mark: #1f5f8b; }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: #fff; font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
header, main { max-width: 60rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2.5rem; }
.kind, .made { margin: 0; color: var(--quiet); font-size: .9rem; }
h1 { margin: .3rem 0; font-size: 2rem; line-height: 1.2; }
section { margin: 2.4rem 0; }
h2 { margin: 0 0 .4rem; padding-bottom: .3rem; border-bottom: 2px solid var(--mark); font-size: 1.25rem; }
h3 { margin: 1rem 0 .2rem; font-size: 1rem; }
h3 small { margin-left: .4rem; color: var(--quiet); font-weight: normal; }
.lead { margin: .4rem 0 .8rem; color: var(--quiet); max-width: 46rem; }
.none { color: var(--quiet); font-style: italic; }
.summary dl { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1rem 0; }
.summary dl div { flex: 1 1 12rem; padding: .8rem 1rem; background: var(--soft); border-radius: .5rem; }
dt { color: var(--quiet); font-size: .85rem; }
dd { margin: .1rem 0 0; font-size: 1.35rem; font-weight: 600; }
ul { margin: .2rem 0; padding-left: 1.2rem; }
.table { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--quiet); font-weight: 600; border-bottom: 1px solid var(--ink); white-space: nowrap; }
th, td { padding: .4rem .7rem .4rem 0; vertical-align: top; }
td { border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
td:first-child { white-space: nowrap; }
code { font-size: .9em; }
@page { margin: 18mm 15mm; }
@media print {
  body { font-size: 10pt; }
  header, main { max-width: none; padding: 0; }
  section, article { break-inside: auto; }
  h2, h3 { break-after: avoid; }
  tr { break-inside: avoid; }
  thead { display: table-header-group; }
  .table { overflow: visible; }
}
`;
