/**
 * Every command, by its name, in the order of the help.
 *
 * @module
 */
import { cancel } from "./cancel.ts";
import type { Command } from "./context.ts";
import { demo } from "./demo/demo.ts";
import { explain } from "./explain.ts";
import { init } from "./init.ts";
import { list } from "./list.ts";
import { logs } from "./logs.ts";
import { nodes } from "./nodes.ts";
import { result } from "./result.ts";
import { retry } from "./retry.ts";
import { settle } from "./settle.ts";
import { status } from "./status.ts";
import { submit } from "./submit.ts";
import { validate } from "./validate.ts";
import { worker } from "./worker.ts";

export const COMMANDS: Readonly<Record<string, Command>> = {
  init,
  submit,
  worker,
  status,
  list,
  result,
  explain,
  logs,
  cancel,
  retry,
  nodes,
  settle,
  validate,
  demo,
};
