/**
 * What happens to a grid for a while, as the seed has it: work comes, and faults strike.
 *
 * @module
 */
import type { Grid } from "./grid.ts";
import type { Node } from "./node.ts";
import type { People } from "./people.ts";
import { LEASE_MS } from "./settings.ts";
import { pick } from "./weather.ts";

type Deed = (grid: Grid, people: People) => void;

/** What people do. */
const WORK: readonly Deed[] = [
  (_, people) => void people.submit(),
  (_, people) => void people.submit(),
  (_, people) => void people.cancel(),
  (_, people) => void people.retry(),
  (_, people) => void people.settle(),
  (_, people) => {
    void people.settle();
    void people.settle();
  },
  (grid, people) => {
    if (grid.world.random() < 0.3) void people.submitBroken();
    else void people.submit();
  },
];

/** What befalls machines, lines and the server. */
const FAULTS: readonly Deed[] = [
  (grid) => {
    const node = someNode(grid);
    if (node === undefined) return;
    grid.world.weather.count("kill, start again");
    node.kill();
    const downMs = grid.world.between(20, pick(grid.world.random, [2_000, 2 * LEASE_MS]));
    grid.world.scheduler.in(downMs, () => node.isUp || node.start());
  },
  (grid) => {
    const living = grid.nodes.filter(({ isUp }) => isUp);
    if (living.length < 2) return;
    grid.world.weather.count("kill for good");
    pick(grid.world.random, living).kill();
  },
  (grid) => {
    grid.world.weather.count("stop, start again");
    someNode(grid)?.stop();
  },
  (grid) => pause(grid, "pause of a moment", grid.world.between(50, LEASE_MS / 2)),
  (grid) => pause(grid, "pause beyond the lease", LEASE_MS * grid.world.between(1, 2.5)),
  (grid) => {
    const node = someNode(grid);
    if (node === undefined) return;
    const forMs = LEASE_MS * grid.world.between(0.5, 2.5);
    grid.world.weather.count("machine asleep");
    grid.world.tell(node.instance, () => `its machine sleeps for ${forMs.toFixed(0)} ms`);
    node.life!.fallAsleep(forMs);
  },
  (grid) => {
    const node = someNode(grid);
    if (node === undefined) return;
    const forMs = LEASE_MS * grid.world.between(0.2, 2);
    grid.world.weather.count("worker cut off");
    grid.world.tell(node.instance, () => `is cut off for ${forMs.toFixed(0)} ms`);
    node.life!.cutOff(forMs);
  },
  (grid) => {
    const node = someNode(grid);
    const hasOne = grid.nodes.some(({ name, instance }) => name !== instance);
    // Only who has shown itself has the name.
    const isKnown = node && grid.world.server.refs.has(grid.world.names.node(node.name));
    if (!isKnown || hasOne) return;
    grid.world.weather.count("namesake");
    grid.world.tell(node.instance, () => "gets a namesake");
    grid.addNamesake(node);
  },
  ({ world }) => {
    if (world.isServerAway) return;
    const forMs = LEASE_MS * world.between(0.2, 2);
    world.weather.count("server away");
    world.tell("server", () => `is away for ${forMs.toFixed(0)} ms`);
    world.outages.push({ from: world.now, until: world.now + forMs });
  },
  (grid) => {
    const node = someNode(grid);
    if (node === undefined) return;
    grid.world.weather.count("clock jumps");
    node.life!.wallOffsetMs += grid.world.between(-1, 1) * 86_400_000;
  },
];

/** Lets it storm; over when the promise is. */
export async function storm(grid: Grid, people: People): Promise<void> {
  const { world } = grid;
  const { random, scheduler } = world;
  const endsAt = world.now + world.between(5_000, 40_000);
  const faults = FAULTS.filter(() => random() < 0.5);
  const faultRate = faults.length === 0 ? 0 : pick(random, [0, 0.2, 0.5]);
  const pauseMs = pick(random, [500, 1_500, 3_000]);
  void people.submit();
  while (world.now < endsAt) {
    await scheduler.sleep(world.between(0, 2 * pauseMs));
    const deed = random() < faultRate ? pick(random, faults) : pick(random, WORK);
    deed(grid, people);
  }
}

/** A node that works, and that nothing is wrong with yet. */
function someNode(grid: Grid): Node | undefined {
  const living = grid.nodes.filter(({ isUp, life }) => isUp && !life!.isPaused && !life!.isCutOff);
  return living.length === 0 ? undefined : pick(grid.world.random, living);
}

function pause(grid: Grid, kind: string, forMs: number): void {
  const node = someNode(grid);
  if (node === undefined) return;
  grid.world.weather.count(kind);
  grid.world.tell(node.instance, () => `stands still for ${forMs.toFixed(0)} ms`);
  node.life!.pause(forMs);
}
