/**
 * The arguments of `docker run` for one attempt at a script. Everything that bounds a script stands
 * here, in one pure function. Podman takes the same.
 *
 * @module
 */
import type { Task } from "../protocol/task.ts";

/** The label that names the node which started a container. */
export const NODE_LABEL = "dgrid.node";
/** The label that names the task. */
export const TASK_LABEL = "dgrid.task";
/** The label with the attempt's number. */
export const ATTEMPT_LABEL = "dgrid.attempt";

/** Where a script finds its input; the variable `DGRID_INPUT` says so. */
export const INPUT_PATH = "/dgrid/input.json";

/** One container to run. */
export interface ContainerSpec {
  name: string;
  node_id: string;
  task_id: string;
  attempt: number;
  image: string;
  script: string;
  resources: Task["resources"];
  /** How many processors there are: the engine refuses a limit above it. */
  maxCpus: number;
  /** The file on this machine that holds the task's input. */
  inputFile?: string;
  /** The paths where the image asks for a volume. */
  volumes: readonly string[];
}

/** The arguments after `docker`. The script is one of them, so it is bounded by the kernel to 128 KiB. */
export function containerArgs(spec: ContainerSpec): string[] {
  return [
    "run",
    `--name=${spec.name}`,
    ...labels(spec),
    ...CONFINEMENT,
    ...limits(spec),
    ...writablePlaces(spec.volumes),
    ...input(spec.inputFile),
    ...withoutProxies(),
    "--entrypoint=sh",
    "--",
    spec.image,
    "-c",
    spec.script,
  ];
}

const CONFINEMENT = [
  "--init",
  "--rm",
  // The image was made sure of before, outside the task's time.
  "--pull=never",
  "--network=none",
  "--read-only",
  "--user=1000:1000",
  "--cap-drop=ALL",
  "--security-opt=no-new-privileges",
  // The engine would keep all that is printed on the host's disk; we read it from the pipe.
  "--log-driver=none",
  // Would run the image's own programs beside the task.
  "--no-healthcheck",
  "--ulimit=core=0",
];

function labels({ node_id, task_id, attempt }: ContainerSpec): string[] {
  return [
    `--label=${NODE_LABEL}=${node_id}`,
    `--label=${TASK_LABEL}=${task_id}`,
    `--label=${ATTEMPT_LABEL}=${attempt}`,
  ];
}

function limits({ resources: { cpus, memory_mb, pids }, maxCpus }: ContainerSpec): string[] {
  return [
    `--pids-limit=${pids}`,
    `--memory=${memory_mb}m`,
    // The sum of memory and swap: equal to the memory, so there is no swap.
    `--memory-swap=${memory_mb}m`,
    `--cpus=${Math.min(cpus, maxCpus)}`,
  ];
}

/** A volume of the image would be a writable place without a limit, so a small tmpfs covers it. */
function writablePlaces(volumes: readonly string[]): string[] {
  const places = new Set(["/tmp", ...volumes]);
  return [...places].map((path) => `--tmpfs=${path}:rw,noexec,nosuid,nodev,size=64m,mode=1777`);
}

function input(file: string | undefined): string[] {
  if (file === undefined) return [];
  return [
    `--mount=type=bind,${csvField(`source=${file}`)},target=${INPUT_PATH},readonly`,
    `--env=DGRID_INPUT=${INPUT_PATH}`,
  ];
}

/** The value of `--mount` is read as one line of CSV. */
function csvField(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * The client adds the proxies of its configuration file, which may hold a password, to every
 * container. A name without a value keeps it out.
 */
function withoutProxies(): string[] {
  const names = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "ALL_PROXY", "NO_PROXY"];
  return names.flatMap((name) => [`--env=${name}`, `--env=${name.toLowerCase()}`]);
}
