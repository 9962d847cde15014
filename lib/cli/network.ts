/**
 * Which processes of ours may use the network, and that all others give the right up at the start.
 *
 * @module
 */
import { giveUpNetwork } from "../grants.ts";
import { WAKE_SECRET_VARIABLE } from "../wake/wake_secret.ts";
import type { Context } from "./context.ts";

/** The commands that may call workers. */
const CALLING = ["submit", "cancel", "retry"];

/** Gives up the right to the network where a command has no use for it. */
export async function limitNetwork(
  command: string,
  context: Pick<Context, "options" | "env">,
): Promise<void> {
  if (!needsNetwork(command, context)) await giveUpNetwork();
}

/** Whether a command talks to anybody itself, and not by `git`. */
export function needsNetwork(
  command: string,
  { options, env }: Pick<Context, "options" | "env">,
): boolean {
  if (command === "worker") return options.listen !== undefined;
  return CALLING.includes(command) && Boolean(env[WAKE_SECRET_VARIABLE]);
}
