// The formats beside each other, signed; and what rpm, dnf and apt do with them in a Debian that has all three.
import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fetchNfpm } from "../../scripts/packages/fetch.ts";
import { buildPackages, debOf } from "./build.ts";
import { Debian, dependencies } from "./debian.ts";
import { filesOfApk, filesOfDeb, filesOfRpm, membersOfApk, rpmQuery } from "./package-files.ts";

const project = new URL("../../", import.meta.url).pathname;
const machine = process.arch === "arm64" ? "aarch64" : "x86_64";
const rpmOf = (folder: string, version: string): string =>
  join(folder, `kubespan-${version}-1.${machine}.rpm`);

let scratch: string;
let first: string;
let second: string;
let debian: Debian;
let apk: string;

/** Runs a program of this machine with the keys of the one who builds. */
const withKeys = (program: string, ...args: string[]) =>
  execa(program, args, { env: { GNUPGHOME: join(scratch, "gnupg") }, cwd: scratch });

async function makeKeys(): Promise<Readonly<Record<string, string>>> {
  mkdirSync(join(scratch, "gnupg"), { mode: 0o700 });
  const gpg = ["--batch", "--quiet", "--passphrase", ""];
  await withKeys(
    "gpg",
    ...gpg,
    "--quick-gen-key",
    "Builder <builder@example.org>",
    "rsa3072",
    "sign",
    "never",
  );
  await withKeys("gpg", ...gpg, "--armor", "--output", "secret.asc", "--export-secret-keys");
  await withKeys("gpg", ...gpg, "--armor", "--output", "kubespan.asc", "--export");
  await withKeys("openssl", "genrsa", "-out", "apk.rsa", "3072");
  await withKeys("openssl", "rsa", "-in", "apk.rsa", "-pubout", "-out", "apk.pub");
  return { PACKAGE_KEY_FILE: join(scratch, "secret.asc"), PACKAGE_APK_KEY_FILE: join(scratch, "apk.rsa") };
}

/** A package that stands for those of an rpm distribution that ours depends on. */
async function makeStandIn(folder: string): Promise<void> {
  const needed = ["iproute", "iproute-tc", "nftables", "wireguard-tools", "kmod", "procps-ng", "util-linux"];
  const description = {
    name: "stand-in",
    arch: "all",
    version: "1.0.0",
    maintainer: "kubespan",
    description: "Stands for a distribution",
    provides: needed,
    contents: [{ dst: "/var/lib/stand-in", type: "dir" }],
    rpm: { signature: { key_file: join(scratch, "secret.asc") } },
  };
  const file = join(scratch, "stand-in.json");
  writeFileSync(file, JSON.stringify(description));
  execFileSync(await fetchNfpm(join(project, ".cache/packages")), [
    "package",
    "--config",
    file,
    "--packager",
    "rpm",
    "--target",
    folder,
  ]);
}

/** The commands that docs/packages.md gives for something, with a folder in place of the web server. */
function documented(what: string): string {
  const page = readFileSync(join(project, "docs/packages.md"), "utf8");
  const [, script] = page.split(`<!-- tested: ${what} -->\n\`\`\`sh\n`);
  if (script === undefined) throw new Error(`docs/packages.md tells nothing of ${what}`);
  return (script.split("```")[0] ?? "").replace("https://example.org/", "file:///srv/");
}
const follow = (what: string): Promise<string> => debian.run("sh", "-euc", documented(what));
const shell = (script: string): Promise<string> => debian.run("sh", "-euc", script);
/** What a script that has to fail printed. */
const refused = (script: string): Promise<string> =>
  shell(`if (${script}) >/tmp/said 2>&1; then echo 'it went well'; fi; cat /tmp/said`);

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "kubespan-formats-"));
  const keys = await makeKeys();
  first = await buildPackages("formats-0.1.0", "0.1.0", "deb,rpm,apk", "gzip", keys);
  second = await buildPackages("formats-0.2.0", "0.2.0", "rpm", "gzip", keys);
  apk = join(first, `kubespan_0.1.0-r1_${machine}.apk`);
  debian = await Debian.of("bookworm", [...dependencies, "apt-utils", "createrepo-c", "dnf", "gnupg", "rpm"]);
  const inside = (path: string): string => join(debian.root, path);
  for (const folder of ["srv/packages/deb", "srv/packages/rpm", "etc/yum.repos.d", "root/builder"])
    mkdirSync(inside(folder), { recursive: true });
  debian.copyIn(debOf(first, "0.1.0"), `srv/packages/deb/${basename(debOf(first, "0.1.0"))}`);
  debian.copyIn(rpmOf(first, "0.1.0"), `srv/packages/rpm/${basename(rpmOf(first, "0.1.0"))}`);
  await makeStandIn(inside("srv/packages/rpm"));
  // The one who serves has the key, the machine that installs has the public one.
  cpSync(join(scratch, "secret.asc"), inside("root/builder/secret.asc"));
  cpSync(join(scratch, "kubespan.asc"), inside("usr/share/keyrings/kubespan.asc"));
  rmSync(inside("etc/apt/sources.list"));
  await shell("gpg --batch --quiet --import /root/builder/secret.asc");
}, 3_600_000);

afterAll(() => {
  debian?.close();
  if (scratch) rmSync(scratch, { recursive: true, force: true });
});

const script = (name: string): string =>
  readFileSync(join(project, "packaging/scripts", name), "utf8").trim();

describe("the formats", () => {
  it("hold the same files with the same modes, owners and contents", async () => {
    const ofDeb = await filesOfDeb(debOf(first, "0.1.0"), join(scratch, "deb"));
    expect(Object.keys(ofDeb).length).toBeGreaterThan(500);
    expect(ofDeb["/usr/lib/kubespan/node_modules/.bin/node"]).toMatch(/^755 0:0 /);
    expect(await filesOfApk(apk, join(scratch, "apk"))).toEqual(ofDeb);
    const query = ["-qp", "--qf", rpmQuery, `/srv/packages/rpm/${basename(rpmOf(first, "0.1.0"))}`];
    expect(filesOfRpm(await debian.run("rpm", ...query))).toEqual(ofDeb);
  });

  it("have the same scripts, and the .apk the one for its removal", async () => {
    const names = { postinst: "postinstall", prerm: "preremove", postrm: "postremove" };
    for (const [member, name] of Object.entries(names))
      expect((await execa("dpkg-deb", ["--info", debOf(first, "0.1.0"), member])).stdout.trim()).toBe(
        script(name),
      );
    const query = "%{POSTIN}\\n%{PREUN}\\n%{POSTUN}";
    const ofRpm = await debian.run(
      "rpm",
      "-qp",
      "--qf",
      query,
      `/srv/packages/rpm/${basename(rpmOf(first, "0.1.0"))}`,
    );
    for (const name of Object.values(names)) expect(ofRpm).toContain(script(name));
    expect(readFileSync(join(scratch, "apk/.pre-deinstall"), "utf8").trim()).toBe(script("preremove"));
  });

  it("are signed: gpg, rpm and openssl find the key of who built them, and notice a change", async () => {
    const members = ["debian-binary", "control.tar.gz", "data.tar.gz", "_gpgorigin"];
    await withKeys("ar", "x", debOf(first, "0.1.0"), ...members);
    writeFileSync(
      join(scratch, "signed"),
      Buffer.concat(members.slice(0, 3).map((name) => readFileSync(join(scratch, name)))),
    );
    expect((await withKeys("gpg", "--verify", "_gpgorigin", "signed")).stderr).toContain("Good signature");
    appendFileSync(join(scratch, "signed"), "x");
    await expect(withKeys("gpg", "--verify", "_gpgorigin", "signed")).rejects.toThrow("BAD signature");

    const rpm = `/srv/packages/rpm/${basename(rpmOf(first, "0.1.0"))}`;
    expect(await refused(`rpm -K ${rpm}`)).toContain("NOT OK");
    await shell("rpm --import /usr/share/keyrings/kubespan.asc");
    expect(await shell(`rpm -K ${rpm}`)).toContain("digests signatures OK");
    expect(await refused(`head -c -1 ${rpm} >/tmp/other.rpm; rpm -K /tmp/other.rpm`)).toContain("NOT OK");

    const [signature = Buffer.alloc(0), control = Buffer.alloc(0)] = membersOfApk(apk);
    writeFileSync(join(scratch, "signature.tgz"), signature);
    await withKeys("tar", "-xzf", "signature.tgz");
    writeFileSync(join(scratch, "control.gz"), control);
    const verify = [
      "dgst",
      "-sha1",
      "-verify",
      "apk.pub",
      "-signature",
      ".SIGN.RSA.kubespan@localhost.rsa.pub",
      "control.gz",
    ];
    expect((await withKeys("openssl", ...verify)).stdout).toContain("Verified OK");
  });
});

const installed = (): Promise<string> => shell("rpm -q kubespan; kubespan --version");

/** One after the other, on one machine. */
describe("a machine with dnf", () => {
  it("installs from a repository as the page says, and checks its signatures", async () => {
    await follow("dnf repository");
    await follow("dnf machine");
    expect(await installed()).toBe(`kubespan-0.1.0-1.${machine}\n0.1.0`);
    expect(await shell("stat -c '%U:%G %a' /etc/kubespan; getent passwd kubespan")).toMatch(
      /^root:kubespan 750\n.*nologin/,
    );
    // The group of one folder is all that differs from what the package holds.
    expect(await refused("rpm -V kubespan")).toBe("......G..    /etc/kubespan");
  });

  it("upgrades and goes back, and keeps what the operator changed", async () => {
    await shell("echo '# mine' >>/etc/default/kubespan-discovery; echo mine >/etc/kubespan/mine.yaml");
    debian.copyIn(rpmOf(second, "0.2.0"), `srv/packages/rpm/${basename(rpmOf(second, "0.2.0"))}`);
    await follow("dnf repository");
    for (const [command, version] of [
      ["upgrade", "0.2.0"],
      ["downgrade", "0.1.0"],
    ]) {
      await shell(`dnf -y --refresh ${command} kubespan`);
      expect(await installed()).toContain(`kubespan-${version}-1.`);
      expect(await shell("tail -n 1 /etc/default/kubespan-discovery; cat /etc/kubespan/mine.yaml")).toBe(
        "# mine\nmine",
      );
    }
  });

  it("removes it, and keeps what the operator made", async () => {
    await shell("mkdir -p /var/lib/kubespan; dnf -y remove kubespan");
    expect(
      await shell(
        "find /usr /var/lib/kubespan /etc/kubespan -path /usr/share/keyrings -prune -o -name '*kubespan*' -print",
      ),
    ).toBe("/var/lib/kubespan\n/etc/kubespan");
    expect(
      await shell("cat /etc/kubespan/mine.yaml; tail -n 1 /etc/default/kubespan-discovery.rpmsave"),
    ).toBe("mine\n# mine");
    await shell(
      "rm -r /etc/kubespan /var/lib/kubespan /etc/default/kubespan-discovery.rpmsave; userdel kubespan",
    );
  });

  it("refuses a repository that somebody changed", async () => {
    await shell("echo '<!-- -->' >>/srv/packages/rpm/repodata/repomd.xml; dnf -q clean all");
    expect(await refused("dnf -y install kubespan")).toMatch(
      /repomd.xml GPG signature verification error|Bad GPG signature/i,
    );
  });
});

describe("a machine with apt", () => {
  it("installs from a repository as the page says", async () => {
    await follow("apt repository");
    await follow("apt machine");
    expect(await shell("dpkg-query -W kubespan; kubespan --version")).toBe("kubespan\t0.1.0-1\n0.1.0");
    await shell("apt-get -y purge kubespan");
  });

  it("refuses a repository that somebody changed, or that another key signed", async () => {
    const update = "rm -rf /var/lib/apt/lists; apt-get -o APT::Update::Error-Mode=any update";
    await shell("sed -i 's/^Description: /&Other /' /srv/packages/deb/Packages");
    expect(await refused(update)).toMatch(/Hash Sum mismatch|File has unexpected size/);
    await shell("gpg --batch --quiet --passphrase '' --quick-gen-key other@example.org rsa3072 sign never");
    await shell(
      documented("apt repository").replace("--clearsign", "--local-user other@example.org --clearsign"),
    );
    expect(await refused(update)).toMatch(/NO_PUBKEY|not signed/);
  });
});
