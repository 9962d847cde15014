/**
 * What the command line can end with besides success. The exit code that belongs to each is decided
 * in `exit_code.ts`.
 *
 * @module
 */
import { InvalidInput } from "../protocol/problem.ts";

/** The command line itself is wrong: an unknown option, a missing value. */
export class WrongUsage extends InvalidInput {
  override name = "WrongUsage";
}

/** A task that was waited for, or asked about, ended with anything but success. */
export class TaskNotSuccessful extends Error {
  override name = "TaskNotSuccessful";
}

/** There is no such task. */
export class NoSuchThing extends Error {
  override name = "NoSuchThing";
}

/** The user or the system asked us to stop. */
export class Interrupted extends Error {
  override name = "Interrupted";

  /** @param action what was being done */
  constructor(action: string, readonly signal: "SIGINT" | "SIGTERM") {
    super(`${action}: stopped by ${signal}`);
  }
}
