/**
 * What happens to a grid for a while, as the seed has it: work comes, and faults strike.
 *
 * @module
 */
import { FAULTS } from "./faults.ts";
import type { Grid } from "./grid.ts";
import type { People } from "./people.ts";
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
