/**
 * Wakes the workers that `dgrid.json` names, for a user who knows their secret. Without it nobody is
 * called: who can write that file must not decide whom other people's machines talk to.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { giveUpNetwork } from "../grants.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Settings } from "../protocol/settings.ts";
import { callWorkers } from "../wake/call_workers.ts";
import { wakeSecretIn } from "../wake/wake_secret.ts";
import type { Context } from "./context.ts";

const log = getLogger(["dgrid", "wake"]);

/**
 * Says that the branch has moved, to the addresses in the grid's settings, and takes at most two seconds for it. Never throws: what was
 * submitted stays so, and who is not reached polls. The network is not needed again.
 */
export async function wakeWorkers(
  { env }: Pick<Context, "env">,
  { names }: Pick<Ledger, "names">,
  { wake }: Pick<Settings, "wake">,
): Promise<void> {
  if (wake.length === 0) return;
  const secret = usableSecret(env);
  if (secret === undefined) return;
  await callWorkers(wake, { secret, ref: names.branch });
  await giveUpNetwork();
}

/** One that is too short wakes nobody, and is no reason for a submission to fail. */
function usableSecret(env: Record<string, string>): string | undefined {
  try {
    return wakeSecretIn(env);
  } catch (error) {
    log.warning("waking nobody: {words}", { words: (error as Error).message });
    return undefined;
  }
}
