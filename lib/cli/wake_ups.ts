/**
 * What makes a worker look before its time: calls from outside, and a push to a repository on this
 * machine.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { systemClock } from "../clock.ts";
import { isLocal } from "../git/local_copy.ts";
import { giveUpNetwork } from "../grants.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { ListenAddress } from "../wake/listen_address.ts";
import { RepositoryWatch } from "../wake/repository_watch.ts";
import { WAKE_SECRET_VARIABLE, wakeSecretIn } from "../wake/wake_secret.ts";
import type { Context } from "./context.ts";
import { repositoryOf } from "./open_grid.ts";
import { WrongUsage } from "./problems.ts";

const log = getLogger(["dgrid", "worker"]);

/** @throws {WrongUsage} when a worker is to listen, and there is no secret, or one that is too short */
export function refuseWithoutSecret({ options, env }: Pick<Context, "options" | "env">): void {
  if (options.listen === undefined || wakeSecretIn(env) !== undefined) return;
  throw new WrongUsage(
    `reading the options: --listen: ${WAKE_SECRET_VARIABLE} is not set: calls are taken only from ` +
      "those who know a secret; make one with: openssl rand -hex 32",
  );
}

/**
 * Begins to take wake-ups, until what is given is disposed of. Nothing needs the network afterwards:
 * the right to it is given up before anything of the grid is read.
 *
 * @param ring called for each, as often as once a second from outside and every 50 ms from here
 * @throws {Error} when it cannot listen where it was told to
 */
export async function takeWakeUps(
  context: Context,
  ledger: Ledger,
  ring: () => void,
): Promise<AsyncDisposable> {
  await using begun = new AsyncDisposableStack();
  const { listen } = context.options;
  if (listen !== undefined) begun.use(await listenAt(listen, context, ledger, ring));
  const address = repositoryOf(context);
  if (isLocal(address)) {
    const watch = { names: () => ledger.names, ring, clock: systemClock };
    begun.use(await RepositoryWatch.begin(address, watch));
  }
  return begun.move();
}

async function listenAt(
  address: ListenAddress,
  { env }: Context,
  ledger: Ledger,
  ring: () => void,
): Promise<AsyncDisposable> {
  // Loaded only here: every other start is faster without Node's server.
  const { HookServer } = await import("../wake/hook_server.ts");
  const server = await HookServer.open(address, {
    secret: wakeSecretIn(env)!,
    concerns: (ref) => ledger.names.isFollowed(ref),
    ring,
    clock: systemClock,
  });
  await giveUpNetwork();
  log.info("listening for wake-up calls on {where}", { where: server.where });
  return server;
}
