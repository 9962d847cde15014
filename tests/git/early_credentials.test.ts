import { deepStrictEqual as same } from "node:assert/strict";
import { earlyCredentials } from "../../lib/git/early_credentials.ts";

/** The header for a user and a password, by hand. */
function header(pair: string): string {
  return `Authorization: Basic ${btoa(pair)}`;
}

Deno.test("earlyCredentials() are those in the address, for its host alone", () => {
  same(earlyCredentials("https://user:word@host.example:8443/a/b.git"), [
    ["http.https://host.example:8443/.extraHeader", header("user:word")],
    ["http.https://host.example:8443/.followRedirects", "false"],
  ]);
  same(
    earlyCredentials("http://user:word@host.example/a.git")[0][0],
    "http.http://host.example/.extraHeader",
  );
});

Deno.test("earlyCredentials() are written as Git reads them", () => {
  same(earlyCredentials("https://a%40b:p%3Aq%2F@host/a")[0][1], header("a@b:p:q/"));
  same(earlyCredentials("https://user:p%C3%A4ss@host/a")[0][1], header("user:p\xc3\xa4ss"));
});

Deno.test("earlyCredentials() are none where a user or a password is missing, or cannot be read", () => {
  for (
    const url of [
      "https://host/a",
      "https://user@host/a",
      "https://:word@host/a",
      "https://user:%zz@host/a",
      "https://[/a",
      "ssh://user:word@host/a",
      "/user:word@host/a",
    ]
  ) same([url, earlyCredentials(url)], [url, []]);
});
