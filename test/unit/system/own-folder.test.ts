import { chmod, chown, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { serveApi } from "../../../src/api/effects/server.ts";
import { forgetIdentity, loadIdentity, storedIdentity } from "../../../src/identity/effects/load.ts";
import { checkOwnFolder } from "../../../src/system/own-folder.ts";
import { noAnswers } from "../api/no-answers.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { thrownBy } from "../thrown-by.ts";

const nobody = 65534;

/** Each makes something that is not to be used, in a folder of root's that is there, and gives its path. */
const bad: readonly (readonly [reason: RegExp, make: (folder: string) => Promise<string>])[] = [
  [
    /is a symbolic link/,
    async (folder) => {
      await mkdir(join(folder, "real"), { mode: 0o700 });
      await symlink("real", join(folder, "link"));
      return join(folder, "link");
    },
  ],
  [/is a symbolic link/, async (folder) => made(folder, (path) => symlink("/nonexistent", path))],
  [/is not a folder/, async (folder) => made(folder, (path) => writeFile(path, ""))],
  [/others may write in it \(mode 0777\)/, (folder) => made(folder, (path) => open(path, 0o777))],
  [/others may write in it \(mode 01777\)/, (folder) => made(folder, (path) => open(path, 0o1777))],
  [
    /others may write in it/,
    (folder) =>
      made(folder, async (path) => {
        await open(path, 0o770);
        await chown(path, 0, nobody);
      }),
  ],
  [
    /others may replace it: see the owner and mode of/,
    (folder) => inside(folder, (above) => open(above, 0o777)),
  ],
  [
    /others may replace it/,
    (folder) =>
      inside(folder, async (above) => {
        await open(above, 0o755);
        await chown(above, nobody, nobody);
      }),
  ],
  [
    /belongs to somebody else \(user 65534\)/, // whoever may make folders in /tmp can make this one
    (folder) =>
      inside(
        folder,
        (above) => open(above, 0o1777),
        (path) => chown(path, nobody, nobody),
      ),
  ],
];

async function made(folder: string, make: (path: string) => Promise<unknown>): Promise<string> {
  const path = join(folder, "it");
  await make(path);
  return path;
}

async function open(path: string, mode: number): Promise<void> {
  await mkdir(path);
  await chmod(path, mode);
}

async function inside(
  folder: string,
  make: (above: string) => Promise<unknown>,
  then: (path: string) => Promise<unknown> = () => Promise.resolve(),
): Promise<string> {
  const above = join(folder, "above");
  await make(above);
  const path = join(above, "it");
  await mkdir(path, { mode: 0o700 });
  await then(path);
  return path;
}

describe("a folder that others can reach into is not used", () => {
  test.each(bad)("%s", async (reason, make) => {
    const path = await make(await temporaryFolder());
    const source = {
      stateDirectory: path,
      hardwareAddress: () => Promise.reject(new Error("asked for a card")),
      random: () => {
        throw new Error("asked for random bytes");
      },
    };
    for (const use of [
      () => checkOwnFolder(path),
      () => loadIdentity(source),
      () => storedIdentity(path),
      () => forgetIdentity(path),
    ]) {
      const error = await thrownBy(use());
      expect(error).toMatchObject({ code: "state", exitCode: 4, hint: expect.any(String) as string });
      expect(error.message).toMatch(reason);
      expect(error.message).toContain(path);
    }
  });

  test("the socket is not made in one", async () => {
    const folder = await temporaryFolder();
    await open(join(folder, "run"), 0o777);
    const error = await thrownBy(serveApi(join(folder, "run"), noAnswers));
    expect(error.message).toMatch(/others may write in it/);
  });
});

describe("a folder is used", () => {
  test("that is not there yet, and that everybody may read", async () => {
    const folder = await temporaryFolder();
    await checkOwnFolder(join(folder, "none"));
    await open(join(folder, "it"), 0o755);
    await checkOwnFolder(join(folder, "it"));
  });

  /** A service with a user of its own; `kubespan down` is called by root. */
  test("that root gave to another user, where only root makes folders", async () => {
    const folder = await temporaryFolder();
    await open(join(folder, "it"), 0o700);
    await chown(join(folder, "it"), nobody, nobody);
    await checkOwnFolder(join(folder, "it"));
  });

  test("whose path leads through a link of root's", async () => {
    const folder = await temporaryFolder();
    await open(join(folder, "real"), 0o755);
    await open(join(folder, "real", "it"), 0o700);
    await symlink("real", join(folder, "link"));
    await checkOwnFolder(join(folder, "link", "it"));
  });
});
