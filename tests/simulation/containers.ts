/**
 * What runs: containers, which go on where their worker stands still, and can outlive it.
 *
 * @module
 */
import type { Job } from "../../lib/executor/executor.ts";
import type { Result } from "../../lib/protocol/result.ts";
import type { Life } from "./life.ts";
import { LEASE_MS } from "./settings.ts";
import { pick } from "./weather.ts";
import type { World } from "./world.ts";

/** One execution of an attempt. */
export interface Container {
  id: number;
  life: Life;
  task_id: string;
  attempt: number;
  startedAt: number;
  /** How it ends when nobody stops it. */
  status: "success" | "failed" | "timeout";
  /** When it was gone; undefined while it is there. */
  goneAt?: number;
  /** Whether it came to its own end. */
  isDone: boolean;
}

/** Hears of every start and end. */
export interface ContainerWatcher {
  noteStart(container: Container): void;
  /** Called while the container still counts as running. */
  noteEnd(container: Container): void;
}

/** Killing a container takes at most so long. */
export const LONGEST_KILL_MS = 300;

export class Containers {
  readonly all: Container[] = [];
  readonly running = new Set<Container>();

  readonly #shortPart: number;

  constructor(readonly world: World, readonly watcher: ContainerWatcher) {
    this.#shortPart = pick(world.random, [0.2, 0.5, 0.7]);
  }

  start(life: Life, { task, attempt }: Job): Container {
    const { random, now } = this.world;
    const status = pick(random, ["success", "success", "success", "failed", "timeout"] as const);
    const id = this.all.length;
    const container: Container = {
      id,
      life,
      task_id: task.task_id,
      attempt,
      startedAt: now,
      status,
      isDone: false,
    };
    this.all.push(container);
    this.running.add(container);
    this.world.tell(life.label, () => `START container ${id}: ${task.task_id}#${attempt}`);
    this.watcher.noteStart(container);
    return container;
  }

  end(container: Container, isDone: boolean): void {
    if (!this.running.has(container)) return;
    this.watcher.noteEnd(container);
    this.running.delete(container);
    container.goneAt = this.world.now;
    container.isDone = isDone;
    const { id, task_id, attempt, status, life } = container;
    const how = isDone ? status : "killed";
    this.world.tell(life.label, () => `GONE  container ${id}: ${task_id}#${attempt} (${how})`);
  }

  /** Removes what dead processes have left under a node's name, as an executor does at its start. */
  removeLeftovers(nodeId: string): void {
    for (const container of this.running) {
      if (container.life.name === nodeId && container.life.isDead) this.end(container, false);
    }
  }

  /** How long an execution takes: a moment, some polls, or up to several leases. */
  runtimeMs(): number {
    const { random, weather } = this.world;
    const kind = weather.isCalm ? 0 : random();
    if (kind < this.#shortPart) return 5 + random() * 500;
    return kind < this.#shortPart + 0.2 ? random() * 5_000 : random() * 2.5 * LEASE_MS;
  }
}

/** Which container a result comes from; undefined where nothing ran to its end. */
export function containerIn({ output }: Pick<Result, "output">): number | undefined {
  return (output as { container: number } | undefined)?.container;
}
