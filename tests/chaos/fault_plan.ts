/**
 * Which faults come when. All of it is drawn from the seed beforehand; what the grid makes of it
 * depends on how fast this machine is.
 *
 * @module
 */
import type { Chance } from "./chance.ts";
import { type Damage, DAMAGES } from "./damage.ts";
import type { Outage } from "./proxy.ts";
import type { PushCut } from "./push_cut.ts";

/** Longer than the lease. */
const HALT_MS = [12_000, 25_000] as const;
const MOST_DOWN_MS = 20_000;
const CUT_MS = 15_000;
const GAP_MS = [1_000, 2_000] as const;

/** A fault. A node is given by a number; if it cannot be used now, the next one is taken. */
export type Fault =
  | { kind: "kill"; node: number; downMs: number; losesHome: boolean }
  | { kind: "halt"; node: number; forMs: number; family: boolean }
  | { kind: "cut"; outage: Outage; forMs: number }
  | { kind: "cut_push"; cut: PushCut }
  | { kind: "damage"; node: number; damage: Damage; draw: number }
  | { kind: "twin"; node: number; sharesHome: boolean };

/** A fault, and how long after the one before it comes. */
export type PlannedFault = Fault & { afterMs: number };

/**
 * Draws the faults of so many milliseconds. They come in rounds of about a minute: in each there is
 * every kind, in an order of its own.
 */
export function planFaults(chance: Chance, nodes: number, durationMs: number): PlannedFault[] {
  const plan: PlannedFault[] = [];
  let round: Fault["kind"][] = [];
  for (let left = durationMs;;) {
    const afterMs = chance.integer(...GAP_MS);
    left -= afterMs;
    if (left < 0) return plan;
    if (round.length === 0) round = chance.shuffled(ROUND);
    plan.push({ ...drawFault(round.pop()!, chance, nodes), afterMs });
  }
}

/** How often each kind comes in a round. Nothing gets done while the server is away, so that is rare. */
const ROUND = Object.entries({ kill: 9, halt: 4, cut: 1, cut_push: 15, damage: 9, twin: 2 })
  .flatMap(([kind, times]) => Array.from({ length: times }, () => kind as Fault["kind"]));

function drawFault(kind: Fault["kind"], chance: Chance, nodes: number): Fault {
  const node = chance.integer(0, nodes - 1);
  switch (kind) {
    case "kill": {
      // Half of them come back at once.
      const downMs = chance.next() < 0.5 ? 0 : chance.integer(0, MOST_DOWN_MS);
      return { kind, node, downMs, losesHome: chance.next() < 0.3 };
    }
    case "halt":
      return { kind, node, forMs: chance.integer(...HALT_MS), family: chance.next() < 0.3 };
    case "cut":
      return { kind, outage: chance.pick(["refusing", "silent"] as const), forMs: CUT_MS };
    case "cut_push":
      return { kind, cut: drawCut(chance) };
    case "damage": {
      const damage = chance.pick(Object.keys(DAMAGES) as Damage[]);
      return { kind, node, damage, draw: chance.next() };
    }
    case "twin":
      return { kind, node, sharesHome: chance.next() < 0.3 };
  }
}

/** The smallest push of a worker has more than a thousand bytes, the smallest answer about a hundred. */
function drawCut(chance: Chance): PushCut {
  return chance.next() < 0.5
    ? { what: "up", afterBytes: chance.integer(0, 1_200) }
    : { what: "answer", afterBytes: chance.integer(0, 60) };
}
