/**
 * How far the demo has come: gathered from the ledger, as anybody could who may read it.
 *
 * @module
 */
import type { Ledger } from "../../ledger/ledger.ts";
import { standingsOf } from "../../ledger/results.ts";
import type { Result } from "../../protocol/result.ts";
import { resultIn } from "../wait_for_tasks.ts";
import { type Estimate, estimatePi } from "./estimate.ts";
import { hitsIn } from "./pi_tasks.ts";

export class Progress {
  /** By task id. */
  readonly results = new Map<string, Result>();
  /** By node id: the tasks that it runs now. */
  running = new Map<string, string[]>();
  queued = 0;
  /** How many results are on the branch. */
  settled = 0;

  constructor(
    private readonly ledger: Ledger,
    private readonly taskIds: string[],
  ) {}

  /** Looks at the grid. */
  async update(): Promise<void> {
    await this.ledger.refresh();
    const open = this.taskIds.filter((id) => !this.results.has(id));
    const standings = await standingsOf(this.ledger, open);
    this.running = new Map();
    this.queued = 0;
    for (const [id, standing] of standings) {
      const result = resultIn(standing);
      if (result !== undefined) this.results.set(id, result);
      if (standing.where === "queued") this.queued++;
      if (standing.where === "claimed") this.#noteRunning(standing.node_id, id);
    }
    const onLiveEdge = this.taskIds.filter((id) => this.ledger.stateOf(id) !== undefined).length;
    this.settled = this.taskIds.length - this.queued - onLiveEdge;
  }

  get isComplete(): boolean {
    return this.results.size === this.taskIds.length;
  }

  /** The tasks that a node has done. */
  doneBy(nodeId: string): number {
    return [...this.results.values()].filter(({ node_id }) => node_id === nodeId).length;
  }

  /** The estimate so far; undefined before the first part of it. */
  get estimate(): Estimate | undefined {
    const hits = [...this.results.values()].flatMap(({ output }) => hitsIn(output) ?? []);
    return hits.length === 0 ? undefined : estimatePi(hits);
  }

  #noteRunning(nodeId: string, taskId: string): void {
    this.running.set(nodeId, [...this.running.get(nodeId) ?? [], taskId]);
  }
}
