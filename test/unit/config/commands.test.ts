import { randomBytes } from "node:crypto";
import { chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from "vitest";
import { registerGenConfig } from "../../../src/cli/gen-config.ts";
import { registerValidate } from "../../../src/cli/validate.ts";
import { configSummary, generateConfig, parseConfig, readConfig } from "../../../src/config/index.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { thrownBy } from "../thrown-by.ts";
import { clusterID, clusterSecret, daemon, identity, machine, talos } from "./documents.ts";

let stdout: MockInstance<typeof process.stdout.write>;
let stderr: MockInstance<typeof process.stderr.write>;

beforeEach(() => {
  stdout = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const printed = (stream: MockInstance<typeof process.stdout.write>): string =>
  stream.mock.calls.map(([text]) => String(text)).join("");

async function kubespan(...args: string[]): Promise<void> {
  const program = new Command("kubespan").exitOverride();
  registerGenConfig(program);
  registerValidate(program);
  await program.parseAsync(args, { from: "user" });
}

const secretOf = (text: string): string => /^clusterSecret: (.+)$/m.exec(text)?.[1] ?? "none";

describe("generateConfig", () => {
  test("whatever the random bytes, the file is valid and holds them", () => {
    const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(bytes, bytes, (id, secret) => {
        fc.pre(!Buffer.from(id).equals(Buffer.from(secret)));
        const chunks = [id, secret];
        const text = generateConfig({
          random: () => chunks.shift() ?? new Uint8Array(),
          services: [
            { name: "primary", url: "https://a.example" },
            { name: "192.0.2.10:3000", url: "https://192.0.2.10:3000/", caFile: "/etc/kubespan/ca.pem" },
          ],
        });
        const config = parseConfig(text, "FILE");
        expect(Buffer.from(config.cluster.id, "base64url")).toEqual(Buffer.from(id));
        expect(config.cluster.secret.reveal()).toEqual(secret);
      }),
    );
  });

  test("what it spells out is what a file without it means", () => {
    const cluster = { id: clusterID, secret: clusterSecret };
    expect(parseConfig(generateConfig({ random: randomBytes, cluster }), "FILE")).toEqual(
      parseConfig(identity, "FILE"),
    );
  });
});

describe("kubespan gen config", () => {
  test("writes a file for root only that validate accepts", async () => {
    const folder = await temporaryFolder();
    const file = join(folder, "kubespan.yaml");
    await kubespan("gen", "config", "--output", file, "--service", "https://discovery.example.org:8443/");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["kubespan.yaml"]);
    await kubespan("validate", file);
    expect(printed(stdout)).toMatch(/valid\.\n {2}mesh +enabled\n/);
    expect(printed(stdout)).toContain("primary at discovery.example.org:8443 (TLS)");
    expect(printed(stdout) + printed(stderr)).not.toContain(secretOf(await readFile(file, "utf8")));
  });

  test("no two files have the same id or secret", async () => {
    await kubespan("gen", "config", "--output", "-");
    await kubespan("gen", "config", "--output", "-");
    const keys = [...printed(stdout).matchAll(/^cluster(?:ID|Secret): (.+)$/gm)].map(([, key]) => key);
    expect(new Set(keys).size).toBe(4);
  });

  test("- prints the file alone; without a service the mesh is off, and a note says so", async () => {
    await kubespan("gen", "config", "-o", "-");
    expect(parseConfig(printed(stdout), "FILE")).toMatchObject({ enabled: false, services: [] });
    expect(printed(stderr)).toBe(
      "The mesh is disabled in this file: set a discovery service, then 'enabled: true'.\n",
    );
  });

  test("never replaces a file unless told to", async () => {
    const file = join(await temporaryFolder(), "kubespan.yaml");
    await writeFile(file, "precious", { mode: 0o644 });
    const error = await thrownBy(kubespan("gen", "config", "-o", file));
    expect(error).toMatchObject({ code: "conflict", message: `${file} exists already` });
    expect(await readFile(file, "utf8")).toBe("precious");
    await kubespan("gen", "config", "-o", file, "--force");
    expect(parseConfig(await readFile(file, "utf8"), file).cluster.id).toHaveLength(44);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test("joins an existing cluster, whose secret comes from a file", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "secret"), `${clusterSecret}\n`, { mode: 0o600 });
    await kubespan(
      "gen",
      "config",
      "-o",
      "-",
      "--cluster-id",
      clusterID,
      "--cluster-secret-file",
      join(folder, "secret"),
    );
    const { cluster } = parseConfig(printed(stdout), "FILE");
    expect([cluster.id, cluster.secret.revealBase64()]).toEqual([clusterID, clusterSecret]);
  });

  test("takes over what a Talos machine configuration says of the mesh", async () => {
    const folder = await temporaryFolder();
    const file = join(folder, "machine.yaml");
    await writeFile(file, machine, { mode: 0o600 });
    await kubespan("gen", "config", "-o", "-", "--from-talos", file);
    const { config: taken } = readConfig(machine, "FILE");
    const { services, node, ...rest } = parseConfig(printed(stdout), "FILE");
    expect(taken).toMatchObject(rest);
    expect(services).toMatchObject([
      { name: "primary", host: "discovery.example.org", port: 443, tls: true },
    ]);
    expect(node.machineType).toBe("controlplane");
    const both = kubespan("gen", "config", "-o", "-", "--from-talos", file, "--cluster-id", clusterID);
    expect(await thrownBy(both)).toMatchObject({ code: "usage" });
  });

  test.each<[string, (folder: string) => string[]]>([
    ["--service is not the URL of a discovery service", () => ["--service", "discovery.example.org"]],
    ["--service is not the URL of a discovery service", () => ["--service", "https://a.example\nkind: x"]],
    ["--cluster-id and --cluster-secret-file belong together", () => ["--cluster-id", clusterID]],
    ["--cluster-id and --cluster-secret-file belong together", (folder) => ["--cluster-secret-file", folder]],
    ["it is a directory", (folder) => ["--cluster-id", "x", "--cluster-secret-file", folder]],
    [
      "there is no file ",
      (folder) => ["--cluster-id", clusterID, "--cluster-secret-file", join(folder, "none")],
    ],
    ["it is a directory", (folder) => ["--cluster-id", clusterID, "--cluster-secret-file", folder]],
    [
      "does not hold a cluster secret",
      (folder) => ["--cluster-id", clusterID, "--cluster-secret-file", join(folder, "bad")],
    ],
  ])("refused, and nothing is written: %s (%#)", async (message, args) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "bad"), clusterSecret.slice(1));
    const error = await thrownBy(kubespan("gen", "config", "-o", join(folder, "out"), ...args(folder)));
    expect(error).toMatchObject({ code: "usage", exitCode: 2 });
    expect(error.message).toContain(message);
    expect(`${error.message}${error.hint}`).not.toContain(clusterSecret.slice(1, 20));
    expect(await readdir(folder)).toEqual(["bad"]);
  });
});

describe("kubespan validate", () => {
  test("shows what a configuration means on one screen, without the secret", async () => {
    const file = join(await temporaryFolder(), "kubespan.yaml");
    await writeFile(file, `${talos}---\n${daemon}`);
    await chmod(file, 0o644);
    await kubespan("validate", file);
    const screen = printed(stdout);
    for (const text of [
      "fd7f:175a:b97c:5602::/64",
      "primary at discovery.example.org:443 (TLS, trusting /etc/mesh/ca.pem)",
      "mesh-0, UDP port 51999, MTU 1420, userspace",
      "0x100 from WireGuard, 0x80000000 to it",
      "10.244.7.0/24, 2001:db8:7::/64, 8.0.0.0/7",
      "0.0.0.0/0, !192.168.0.0/16, ::/0, and 192.168.13.46:52000",
      "node-7.example.org, controlplane",
    ])
      expect(screen).toContain(text);
    expect(screen).not.toContain(clusterSecret);
    expect(screen.split("\n").length).toBeLessThan(24);
    expect(printed(stderr)).toMatch(/^warning: .*mode 0644.*\n(?:warning: .*\n)*$/);
  });

  test("a wrong one: its problems, exit code 3, and nothing on the screen", async () => {
    const file = join(await temporaryFolder(), "kubespan.yaml");
    await writeFile(file, `${talos}mtu: 5\n`);
    const error = await thrownBy(kubespan("validate", file));
    expect(error.message).toContain(
      `${file}:25:1: mtu is not known here; it belongs in a KubeSpanConfig document`,
    );
    expect(error.exitCode).toBe(3);
    expect(printed(stdout)).toBe("");
  });

  test.each([
    ["", "all its addresses\n"],
    [
      'filters: {endpoints: ["!10.0.0.0/8", "!fd00::/8"]}\n',
      "all its addresses except those in 10.0.0.0/8, fd00::/8\n",
    ],
    ['filters: {endpoints: ["10.0.0.0/8", "!10.1.0.0/16"]}\n', "addresses in 10.0.0.0/8, !10.1.0.0/16\n"],
  ])("of %j it says which addresses are announced, and what auto means", (filters, expected) => {
    const text = `${identity}---\napiVersion: v1alpha1\nkind: KubeSpanConfig\n${filters}`;
    const summary = configSummary(parseConfig(text, "FILE"));
    expect(summary).toContain(`announces  ${expected}`);
    expect(summary).toContain(
      "UDP port 51820, MTU by the node's own links, in the kernel or else in userspace\n",
    );
  });

  test("a long list is cut short", () => {
    const prefixes = Array.from({ length: 30 }, (_, index) => `10.${index}.0.0/16`).join(", ");
    const text = `${identity}---\napiVersion: v1alpha1\nkind: KubeSpanDaemonConfig\nadvertisedPrefixes: [${prefixes}]\n`;
    expect(configSummary(parseConfig(text, "FILE"))).toContain("10.7.0.0/16 and 22 more\n");
  });
});
