/**
 * One run of a grid, decided by its seed from the begin to the end.
 *
 * @module
 */
import { checkEnd } from "./checker/final_rules.ts";
import { checkTimes } from "./checker/watch_rules.ts";
import { Grid } from "./grid.ts";
import { People } from "./people.ts";
import { storm } from "./storm.ts";
import { World } from "./world.ts";

const FOUNDING_MS = 60_000;
/** After the storm everything comes to its end within so long, by virtual time. */
const CALM_MS = 300_000;
/** When all is done, what is still on its way arrives, and nothing may come of it. */
const AFTERMATH_MS = 4_000;
/** How often the checker looks whether what should have happened has. */
const WATCH_MS = 1_000;
/** More events than this are no progress. */
const MOST_EVENTS = 200_000;

export interface Run {
  /** What was broken; a run ends with the first. */
  violations: string[];
  /** Virtual milliseconds. */
  lengthMs: number;
  events: number;
}

/**
 * @param counts of what happened; added to
 * @param trace is given a line for everything that happens; undefined is faster
 */
export async function runSeed(
  seed: number,
  counts: Map<string, number> = new Map(),
  trace?: string[],
): Promise<Run> {
  const world = new World(seed, counts, trace);
  const run = new SeedRun(world);
  await run.begin();
  await run.storm();
  await run.calm();
  run.judge();
  const { violations } = run.grid.checker;
  return { violations, lengthMs: world.now, events: world.scheduler.count };
}

class SeedRun {
  readonly grid: Grid;
  readonly #world: World;
  readonly #people: People;

  constructor(world: World) {
    this.#world = world;
    this.grid = new Grid(world);
    this.#people = new People(this.grid);
  }

  /** The grid is set up, and two to five machines start to work. */
  async begin(): Promise<void> {
    const { weather, scheduler, random } = this.#world;
    weather.isCalm = true;
    await this.#until(this.#people.found(), FOUNDING_MS);
    weather.isCalm = false;
    for (let count = 2 + Math.floor(random() * 4); count > 0; count--) {
      const node = this.grid.addNode();
      scheduler.in(this.#world.between(0, 500), () => node.start());
    }
    this.#watch();
  }

  async storm(): Promise<void> {
    await this.#until(storm(this.grid, this.#people), Infinity);
    this.#world.weather.isCalm = true;
    this.#world.tell("storm", () => "is over");
    // Somebody must be left to do what there is to do.
    this.grid.addNode().start();
  }

  /** Nothing goes wrong any more, until all is done. */
  async calm(): Promise<void> {
    const limitMs = this.#world.now + CALM_MS;
    do {
      await this.#until(() => this.#isDone, limitMs - this.#world.now);
      await this.#until(() => false, AFTERMATH_MS);
    } while (!this.#isDone && !this.#isHopeless && this.#world.now < limitMs);
  }

  judge(): void {
    const { checker, nodes } = this.grid;
    if (checker.violations.length > 0) return;
    if (this.#isHopeless) checker.fail(`there is no end: ${MOST_EVENTS} events`);
    if (!this.#isDone) {
      checker.fail(`after ${CALM_MS / 1000} s of calm there is still something to do`);
    }
    checkEnd(checker, nodes);
  }

  get #isDone(): boolean {
    return this.grid.checker.isQuiet && this.grid.isAtRest;
  }

  get #isHopeless(): boolean {
    const { checker } = this.grid;
    return checker.violations.length > 0 || this.#world.scheduler.count > MOST_EVENTS;
  }

  #watch(): void {
    const { checker, containers } = this.grid;
    checkTimes(checker, containers.running, checker.lives);
    this.#world.scheduler.in(WATCH_MS, () => this.#watch());
  }

  /** Lets time go on until something is done or so, or the time is over. */
  async #until(goal: Promise<void> | (() => boolean), ms: number): Promise<void> {
    let isOver = false;
    if (goal instanceof Promise) goal.then(() => isOver = true);
    const isSo = goal instanceof Promise ? () => isOver : goal;
    await this.#world.scheduler.run(() => isSo() || this.#isHopeless, this.#world.now + ms);
  }
}
