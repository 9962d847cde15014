/**
 * The first code in a sandbox: it loads the user's module, calls it and writes what it returned.
 *
 * The function's own text is sent to the sandbox, so it must use nothing from outside itself but
 * what JavaScript and Deno offer everywhere.
 *
 * @module
 */

/** What the bootstrap is told. */
export interface SandboxSetup {
  /** The module as a `data:` URL. */
  moduleUrl: string;
  input?: unknown;
  /** Marks the frame. The parent makes a new one for each attempt. */
  nonce: string;
  /** How many bytes the output's JSON may have. */
  outputLimitBytes: number;
  /** Whether imports have to be refused at run time: see `mustBeWatched`. */
  watched: boolean;
  /** What to say of an output that is nested too deep. */
  tooDeep: string;
  /** After this long the process ends even if its parent is dead and cannot end it. */
  lifeMs: number;
}

/** What the bootstrap reports, once, as its last words. */
export type SandboxFrame = { ok: true; output?: unknown } | { ok: false; reason: string };

/** `node:module`, as far as it is used here. */
export interface ModuleHooks {
  registerHooks(hooks: {
    resolve(
      specifier: string,
      context: unknown,
      next: (specifier: string, context: unknown) => unknown,
    ): unknown;
  }): unknown;
}

/**
 * Runs the module. Never throws: every end is told in a frame, or by the process's own end.
 *
 * @param loadHooks loads `node:module`, which is most of the cost of a sandbox's start
 */
export async function bootstrap(
  loadHooks: () => Promise<ModuleHooks>,
  setup: SandboxSetup,
): Promise<void> {
  // Taken now, because the module may put others in their place.
  const { exit, inspect } = Deno;
  const { stringify } = JSON;
  const write = Deno.stdout.writeSync.bind(Deno.stdout);
  const encoder = new TextEncoder();
  const encode = encoder.encode.bind(encoder);
  let finished = false;

  try {
    await confine();
    succeed(await call());
  } catch (error) {
    fail(error);
  }

  async function confine() {
    // Comes when nothing is left to run, but not on Deno.exit().
    addEventListener("beforeunload", () => {
      if (!finished) finish({ ok: false, reason: "it waits for something that can never come" });
    });
    // Whether code can be made from strings is not believed but tried.
    if (setup.watched || evaluatesStrings()) forbidImports(await loadHooks());
    forbidWorkers();
    hideTheHost();
  }

  function evaluatesStrings(): boolean {
    try {
      return (0, eval)("true");
    } catch {
      return false;
    }
  }

  function forbidImports({ registerHooks }: ModuleHooks) {
    registerHooks({
      resolve(specifier, context, next) {
        if (specifier === setup.moduleUrl) return next(specifier, context);
        const short = specifier.length > 100 ? `${specifier.slice(0, 100)}...` : specifier;
        throw new Error(`import of "${short}": a module in the sandbox may import nothing`);
      },
    });
  }

  /** What tells of the machine, or is a way around all this: a module has no use for it. */
  function hideTheHost() {
    Reflect.deleteProperty(globalThis, "process");
    // Deno's own inside, which can make code from strings where V8 was told not to.
    Reflect.deleteProperty(Deno, Reflect.get(Deno, "internal"));
    for (const name of ["execPath", "ppid", "pid", "mainModule"]) {
      Reflect.deleteProperty(Deno, name);
    }
  }

  /** A worker would have imports, and reserves more memory than most tasks have. */
  function forbidWorkers() {
    const value = class Worker {
      constructor() {
        throw new Error("starting a Worker: a module in the sandbox may not have any");
      }
    };
    Object.defineProperty(globalThis, "Worker", { value });
  }

  async function call(): Promise<unknown> {
    endInTime();
    const { default: run } = await import(setup.moduleUrl);
    if (typeof run !== "function") throw new Error("the module has no function as default export");
    return await run(setup.input);
  }

  /** A timer would load Node's timers, which takes longer than all of this, and keep it alive. */
  function endInTime() {
    const never = new Int32Array(new SharedArrayBuffer(4));
    const { value } = Atomics.waitAsync(never, 0, 0, setup.lifeMs);
    Promise.resolve(value).then(() => exit(1));
  }

  function succeed(value: unknown) {
    if (value === undefined) return finish({ ok: true });
    const json = written(value);
    if (json === undefined) {
      throw new TypeError(`its output is a ${typeof value}, which no JSON has`);
    }
    const size = encode(json).length;
    const limit = setup.outputLimitBytes;
    if (size > limit) {
      throw new RangeError(`its output has ${size} bytes of JSON; output_limit_bytes is ${limit}`);
    }
    finish({ ok: true, output: value }, `{"ok":true,"output":${json}}`);
  }

  /** How deep an output may be is for the parent to judge, but it has to be written first. */
  function written(value: unknown): string | undefined {
    try {
      return stringify(value);
    } catch (error) {
      const isOverflow = error instanceof RangeError && /call stack/.test(error.message);
      throw isOverflow ? new RangeError(setup.tooDeep) : error;
    }
  }

  function fail(error: unknown) {
    const text = error instanceof Error ? error.stack ?? String(error) : inspect(error);
    const readable = text.replaceAll(setup.moduleUrl, "module");
    console.error(readable);
    const message = error instanceof Error ? `${error.name}: ${error.message}` : inspect(error);
    const line = message.replaceAll(setup.moduleUrl, "module").replaceAll(/\s+/g, " ");
    finish({ ok: false, reason: line.slice(0, 500) });
  }

  function finish(frame: SandboxFrame, json = stringify(frame)) {
    if (finished) return;
    finished = true;
    const bytes = encode(setup.nonce + json + setup.nonce);
    for (let at = 0; at < bytes.length;) at += write(bytes.subarray(at));
    exit(frame.ok ? 0 : 1);
  }
}
