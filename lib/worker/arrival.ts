/**
 * How a worker begins: it takes its name, clears what its last life left, and is written down.
 *
 * @module
 */
import { getLogger } from "@logtape/logtape";
import { despiteDamage } from "../git/despite_damage.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Namesake } from "./namesake.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Outbox } from "./outbox.ts";
import type { Precedence } from "./precedence.ts";
import type { Presence } from "./presence.ts";
import type { Registrar } from "./registrar.ts";
import type { Rhythm } from "./rhythm.ts";
import type { Speaker } from "./speaker.ts";
import type { WorkerOptions } from "./worker_options.ts";

const log = getLogger(["dgrid", "worker"]);

/** What is not heard after so many tries, is left to the lease. */
const MAX_TRIES = 3;

interface Arriving {
  ledger: Ledger;
  options: Pick<WorkerOptions, "executor" | "nodeId" | "clock">;
  namesake: Namesake;
  outbox: Outbox;
  presence: Presence;
  neighbours: Neighbours;
  precedence: Precedence;
  registrar: Registrar;
  rhythm: Rhythm;
  speaker: Speaker;
}

/**
 * Makes this process the node.
 *
 * @returns false where it was told to stop before the name was its own
 * @throws when the grid cannot be read or written, or another process works under the same name
 */
export async function arrive(arriving: Arriving, stop: AbortSignal): Promise<boolean> {
  const { ledger, options, namesake, neighbours, outbox } = arriving;
  await ledger.refresh();
  await neighbours.noteLook(options.clock.elapsedMs());
  await outbox.load();
  if (!await despiteDamage(() => namesake.takeName(stop))) return false;
  try {
    // Only now: what runs under this name is nobody else's.
    await options.executor.removeLeftoversOf?.(options.nodeId);
    await despiteDamage(() => join(arriving));
  } catch (error) {
    await letGo(arriving);
    throw error;
  }
  return true;
}

/** Finds out who else is there, and is written down. */
async function join(arriving: Arriving): Promise<void> {
  const { ledger, options: { clock }, neighbours, precedence, registrar, rhythm } = arriving;
  const beganMs = clock.elapsedMs();
  // Others may have come while the name was taken.
  await ledger.refresh();
  await neighbours.noteLook(clock.elapsedMs());
  precedence.noteLook();
  await registrar.begin();
  // Until there has been a tick, this tells best how long one takes.
  rhythm.noteTick(clock.elapsedMs() - beganMs);
}

/**
 * Hands everything back. Taking the name was a sign of life: a node that is started again and again,
 * and fails each time, would keep the claims of its last life for ever.
 */
async function letGo({ ledger, outbox, presence, speaker }: Arriving): Promise<void> {
  presence.changeTo("offline");
  speaker.handBack();
  try {
    for (let tries = 1; tries === 1 || (outbox.size > 0 && tries <= MAX_TRIES); tries++) {
      // Its turn has to come first, where pushes are few, and can be lost to others.
      await ledger.gate.come();
      await speaker.speak([]);
    }
  } catch (error) {
    // Why the start failed matters more, and is thrown; others take the claims after a lease.
    log.warn("{message}; the claims of this node's last life were not handed back", {
      message: (error as Error).message,
    });
  }
}
