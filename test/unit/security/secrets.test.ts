import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { generateConfig, parseConfig } from "../../../src/config/index.ts";
import { loadIdentity } from "../../../src/identity/effects/load.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const root = join(import.meta.dirname, "../../..");
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.includes("generated"))
  .map((name) => ({ name, lines: readFileSync(join(root, "src", name), "utf8").split("\n") }));

/** Where a line of the sources is, that does what none should. */
const linesWith = (form: RegExp, except: readonly string[] = []): string[] =>
  sources.flatMap(({ name, lines }) =>
    except.includes(name)
      ? []
      : lines.flatMap((line, index) => (form.test(line) ? [`${name}:${index + 1}: ${line.trim()}`] : [])),
  );

describe("two fresh installations have no secret in common", () => {
  test("nor any eight bytes of one, nor with a third", async () => {
    const secrets: Buffer[] = [];
    for (let count = 0; count < 3; count++) {
      const { privateKey } = await loadIdentity({
        stateDirectory: join(await temporaryFolder(), "state"),
        hardwareAddress: async () => "2e:1a:b6:53:81:69",
        random: randomBytes,
      });
      const { cluster } = parseConfig(generateConfig({ random: randomBytes }), "new");
      secrets.push(
        Buffer.from(privateKey.reveal()),
        Buffer.from(cluster.secret.reveal()),
        Buffer.from(cluster.id, "base64"),
      );
    }
    const parts = secrets.flatMap((secret) =>
      Array.from({ length: secret.length - 7 }, (_, at) => secret.toString("hex", at, at + 8)),
    );
    expect(new Set(parts).size).toBe(parts.length);
  });

  test("and the sources hold none: no key in base64 or hexadecimal stands there", () => {
    expect(linesWith(/["'`](?:[A-Za-z0-9+/]{43}=|[0-9a-f]{64})["'`]/)).toEqual([]);
  });
});

describe("a secret is compared in constant time", () => {
  test("by Secret.equals, whatever the lengths", () => {
    const secret = new Secret(new Uint8Array(32).fill(1));
    expect(secret.equals(new Secret(new Uint8Array(32).fill(1)))).toBe(true);
    expect(secret.equals(new Secret(new Uint8Array(32).fill(2)))).toBe(false);
    expect(secret.equals(new Secret(new Uint8Array(31).fill(1)))).toBe(false);
    expect(secret.equals(new Secret(new Uint8Array()))).toBe(false);
  });

  test("and nowhere in another way: what is revealed, a MAC or a proof meets no comparison of values", () => {
    const revealed =
      /reveal(?:Base64)?\(\)[^,;]*(?:[!=]==|\.equals\(|\.compare\()|(?:[!=]==|\.equals\(|\.compare\()[^,;]*reveal/;
    expect(linesWith(revealed)).toEqual([]);
    expect(
      linesWith(
        /\b(?:mac|proof|tag|secret)\b\s*[!=]==\s*(?!undefined|\s)|[!=]==\s*(?:mac|proof|tag|secret)\b/i,
      ),
    ).toEqual([]);
  });
});

/** Each of these has one place, so that what is checked there holds everywhere. */
describe("there is no way around", () => {
  test("the terminal: only what makes text printable writes there", () => {
    expect(linesWith(/process\.std(?:out|err)\.write|console\./, ["system/terminal.ts"])).toEqual([]);
  });

  test("files: whoever reads one bounds it, and follows no link where it is our own", () => {
    // The last ones ask the kernel how many files this process may open, in /proc, and read the program's own page.
    const allowed = [
      "system/read-file.ts",
      "daemon/self.ts",
      "system/process.ts",
      "discovery-server/effects/bounds.ts",
      "page/effects/assets.ts",
    ];
    expect(linesWith(/\breadFile(?:Sync)?\(|createReadStream|readlinkSync\(/, allowed)).toEqual([]);
  });

  test("a shell: no text becomes a command line, except where every word is quoted", () => {
    expect(linesWith(/\bexec(?:Sync)?\(["'`]|shell: true|["']sh["'], \["-c"/, ["system/shell.ts"])).toEqual(
      [],
    );
  });

  test("randomness: what can be guessed decides only how long something waits", () => {
    expect(linesWith(/^(?!.*(?:[dD]elay|Seconds)).*Math\.random/)).toEqual([]);
  });

  test("code from text", () => {
    expect(linesWith(/\beval\(|new Function\(|vm\.run/)).toEqual([]);
  });
});
