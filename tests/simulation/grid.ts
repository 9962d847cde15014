/**
 * A simulated grid: its machines, the people who use it, and the checker.
 *
 * @module
 */
import { GitError } from "../../lib/git/git_error.ts";
import { Ledger } from "../../lib/ledger/ledger.ts";
import { InvalidInput } from "../../lib/protocol/problem.ts";
import { Checker } from "./checker/checker.ts";
import { Containers } from "./containers.ts";
import { Life, type Role } from "./life.ts";
import { Node } from "./node.ts";
import { SimulatedStore } from "./simulated_store.ts";
import type { World } from "./world.ts";

/** What may come of a command without anything being wrong with the program. */
const EXPECTED = /^(settling: tried|writing to|submitting|cancelling|retrying)/;

export class Grid {
  readonly checker: Checker;
  readonly containers: Containers;
  readonly nodes: Node[] = [];
  /** How many commands are at work. */
  errandsOpen = 0;
  #errands = 0;

  constructor(readonly world: World) {
    this.checker = new Checker(world);
    this.containers = new Containers(world, this.checker);
    world.watcher = this.checker;
  }

  /** A process begins. */
  born(name: string, role: Role, wallOffsetMs: number): Life {
    const { scheduler, between } = this.world;
    const originMs = between.call(this.world, 0, 1e6);
    const life = new Life(scheduler, name, role, wallOffsetMs, originMs);
    if (role === "worker") this.checker.lives.push(life);
    return life;
  }

  /** A process's view of the grid. */
  open(life: Life): Ledger {
    const { world } = this;
    const writer = {
      name: life.name,
      email: `${life.name}@example.com`,
      clock: life,
      random: world.random,
    };
    return new Ledger(new SimulatedStore(world, life), world.names, writer);
  }

  /** Somebody gives a second machine the name of one that works. */
  addNamesake({ name }: Node): void {
    const node = new Node(this, name, `${name}-too`);
    this.nodes.push(node);
    node.start();
  }

  /** Whether nobody is at work, away, or has still something to say. */
  get isAtRest(): boolean {
    return this.errandsOpen === 0 && this.world.onTheirWay === 0 && !this.world.isServerAway &&
      this.nodes.every(({ isUp, life, shelf }) =>
        !isUp || !(life!.isPaused || life!.isCutOff || shelf.kept.length > 0)
      );
  }

  addNode(): Node {
    const node = new Node(this, `n${this.nodes.length + 1}`);
    this.nodes.push(node);
    return node;
  }

  /** Somebody types a command: a process that looks once, does one thing, and ends. */
  async errand(role: Role, work: (ledger: Ledger) => Promise<unknown>): Promise<void> {
    const life = this.born(`${role}-${++this.#errands}`, role, this.world.between(-2_000, 2_000));
    const ledger = this.open(life);
    this.errandsOpen++;
    try {
      await ledger.refresh();
      await work(ledger);
      this.world.tell(life.label, () => "is done");
    } catch (error) {
      const { message } = error as Error;
      this.world.tell(life.label, () => `gives up: ${message}`);
      const isExpected = error instanceof GitError || error instanceof InvalidInput ||
        EXPECTED.test(message);
      if (!isExpected) this.checker.fail(`${life.name} died: ${(error as Error).stack}`);
    } finally {
      this.errandsOpen--;
    }
  }
}
