/** A text in one line of the terminal: a control character must not move its cursor. */
export function plainLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}
