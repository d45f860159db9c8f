/** The hub counts bytes of UTF-8; the browser counts UTF-16 units. */
export function unitsOfBytes(text: string, bytes: number): number {
  let seen = 0;
  let units = 0;
  for (const char of text) {
    if (seen >= bytes) break;
    seen += byteLength(char);
    units += char.length;
  }
  return units;
}

export function bytesOfUnits(text: string, units: number): number {
  let n = 0;
  for (const char of text.slice(0, units)) n += byteLength(char);
  return n;
}

function byteLength(char: string): number {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}
