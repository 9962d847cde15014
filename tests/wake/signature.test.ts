import { match, ok, strictEqual } from "node:assert/strict";
import { isAuthentic, SIGNATURE_HEADER, signatureOf } from "../../lib/wake/signature.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("signatureOf() signs as GitHub documents it", () => {
  // "Testing the webhook payload validation" in GitHub's documentation.
  strictEqual(
    signatureOf("It's a Secret to Everybody", bytes("Hello, World!")),
    "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
  );
});

Deno.test("isAuthentic() takes what signatureOf() makes, for that body and secret only", () => {
  const signed = (secret: string, body: string) => (name: string) =>
    name === SIGNATURE_HEADER ? signatureOf(secret, bytes(body)) : undefined;
  ok(isAuthentic("s", bytes("b"), signed("s", "b")));
  ok(!isAuthentic("s", bytes("b"), signed("s", "B")));
  ok(!isAuthentic("s", bytes("b"), signed("S", "b")));
  ok(!isAuthentic("s", bytes("b"), () => undefined));
});

Deno.test("isAuthentic() asks for every proof, also after one was right", () => {
  const asked: string[] = [];
  const right = (name: string) => {
    asked.push(name);
    return name === SIGNATURE_HEADER ? signatureOf("s", bytes("b")) : undefined;
  };
  ok(isAuthentic("s", bytes("b"), right));
  strictEqual(asked.sort().join(), "x-gitea-signature,x-gitlab-token,x-hub-signature-256");
});

Deno.test("nothing in lib/wake compares a secret but by timingSafeEqual()", async () => {
  const source = await Deno.readTextFile(new URL("../../lib/wake/signature.ts", import.meta.url));
  match(
    source,
    /function isSame\([^)]*\)[^{]*{\s*return timingSafeEqual\(digestOf\(found\), digestOf\(expected\)\);\s*}/,
  );
  const code = source.replaceAll(/\/\*[^]*?\*\//g, "");
  const compared = [...code.matchAll(/[!=]==? *([^;)]+)/g)].map(([, operand]) => operand);
  strictEqual(compared.every((operand) => operand === "undefined"), true, compared.join());
});
