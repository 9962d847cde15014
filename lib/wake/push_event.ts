/**
 * What a call's body says of a push: GitHub, GitLab, Gitea and our own calls name the ref alike.
 *
 * @module
 */

/**
 * The ref that moved, such as `refs/heads/main`.
 *
 * @param type the `Content-Type`; GitHub sends a form unless it is told to send JSON
 * @returns undefined where the body names none
 */
export function pushedRef(type: string | undefined, body: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(body);
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(type ?? "");
  const payload = parsed(isForm ? new URLSearchParams(text).get("payload") ?? text : text);
  if (typeof payload !== "object" || payload === null) return undefined;
  const ref: unknown = "ref" in payload ? payload.ref : undefined;
  return typeof ref === "string" ? ref : undefined;
}

/** JSON as a value; undefined for what is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
