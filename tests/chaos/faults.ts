/**
 * Does to a grid what the plan says, and keeps book of it.
 *
 * @module
 */
import { systemClock } from "../../lib/clock.ts";
import { damageCopy } from "./damage.ts";
import type { Fault, PlannedFault } from "./fault_plan.ts";
import type { ChaosGrid } from "./grid.ts";
import type { Node } from "./node.ts";
import { hasName, watchTwin } from "./twin.ts";

/** At least so many nodes are always there; otherwise nothing would ever run. */
const LEAST_IN_SERVICE = 2;
/** A node that ended by itself is started again by whoever looks after it. */
const RESTART_MS = 1_000;

/** Something that was done, for the report. */
export interface Injected {
  atMs: number;
  kind: string;
  /** The node that it was done to. */
  node?: string;
  words: string;
}

export class Faults {
  readonly journal: Injected[] = [];
  /** What a second process under a node's name did that it must not do. */
  readonly breaches: string[] = [];
  readonly #grid: ChaosGrid;
  /** Nodes that something is being done to. */
  readonly #busy = new Set<Node>();
  readonly #underWay = new Set<Promise<void>>();
  readonly #over = new AbortController();

  constructor(grid: ChaosGrid) {
    this.#grid = grid;
  }

  /** Goes through a plan; then heals everything. */
  async inject(plan: PlannedFault[], stop: AbortSignal): Promise<void> {
    for (const fault of plan) {
      await systemClock.wait(fault.afterMs, stop);
      if (stop.aborted) break;
      this.startLost();
      this.#begin(fault);
    }
    this.#over.abort();
    await Promise.all(this.#underWay);
    this.#grid.proxy.mend();
    this.#grid.proxy.spareAllPushes();
  }

  /** Starts nodes that ended by themselves. */
  startLost(): void {
    for (const node of this.#grid.nodes) {
      if (node.isRunning || this.#busy.has(node)) continue;
      this.#note("restart", node, `it had ended: ${node.endings.at(-1)?.lastLine}`);
      this.#occupy(node, async () => {
        await systemClock.wait(RESTART_MS, this.#over.signal);
        node.start();
      });
    }
  }

  #begin(fault: Fault): void {
    switch (fault.kind) {
      case "kill":
        return this.#toNode(fault, (node) => this.#kill(node, fault));
      case "halt":
        return this.#toNode(fault, (node) => this.#halt(node, fault));
      case "twin":
        return this.#toNode(fault, (node) => this.#twin(node, fault));
      case "cut":
        return this.#cut(fault);
      case "cut_push":
        this.#note("cut_push", undefined, `${fault.cut.what} after ${fault.cut.afterBytes} bytes`);
        return this.#grid.proxy.cutNextPush(fault.cut);
      case "damage":
        return this.#track(this.#damage(fault));
    }
  }

  /** Does something to the first node from a number on that can be used. */
  #toNode({ node: first }: { node: number }, work: (node: Node) => Promise<void>): void {
    const { nodes } = this.#grid;
    const free = [...nodes.slice(first), ...nodes.slice(0, first)]
      .filter((node) => node.isRunning && !this.#busy.has(node));
    if (free.length > LEAST_IN_SERVICE) this.#occupy(free[0], () => work(free[0]));
  }

  #occupy(node: Node, work: () => Promise<void>): void {
    this.#busy.add(node);
    this.#track(work().finally(() => this.#busy.delete(node)));
  }

  async #kill(node: Node, { downMs, losesHome }: Fault & { kind: "kill" }): Promise<void> {
    this.#note("kill", node, `for ${downMs} ms${losesHome ? ", its home is lost" : ""}`);
    await node.kill();
    await systemClock.wait(downMs, this.#over.signal);
    if (losesHome) node.loseHome();
    node.start();
  }

  async #halt(node: Node, { forMs, family }: Fault & { kind: "halt" }): Promise<void> {
    this.#note("halt", node, `for ${forMs} ms${family ? ", with all it has started" : ""}`);
    await node.halt(family);
    await systemClock.wait(forMs, this.#over.signal);
    await node.resume();
  }

  async #twin(node: Node, { sharesHome }: Fault & { kind: "twin" }): Promise<void> {
    // Of two that both still ask for the name, either may get it.
    if (!await hasName(this.#grid.repo, node.id)) return;
    const seen = await watchTwin(this.#grid, node, { sharesHome, stop: this.#over.signal });
    const where = sharesHome ? "same home" : "home of its own";
    this.#note("twin", node, `${seen.end}, ${where}: ${seen.words}`);
    if (seen.end === "worked") {
      this.breaches.push(`${node.id}: a second process worked beside it: ${seen.words}`);
    }
  }

  #cut({ outage, forMs }: Fault & { kind: "cut" }): void {
    const { proxy } = this.#grid;
    if (proxy.isCut) return;
    this.#note("cut", undefined, `${outage} for ${forMs} ms`);
    proxy.cut(outage);
    this.#track(systemClock.wait(forMs, this.#over.signal).then(() => proxy.mend()));
  }

  async #damage({ node: number, damage, draw }: Fault & { kind: "damage" }): Promise<void> {
    const node = this.#grid.nodes[number];
    const path = await damageCopy(node.home, damage, draw);
    if (path !== undefined) this.#note("damage", node, `${damage}: ${path}`);
  }

  #note(kind: string, node: Node | undefined, words: string): void {
    this.journal.push({ atMs: Date.now(), kind, node: node?.id, words });
    node?.log.note(`-- ${new Date().toISOString()} ${kind}: ${words}`);
  }

  #track(work: Promise<void>): void {
    this.#underWay.add(work);
    // Whoever waits for all of them is told how it failed.
    work.then(() => this.#underWay.delete(work), () => undefined);
  }
}
