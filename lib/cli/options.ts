/**
 * Every option of the command line: the only list of them. Parsing and the help work from it.
 *
 * @module
 */
import { EXECUTOR_KINDS } from "../executor/create_executor.ts";
import { ID_RULE, isNodeId, isTaskId } from "../protocol/identity.ts";
import { isRefPrefix, REF_PREFIX_RULE } from "../protocol/layout.ts";
import { PRIORITIES } from "../protocol/task.ts";
import { LISTEN_RULE, type ListenAddress, parseListenAddress } from "../wake/listen_address.ts";
import { LOG_FORMATS, LOG_LEVELS } from "./logging.ts";
import {
  asText,
  BadValue,
  checked,
  integer,
  json,
  oneOf,
  type Option,
  pairs,
  seconds,
  settled,
  single,
  toggle,
} from "./option.ts";

/** Where a task can stand, as `list --state` names it. */
export const LISTED_STATES = [
  "queued",
  "claimed",
  "retrying",
  "cancelling",
  "finished",
  "completed",
  "failed",
] as const;

export const CONTAINER_ENGINES = ["docker", "podman"] as const;

const SUBMIT = ["submit"];
const WORKER = ["worker"];
const DEMO = ["demo"];
const REPOSITORY = [
  "init",
  "submit",
  "worker",
  "status",
  "list",
  "result",
  "explain",
  "logs",
  "cancel",
  "retry",
  "nodes",
  "settle",
  "validate",
];

/** By flag, in the order of the help. */
export const OPTIONS = {
  // Which grid, and how the program speaks.
  repo: single(asText, {
    value: "URL",
    variable: "DGRID_REPO_URL",
    help: "the grid's repository: a path, or whatever git takes as a URL",
    commands: REPOSITORY,
  }),
  branch: settled(checked(isBranch, "the name of a branch"), {
    value: "NAME",
    fallback: "main",
    help: "the branch of the ledger",
    commands: REPOSITORY,
  }),
  home: single(asText, {
    value: "FOLDER",
    variable: "DGRID_HOME",
    help: "the local state; by default $XDG_STATE_HOME/dgrid, else ~/.local/state/dgrid",
    commands: REPOSITORY,
  }),
  "log-level": settled(oneOf(LOG_LEVELS), {
    value: "LEVEL",
    variable: "LOG_LEVEL",
    fallback: "info",
    help: `the least that is logged: ${LOG_LEVELS.join(", ")}`,
  }),
  "log-format": settled(oneOf(LOG_FORMATS), {
    value: "FORMAT",
    fallback: "text",
    help: `how it is logged: ${LOG_FORMATS.join(", ")}`,
  }),
  json: toggle({ help: "print the result for a program, as JSON" }),
  help: toggle({ help: "explain the command" }),
  version: toggle({ help: "print the version" }),

  // init
  "ref-prefix": single(checked(isRefPrefix, REF_PREFIX_RULE), {
    value: "REF",
    help: "where a new grid keeps its refs, such as refs/heads/dgrid for a host that takes " +
      "only branches; refs/dgrid where nothing is said",
    commands: ["init"],
  }),

  // submit
  script: single(asText, {
    value: "TEXT",
    help: "make a task of this shell text",
    commands: SUBMIT,
  }),
  module: single(asText, {
    value: "FILE",
    help: "make a task of the ES module in this file",
    commands: SUBMIT,
  }),
  input: single(json, { value: "JSON", help: "the task's input", commands: SUBMIT }),
  image: single(asText, { value: "NAME", help: "the container image", commands: SUBMIT }),
  id: single(checked(isTaskId, ID_RULE), {
    value: "ID",
    help: "the task's id; one is made where there is none",
    commands: SUBMIT,
  }),
  priority: single(oneOf(PRIORITIES), {
    value: "WORD",
    help: `${PRIORITIES.join(", ")}; medium where nothing is said`,
    commands: SUBMIT,
  }),
  timeout: single(integer(1, 86_400), {
    value: "SECONDS",
    help: "the task's time limit; 300 where nothing is said",
    commands: SUBMIT,
  }),
  retries: single(integer(0, 10), {
    value: "N",
    help: "how often to try again after a failure or a timeout; 0 where nothing is said",
    commands: SUBMIT,
  }),
  label: pairs({
    value: "KEY=VALUE",
    help: "submit: the node must carry it; worker: this node carries it; repeatable",
    commands: [...SUBMIT, ...WORKER],
  }),
  wait: toggle({ help: "wait for the result", commands: [...SUBMIT, "result", "cancel"] }),

  // worker
  "node-id": single(checked(isNodeId, ID_RULE), {
    value: "ID",
    variable: "NODE_ID",
    help: "this node's name; by default made from the host's name, and kept in the local state",
    commands: WORKER,
  }),
  parallel: settled(integer(1, 1024), {
    value: "N",
    variable: "MAX_PARALLEL_TASKS",
    fallback: "1",
    help: "how many tasks run at once",
    commands: WORKER,
  }),
  executor: settled(oneOf(EXECUTOR_KINDS), {
    value: "KIND",
    fallback: "auto",
    help: `${EXECUTOR_KINDS.join(", ")}; auto: scripts in containers, modules in the sandbox`,
    commands: WORKER,
  }),
  engine: settled(oneOf(CONTAINER_ENGINES), {
    value: "PROGRAM",
    fallback: "docker",
    help: `the container engine: ${CONTAINER_ENGINES.join(", ")}`,
    commands: WORKER,
  }),
  "allow-unsandboxed": toggle({
    help: "let the executor process run scripts with all rights of this user",
    commands: WORKER,
  }),
  "poll-interval": single(seconds(0.05, 86_400), {
    value: "SECONDS",
    variable: "PULL_INTERVAL",
    help: "how often to look at the repository while there is work; 0.2 for one on this machine, " +
      "else 2",
    commands: WORKER,
  }),
  "max-poll-interval": settled(seconds(0.05, 86_400), {
    value: "SECONDS",
    fallback: "60",
    help:
      "how long to wait at most between two looks when there is none: the pause doubles up to it",
    commands: WORKER,
  }),
  listen: single(listenAddress, {
    value: "ADDR",
    help: "take wake-up calls at HOST:PORT, from a Git host's webhook and from submit; needs " +
      "DGRID_WAKE_SECRET",
    commands: WORKER,
  }),
  "heartbeat-interval": single(seconds(1, 86_400), {
    value: "SECONDS",
    variable: "HEARTBEAT_INTERVAL",
    help:
      "how often to give a sign of life when idle, up to a fifth more where no look comes sooner; by " +
      "default 600, and while tasks run always at least every third of the grid's lease",
    commands: WORKER,
  }),
  grace: settled(seconds(0, 86_400), {
    value: "SECONDS",
    fallback: "30",
    help: "how long running tasks may go on when the worker is told to stop",
    commands: WORKER,
  }),
  "exit-when-idle": toggle({
    help: "end once nothing that this node could run is left, and its results are settled",
    commands: WORKER,
  }),
  "max-tasks": single(integer(1, 1_000_000_000), {
    value: "N",
    help: "end after so many attempts",
    commands: WORKER,
  }),

  // list
  state: single(oneOf(LISTED_STATES), {
    value: "STATE",
    help: `only tasks that are ${LISTED_STATES.join(", ")}`,
    commands: ["list"],
  }),
  limit: settled(integer(1, 1_000_000), {
    value: "N",
    fallback: "50",
    help: "how many tasks to list",
    commands: ["list"],
  }),

  // demo
  keep: toggle({ help: "keep the demo's folder, and say where it is", commands: DEMO }),
  seed: settled(integer(0, 4_294_967_295), {
    value: "N",
    fallback: "1",
    help: "where the demo's random numbers begin",
    commands: DEMO,
  }),
  samples: settled(integer(1, 1_000_000_000), {
    value: "N",
    fallback: "20000000",
    help: "how many random points each of the demo's tasks draws",
    commands: DEMO,
  }),
};

export type Flag = keyof typeof OPTIONS;

/** What the options say, by flag. */
export type OptionValues = {
  [F in Flag]: typeof OPTIONS[F] extends Option<infer T> ? T : never;
};

/** All options with their flags. */
export function allOptions(): [Flag, Option<unknown>][] {
  return Object.entries(OPTIONS) as [Flag, Option<unknown>][];
}

/** Whether a command knows an option. */
export function belongsTo(option: Option<unknown>, command: string): boolean {
  return option.commands === undefined || option.commands.includes(command);
}

function listenAddress(text: string): ListenAddress {
  const address = parseListenAddress(text);
  if (address !== undefined) return address;
  throw new BadValue(text, `must be ${LISTEN_RULE}`);
}

/** Git's own rule is longer; the host has the last word. */
function isBranch(text: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9._/-]*$/.test(text) && !text.includes("..") &&
    !text.endsWith("/") && !text.endsWith(".") && !text.endsWith(".lock");
}
