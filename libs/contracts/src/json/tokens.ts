/** The place of the quote that closes the text which begins at this quote; the end of the document where none does. */
export function endOfText(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end !== -1; end = json.indexOf('"', end + 1)) {
    let slashes = 0;
    while (json[end - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return json.length;
}

const NOT_OF_A_NUMBER = /[^0-9.eE+-]/g;

/** The place after the number that begins here. */
export function endOfNumber(json: string, start: number): number {
  NOT_OF_A_NUMBER.lastIndex = start + 1;
  return NOT_OF_A_NUMBER.exec(json)?.index ?? json.length;
}
