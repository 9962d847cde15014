/**
 * The credentials in a repository's address, as a header that Git sends with each request. By itself
 * it asks without them first, and again when it is told 401: one request more for each look, fetch
 * and push.
 *
 * @module
 */

/** A setting of Git. */
export type Setting = [name: string, value: string];

/**
 * The setting for an address with a user and a password; undefined where there is nothing to send, or
 * it cannot be read. Git sends the header to this host alone, and asks as ever where it does not help.
 */
export function earlyCredentials(url: string): Setting | undefined {
  if (!/^https?:/i.test(url) || !URL.canParse(url)) return undefined;
  const { protocol, host, username, password } = new URL(url);
  if (username === "" || password === "") return undefined;
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return [`http.${protocol}//${host}/.extraHeader`, `Authorization: Basic ${inBase64(pair)}`];
  } catch {
    // It holds a % that stands for nothing; Git may know what is meant.
    return undefined;
  }
}

function inBase64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
