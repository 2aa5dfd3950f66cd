/** The columns of the terminal that the answer goes to; null where it is a file or a pipe: then no line is broken. */
export function terminalWidth(): number | null {
  const { columns } = process.stdout;
  if (columns !== undefined) return columns;
  const stated = Number(process.env['COLUMNS']);
  return Number.isInteger(stated) && stated > 0 ? stated : null;
}
