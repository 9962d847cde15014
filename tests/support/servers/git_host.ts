/**
 * A Git host for tests: a server on this machine, on a free port, with one bare repository.
 *
 * @module
 */

/** A running server. Its processes and files are gone when its scope ends. */
export interface GitHost extends AsyncDisposable {
  /** The repository's address, as a user gives it. */
  url: string;
  /** The repository on disk. */
  repository: string;
  /** What Git must have in its environment to get in. */
  env: Record<string, string>;
}

/** What a server is put before. */
export interface Hosted {
  /** A bare repository. */
  repository: string;
  /** A folder for the server's own files; whoever made it removes it when the server has ended. */
  folder: string;
}
