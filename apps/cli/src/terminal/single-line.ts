/** A text for one line of the terminal: control characters, which would move the cursor, become spaces. */
export function singleLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}
