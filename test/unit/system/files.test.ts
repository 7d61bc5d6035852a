import { chown, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { removeSaved } from "../../../src/barrier/effects/index.ts";
import { forgetIdentity } from "../../../src/identity/effects/index.ts";
import { forgetLastWorking } from "../../../src/peers/effects/index.ts";
import { writeSavedSysctls } from "../../../src/routing/effects/index.ts";
import { createAtomically, writeAtomically } from "../../../src/system/atomic-file.ts";
import { readTextFile } from "../../../src/system/read-file.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { thrownBy } from "../thrown-by.ts";

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
const options = { largest: 100, code: "state", hint: "do something" } as const;

describe.each([
  ["writeAtomically", writeAtomically],
  ["createAtomically", createAtomically],
])("%s", (_, write) => {
  let umask = 0;
  beforeEach(() => {
    umask = process.umask(0o027);
  });
  afterEach(() => {
    process.umask(umask);
  });

  test.each([0o600, 0o644, 0o640])(
    "makes the file with exactly mode %o, whatever the umask",
    async (mode) => {
      const folder = await temporaryFolder();
      const path = join(folder, "file");
      await write(path, "text ä\n", { mode });
      expect(await readFile(path, "utf8")).toBe("text ä\n");
      expect(await modeOf(path)).toBe(mode);
      expect(await readdir(folder)).toEqual(["file"]);
    },
  );

  test("a folder that is not there: an error that names the file", async () => {
    const path = join(await temporaryFolder(), "none", "file");
    const error = await thrownBy(write(path, "text", { mode: 0o600 }));
    expect(error).toMatchObject({ code: "state" });
    expect(error.message).toContain(`cannot write ${path}`);
  });
});

describe("writeAtomically", () => {
  test("replaces the old file; a symbolic link gives way to a file", async () => {
    const folder = await temporaryFolder();
    const [path, target] = [join(folder, "file"), join(folder, "target")];
    await writeFile(target, "kept");
    await symlink(target, path);
    await writeAtomically(path, "new", { mode: 0o600 });
    expect(await readFile(path, "utf8")).toBe("new");
    expect(await readFile(target, "utf8")).toBe("kept");
  });

  test("when it fails, the old contents stay and no temporary file is left", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "path", "full"), { recursive: true }); // a folder cannot be replaced by a file
    await thrownBy(writeAtomically(join(folder, "path"), "new", { mode: 0o600 }));
    expect(await readdir(folder)).toEqual(["path"]);
    expect(await readdir(join(folder, "path"))).toEqual(["full"]);
  });

  test("of many writers at once one wins, whole", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "file");
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(50_000));
    await Promise.all(texts.map((text) => writeAtomically(path, text, { mode: 0o600 })));
    expect(texts).toContain(await readFile(path, "utf8"));
    expect(await readdir(folder)).toEqual(["file"]);
  });
});

describe("createAtomically", () => {
  test("never replaces a file, not even a dangling symbolic link", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "old");
    await symlink("nowhere", join(folder, "link"));
    expect(await createAtomically(join(folder, "file"), "new", { mode: 0o600 })).toBe(false);
    expect(await createAtomically(join(folder, "link"), "new", { mode: 0o600 })).toBe(false);
    expect(await readFile(join(folder, "file"), "utf8")).toBe("old");
    expect((await readdir(folder)).sort()).toEqual(["file", "link"]);
  });

  test("of many creators at once exactly one succeeds, and its text stays", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "file");
    const won = await Promise.all(
      Array.from({ length: 20 }, (_, index) => createAtomically(path, `${index}`, { mode: 0o600 })),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await readFile(path, "utf8")).toBe(`${won.indexOf(true)}`);
    expect(await readdir(folder)).toEqual(["file"]);
  });
});

describe("removing state", () => {
  test.each([
    ["endpoints.json", forgetLastWorking],
    ["barrier.json", removeSaved],
    ["identity.json", forgetIdentity],
    ["announced.json", forgetIdentity],
    ["sysctls.json", (folder: string) => writeSavedSysctls(folder, { bootID: "", sysctls: [] })],
  ])("that is a folder of somebody's (%s): an error with what to do", async (name, forget) => {
    const folder = await temporaryFolder();
    await forget(folder);
    await mkdir(join(folder, name));
    const error = await thrownBy(forget(folder));
    expect(error).toMatchObject({ code: "state", hint: expect.stringContaining("remove it") as string });
    expect(error.message).toBe(`cannot remove ${join(folder, name)}: it is a directory`);
    expect(await readdir(folder)).toEqual([name]);
  });
});

async function ofNobody(path: string): Promise<void> {
  await writeFile(path, "theirs");
  await chown(path, 65534, 65534);
}

describe("readTextFile", () => {
  test("text and mode; nothing where there is no file", async () => {
    const path = join(await temporaryFolder(), "file");
    expect(await readTextFile(path, options)).toBeUndefined();
    await writeAtomically(path, "ä".repeat(50), { mode: 0o640 }); // exactly 100 bytes
    expect(await readTextFile(path, options)).toEqual({
      text: "ä".repeat(50),
      mode: 0o640,
      isGuarded: true,
    });
  });

  test("closes the file to others if asked, and tells what it was", async () => {
    const path = join(await temporaryFolder(), "file");
    await writeAtomically(path, "text", { mode: 0o644 });
    expect(await readTextFile(path, { ...options, isMadePrivate: true })).toMatchObject({ mode: 0o644 });
    expect(await modeOf(path)).toBe(0o600);
  });

  test.each<[boolean, number, number, number]>([
    [true, 0o644, 0, 0],
    [true, 0o664, 0, 0],
    [false, 0o664, 0, 65534],
    [false, 0o646, 0, 0],
    [false, 0o600, 65534, 0],
  ])(
    "tells whether nobody but root may write: %s for mode %o of %i:%i",
    async (isGuarded, mode, uid, gid) => {
      const path = join(await temporaryFolder(), "file");
      await writeAtomically(path, "text", { mode });
      await chown(path, uid, gid);
      expect(await readTextFile(path, { ...options, code: "config" })).toMatchObject({ isGuarded });
    },
  );

  const given = "config"; // by an operator, who may use links
  const kept = "state"; // by this program
  test.each<[typeof given | typeof kept, string, (path: string) => Promise<unknown>]>([
    [given, "it is a directory", (path) => mkdir(path)],
    [kept, "it is a directory", (path) => mkdir(path)],
    [given, "it is not a regular file", (path) => execa("mkfifo", [path])],
    [kept, "it is not a regular file", (path) => execa("mkfifo", [path])],
    [given, "it is not a regular file", (path) => symlink("/dev/zero", path)],
    [kept, "it is not a regular file", (path) => execa("mknod", [path, "c", "1", "5"])],
    [given, "too many symbolic links", (path) => symlink(path, path)],
    [kept, "it is a symbolic link, and none is followed here", (path) => symlink("/etc/hostname", path)],
    [kept, "it is a symbolic link, and none is followed here", (path) => symlink("nowhere", path)],
    [kept, "it belongs to somebody else (user 65534)", (path) => ofNobody(path)],
    [given, "it is larger than 100 bytes", (path) => writeFile(path, "x".repeat(101))],
    [given, "it is not UTF-8 text", (path) => writeFile(path, Uint8Array.of(0x61, 0xff))],
  ])("refuses (%s): %s", async (code, reason, make) => {
    const path = join(await temporaryFolder(), "file");
    await make(path);
    const error = await thrownBy(readTextFile(path, { ...options, code }));
    expect(error).toMatchObject({
      code,
      message: `cannot read ${path}: ${reason}`,
      hint: options.hint,
    });
  });

  test("follows the links of an operator", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "target"), "text");
    await symlink("target", join(folder, "link"));
    expect(await readTextFile(join(folder, "link"), { ...options, code: given })).toMatchObject({
      text: "text",
    });
  });

  test("a part of the path that is a file", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "file"), "");
    const error = await thrownBy(readTextFile(join(folder, "file", "inside"), options));
    expect(error.message).toContain("a part of its path is not a directory");
  });
});
