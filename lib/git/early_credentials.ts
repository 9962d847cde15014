/**
 * The credentials in a repository's address, as a header that Git sends with each request. By itself
 * it asks without them first, and again when it is told 401: one request more for each look, fetch
 * and push.
 *
 * Git sends such a header wherever a redirect has led it, also to another host. So the two settings
 * belong together: with the header no redirect is followed, and a server that redirects is asked
 * without it, as Git does by itself ({@link isRedirect}).
 *
 * @module
 */
import { GitError } from "./git_error.ts";

/** A setting of Git. */
export type Setting = [name: string, value: string];

/**
 * The settings for an address with a user and a password; none where there is nothing to send, or it
 * cannot be read. Where they do not help, Git asks as ever.
 */
export function earlyCredentials(url: string): Setting[] {
  if (!/^https?:/i.test(url) || !URL.canParse(url)) return [];
  const { protocol, host, username, password } = new URL(url);
  if (username === "" || password === "") return [];
  try {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    const place = `http.${protocol}//${host}/`;
    return [
      [`${place}.extraHeader`, `Authorization: Basic ${inBase64(pair)}`],
      [`${place}.followRedirects`, "false"],
    ];
  } catch {
    // It holds a % that stands for nothing; Git may know what is meant.
    return [];
  }
}

/** Whether a command failed because it must not follow a redirect. */
export function isRedirect(error: unknown): boolean {
  return error instanceof GitError && /returned error: 30[12378]\b/.test(error.message);
}

function inBase64(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}
