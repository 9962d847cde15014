/**
 * Reading an input line by line, so that it does not have to fit into memory.
 *
 * @module
 */

/** A line of an input. */
export interface Line {
  /** From 1. */
  number: number;
  /** Without its end. */
  bytes: Uint8Array;
}

/**
 * The lines that are not blank, as bytes: one with invalid UTF-8 is no reason to refuse others. Only
 * one part of the input is in memory at a time, and the line that goes beyond it.
 */
export async function* linesIn(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let number = 1;
  let begun: Uint8Array[] = [];
  for await (const part of parts) {
    let start = 0;
    for (let end = part.indexOf(0x0a); end >= 0; end = part.indexOf(0x0a, start)) {
      const bytes = joined([...begun, part.subarray(start, end)]);
      begun = [];
      start = end + 1;
      if (!isBlank(bytes)) yield { number, bytes };
      number++;
    }
    if (start < part.length) begun.push(part.slice(start));
  }
  const bytes = joined(begun);
  if (!isBlank(bytes)) yield { number, bytes };
}

/** The parts as one; not copied where there is only one. */
export function joined(parts: Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function isBlank(bytes: Uint8Array): boolean {
  return !bytes.some((byte) => byte > 0x20);
}
