/** Where a table goes through a pipe, its lines are no longer than this. */
const PIPE_WIDTH = 120;

/** The columns of the terminal that the answer goes to; null where it is a file or a pipe: then no line is broken. */
export function terminalWidth(): number | null {
  const { columns } = process.stdout;
  if (columns !== undefined) return columns;
  const stated = Number(process.env['COLUMNS']);
  return Number.isInteger(stated) && stated > 0 ? stated : null;
}

/** The width that a table may have: that of the terminal, or one that people can read where the answer goes through a pipe. */
export function tableWidth(): number {
  return terminalWidth() ?? PIPE_WIDTH;
}
