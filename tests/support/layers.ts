/**
 * The rules of DESIGN.md section 6, as a function over the module graph.
 *
 * @module
 */

/** A module of the repository. */
export interface Module {
  /** Relative to the repository, such as `lib/git/push.ts`. */
  path: string;
  /** What it imports: paths like its own, and `npm:`, `jsr:` and `node:` specifiers. */
  imports: string[];
  source: string;
}

/** From the bottom to the top. A layer imports from itself and from those below, never sideways. */
const LAYERS: readonly (readonly string[])[] = [
  ["lib/protocol", "lib/process.ts", "lib/clock.ts", "lib/environment.ts", "lib/grants.ts"],
  ["lib/scheduling", "lib/git", "lib/trust", "lib/run_flags.ts"],
  ["lib/ledger", "lib/executor", "lib/wake"],
  ["lib/report"],
  ["lib/worker"],
  ["workflows", "lib/cli"],
  ["main.ts"],
];

const PURE_LAYERS = ["lib/protocol", "lib/scheduling"];
const PURE_PACKAGES = ["zod", "node:crypto"];
const PACKAGES = ["@logtape/logtape", "@std/cli", "@std/path", "deno-std", "openpgp", "zod"];

/** Node's ways around the one place that starts programs. */
const FORBIDDEN_NODE = /^node:(child_process|cluster|worker_threads)$/;

/** What a pure module must not name: I/O, the clock, randomness. */
const IMPURE = new RegExp(
  [
    /\bDeno\b/,
    /\bDate\.now\b/,
    /\bnew Date\(\s*\)/,
    /\bDate\(\s*\)/,
    /\bTemporal\.Now\b/,
    /\bMath\.random\b/,
    /\bperformance\b/,
    /\bset(Timeout|Interval|Immediate)\b/,
    /\bcrypto\.(getRandomValues|randomUUID)\b/,
    /\brandom(Bytes|Int|UUID|FillSync|Fill)\b/,
    /\b(fetch|import)\(/,
    /\bconsole\./,
    /\b(globalThis|process|navigator)\./,
  ].map((it) => it.source).join("|"),
);

/** Every breach of the rules, one sentence each. */
export function violations(modules: Module[]): string[] {
  return [...modules.flatMap(brokenRules), ...circles(modules)];
}

function brokenRules(module: Module): string[] {
  const layer = layerOf(module.path);
  if (layer === undefined) return [`${module.path}: belongs to no layer`];
  return [
    ...module.imports.flatMap((it) => brokenImport(module.path, layer, it)),
    ...brokenWords(module, layer),
  ];
}

function brokenImport(path: string, layer: string, imported: string): string[] {
  if (/^(npm|jsr|node|https?|data|blob):/.test(imported)) {
    return mayUse(layer, packageOf(imported)) ? [] : [`${path}: must not import ${imported}`];
  }
  const below = layerOf(imported);
  if (below === undefined) return [`${path}: must not import ${imported}, outside of the layers`];
  return mayImport(layer, below)
    ? []
    : [`${path}: must not import ${imported}, ${below} is not below`];
}

function mayImport(layer: string, other: string): boolean {
  if (layer === other) return true;
  if (layer === "workflows" && other === "lib/worker") return false;
  if (PURE_LAYERS.includes(layer) && !PURE_LAYERS.includes(other)) return false;
  return heightOf(other) < heightOf(layer);
}

function mayUse(layer: string, name: string): boolean {
  if (PURE_LAYERS.includes(layer)) return PURE_PACKAGES.includes(name);
  return name.startsWith("node:") ? !FORBIDDEN_NODE.test(name) : PACKAGES.includes(name);
}

function brokenWords({ path, source }: Module, layer: string): string[] {
  const code = withoutComments(source);
  const impure = PURE_LAYERS.includes(layer) ? IMPURE.exec(code) : null;
  const starts = path === "lib/process.ts" ? null : /\bDeno\.(Command|run)\b/.exec(code);
  return [
    ...impure ? [`${path}: must be pure, found ${impure[0]}`] : [],
    ...starts ? [`${path}: only lib/process.ts starts programs, found ${starts[0]}`] : [],
  ];
}

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[^]*?\*\//g, "").replaceAll(/(^|\s)\/\/.*$/gm, "");
}

function layerOf(path: string): string | undefined {
  return LAYERS.flat().find((layer) => path === layer || path.startsWith(`${layer}/`));
}

function heightOf(layer: string): number {
  return LAYERS.findIndex((it) => it.includes(layer));
}

/** `npm:@logtape/logtape@2.4.2/x` → `@logtape/logtape`; `node:path` stays. */
function packageOf(specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  return /^(?:npm|jsr):\/?((?:@[^/]+\/)?[^@/]+)/.exec(specifier)?.[1] ?? specifier;
}

/** Each circle of imports once, by the edge that closes it. */
function circles(modules: Module[]): string[] {
  const importsOf = new Map(modules.map(({ path, imports }) => [path, imports]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push(`circle: ${[...trail.slice(start), path].join(" → ")}`);
    if (start >= 0 || done.has(path)) return;
    for (const next of importsOf.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const { path } of modules) visit(path, []);
  return found;
}
