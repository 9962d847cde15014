/**
 * Text from the grid, made fit for a screen: what a task or a node says of itself must not move the
 * cursor, rename the window or hide what stands beside it.
 *
 * @module
 */

/** Text of several lines without control characters; tabs and line ends stay. */
export function stripControls(text: string): string {
  return text.replaceAll(/(?![\t\n])[\p{Cc}\p{Bidi_Control}]/gu, "\ufffd");
}

/** Text as part of one line. */
export function inOneLine(text: string): string {
  return stripControls(text.replaceAll(/\s+/g, " "));
}
