/** How rows are written as CSV: no query. The index gives all of it too. */
export { csvHeader, csvRow } from './running/csv.js';
