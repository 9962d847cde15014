/**
 * How a wake-up call proves that it knows the secret: the one place that signs and verifies.
 *
 * | host          | header                | value                                        |
 * | ------------- | --------------------- | -------------------------------------------- |
 * | GitHub, ours  | `X-Hub-Signature-256` | `sha256=` and the body's HMAC-SHA256, in hex |
 * | Gitea, Forgejo| `X-Gitea-Signature`   | the body's HMAC-SHA256, in hex               |
 * | GitLab        | `X-Gitlab-Token`      | the secret itself                            |
 *
 * @module
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** Gives a header's value by its name in lower case; undefined where it is missing or repeated. */
export type HeaderReader = (name: string) => string | undefined;

/** The header that our own calls are signed with. */
export const SIGNATURE_HEADER = "x-hub-signature-256";

/** What stands in {@link SIGNATURE_HEADER} for a body. */
export function signatureOf(secret: string, body: Uint8Array): string {
  return `sha256=${hmacOf(secret, body)}`;
}

/** Whether a call brings any proof at all, so that its body is worth reading. */
export function bringsProof(header: HeaderReader): boolean {
  return PROOFS.some(({ name }) => header(name) !== undefined);
}

/**
 * Whether one of the proofs that a call brings is right. All of them are compared, each in the same
 * time whatever it says, so that an answer's delay tells nothing about the secret.
 */
export function isAuthentic(secret: string, body: Uint8Array, header: HeaderReader): boolean {
  const found = PROOFS.map(({ name, expected }) =>
    isSame(header(name) ?? "", expected(secret, body))
  );
  return found.includes(true);
}

interface Proof {
  name: string;
  /** What the header says when the secret is known. */
  expected(secret: string, body: Uint8Array): string;
}

const PROOFS: readonly Proof[] = [
  { name: SIGNATURE_HEADER, expected: signatureOf },
  { name: "x-gitea-signature", expected: hmacOf },
  { name: "x-gitlab-token", expected: (secret) => secret },
];

function hmacOf(secret: string, body: Uint8Array): string {
  return createHmac("sha256", secret).update(body).digest("hex");
}

/** Hashes have one length, so no length of what was sent, and none of the secret, is told. */
function isSame(found: string, expected: string): boolean {
  return timingSafeEqual(digestOf(found), digestOf(expected));
}

function digestOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
