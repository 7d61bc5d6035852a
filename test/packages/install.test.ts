import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildPackages, debOf } from "./build.ts";
import { Debian } from "./debian.ts";

const sums = (folder: string): string => readFileSync(join(folder, "SHA256SUMS"), "utf8");

let debian: Debian;
/** A Debian with the units of systemd, beside which ours are verified. */
let withSystemd: Debian;
let first: string;
let second: string;
let before: readonly string[];

beforeAll(async () => {
  first = await buildPackages("first", "0.1.0", "deb,tar");
  second = await buildPackages("second", "0.2.0", "deb", "gzip");
  debian = await Debian.open("bookworm");
  withSystemd = await Debian.open("bookworm", "systemd");
  before = debian.files();
}, 3_600_000);

afterAll(() => {
  debian?.close();
  withSystemd?.close();
});

describe("packages", () => {
  it("are the same, byte for byte, when they are built again", async () => {
    const again = await buildPackages("again", "0.1.0", "deb,tar");
    expect(sums(again)).toBe(sums(first));
    expect(sums(first).trim().split("\n")).toHaveLength(3);
    for (const line of sums(first).trim().split("\n")) {
      const [, name = ""] = line.split("  ");
      expect(readFileSync(join(again, name)).equals(readFileSync(join(first, name)))).toBe(true);
    }
  }, 1_800_000);
});

const install = async (deb: string): Promise<void> => {
  debian.copyIn(deb, "/tmp/kubespan.deb");
  await debian.run("dpkg", "--install", "/tmp/kubespan.deb");
};
const isThere = (path: string): boolean =>
  statSync(join(debian.root, path), { throwIfNoEntry: false }) !== undefined;

/** One after the other, on one machine, as an operator would. */
describe("a Debian machine", () => {
  it("installs the package, with Node inside, and a user that owns nothing but its state", async () => {
    await install(debOf(first, "0.1.0"));
    expect(await debian.run("kubespan", "--version")).toBe("0.1.0");
    expect(await debian.run("sh", "-c", "command -v node || true")).toBe("");
    expect(await debian.run("/usr/lib/kubespan/libexec/wireguard-go", "--version")).toMatch(
      /^wireguard-go v0\.0\.202[5-9]/,
    );
    expect(await debian.run("stat", "-c", "%U:%G %a", "/etc/kubespan")).toBe("root:kubespan 750");
    expect(await debian.run("dpkg-query", "-W", "-f=${Conffiles}", "kubespan")).toContain(
      "/etc/default/kubespan-discovery",
    );
    expect(await debian.run("getent", "passwd", "kubespan")).toContain("/usr/sbin/nologin");
  });

  it("has units that systemd finds nothing wrong with, and that expose little", async () => {
    const units = ["kubespan.service", "kubespan-barrier.service", "kubespan-discovery.service"];
    await execa("dpkg-deb", ["--extract", debOf(first, "0.1.0"), withSystemd.root]);
    const { stderr } = await execa("systemd-analyze", ["verify", `--root=${withSystemd.root}`, ...units], {
      all: true,
    });
    expect(stderr).toBe("");
    for (const unit of units) {
      const file = join(debian.root, "usr/lib/systemd/system", unit);
      const { stdout } = await execa("systemd-analyze", [
        "security",
        "--offline=true",
        "--threshold=20",
        file,
      ]);
      expect(stdout).toMatch(/Overall exposure level for \S+: [01]\.\d|2\.0 /);
    }
  });

  it("makes a configuration and checks it", async () => {
    const file = "/etc/kubespan/config.yaml";
    await debian.run("kubespan", "gen", "config", "--service", "https://discovery.example/", "-o", file);
    expect(await debian.run("stat", "-c", "%a", file)).toBe("600");
    expect(await debian.run("kubespan", "validate", file)).toContain("discovery.example");
  });

  it("upgrades, and keeps what the operator changed", async () => {
    appendFileSync(join(debian.root, "etc/default/kubespan-discovery"), "# mine\n");
    const config = readFileSync(join(debian.root, "etc/kubespan/config.yaml"), "utf8");
    await install(debOf(second, "0.2.0"));
    expect(await debian.run("dpkg-query", "-W", "-f=${Version}", "kubespan")).toBe("0.2.0-1");
    expect(readFileSync(join(debian.root, "etc/default/kubespan-discovery"), "utf8")).toContain("# mine");
    expect(readFileSync(join(debian.root, "etc/kubespan/config.yaml"), "utf8")).toBe(config);
  });

  it("removes it, and keeps configuration and identity", async () => {
    mkdirSync(join(debian.root, "var/lib/kubespan"), { mode: 0o700 });
    writeFileSync(join(debian.root, "var/lib/kubespan/identity.json"), "{}", { mode: 0o600 });
    rmSync(join(debian.root, "etc/kubespan/config.yaml")); // there is no mesh here to be left, and no way to leave it
    writeFileSync(join(debian.root, "etc/kubespan/mine.yaml"), "");
    await debian.run("dpkg", "--remove", "kubespan");
    expect(isThere("usr/lib/kubespan")).toBe(false);
    expect(isThere("usr/bin/kubespan")).toBe(false);
    expect(isThere("etc/kubespan/mine.yaml")).toBe(true);
    expect(isThere("etc/default/kubespan-discovery")).toBe(true);
    expect(isThere("var/lib/kubespan/identity.json")).toBe(true);
  });

  it("purges it, and no file is left", async () => {
    await debian.run("dpkg", "--purge", "kubespan");
    const after = debian.files();
    expect([...new Set(after).difference(new Set(before))]).toEqual([]);
    expect([...new Set(before).difference(new Set(after))]).toEqual([]);
    await expect(debian.run("getent", "passwd", "kubespan")).rejects.toThrow();
  });
});
