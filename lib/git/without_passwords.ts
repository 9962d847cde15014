/**
 * Takes the credentials out of the URLs in a text: whatever is printed, logged or thrown can hold the
 * grid's address, and that can hold a password.
 */
export function withoutPasswords(text: string): string {
  // To the last @ before the path: who has one in a password, should have written %40, but did not.
  return text.replaceAll(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/"]*@/gi, "$1***@");
}
