/**
 * The secret that a wake-up call proves to know: the Git host's webhook has it, those who submit, and
 * the workers that listen.
 *
 * @module
 */
import { InvalidInput } from "../protocol/problem.ts";

/** Never an option: other users of a machine see command lines. */
export const WAKE_SECRET_VARIABLE = "DGRID_WAKE_SECRET";

/** Signatures are seen on the way, and a short secret can be found from one by trying. */
const LEAST_CHARACTERS = 16;

/**
 * The secret in our environment; undefined where there is none.
 *
 * @throws {InvalidInput} when it is too short; the message does not show it
 */
export function wakeSecretIn(env: Record<string, string>): string | undefined {
  const secret = env[WAKE_SECRET_VARIABLE];
  if (secret === undefined || secret === "") return undefined;
  if (secret.length >= LEAST_CHARACTERS) return secret;
  throw new InvalidInput(
    `reading ${WAKE_SECRET_VARIABLE}: ${secret.length} characters: must be at least ` +
      `${LEAST_CHARACTERS}; make one with: openssl rand -hex 32`,
  );
}
