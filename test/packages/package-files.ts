import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { inflateRawSync } from "node:zlib";
import { execa } from "execa";

/** What a package has at a path: the target of a symbolic link, or mode, owner and SHA-256 of a file. */
export type Files = Readonly<Record<string, string>>;

/** What a tar archive has, unpacked into a folder as root with the owners that it names. */
async function filesOfTar(archive: string, folder: string): Promise<Files> {
  mkdirSync(folder, { recursive: true });
  await execa("tar", ["-xpf", archive, "--numeric-owner", "--same-owner", "-C", folder]);
  return filesIn(folder);
}

/** All but folders below one, and without the files of a package's own, which are at its top and begin with a dot. */
function filesIn(folder: string): Files {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => !entry.isDirectory()).map((it) => join(it.parentPath, it.name));
  const named = paths.map((path) => [`/${relative(folder, path)}`, told(path)] as const);
  return Object.fromEntries(
    named.filter(([path]) => !/^\/\.[^/]+$/.test(path)).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function told(path: string): string {
  const { mode, uid, gid } = lstatSync(path);
  if ((mode & 0o170000) === 0o120000) return `link to ${readlinkSync(path)}`;
  const sum = createHash("sha256").update(readFileSync(path)).digest("hex");
  return `${(mode & 0o7777).toString(8)} ${uid}:${gid} ${sum}`;
}

export async function filesOfDeb(deb: string, folder: string): Promise<Files> {
  mkdirSync(folder, { recursive: true });
  await execa("dpkg-deb", ["--extract", deb, folder]);
  return filesIn(folder);
}

export const filesOfApk = (apk: string, folder: string): Promise<Files> => filesOfTar(apk, folder);

/** The query of rpm that prints what `filesOfRpm` reads. */
export const rpmQuery =
  "[%{FILEMODES:octal}\\t%{FILEUSERNAME}:%{FILEGROUPNAME}\\t%{FILEDIGESTS}\\t%{FILELINKTOS}\\t%{FILENAMES}\\n]";

export function filesOfRpm(printed: string): Files {
  const rows = printed.split("\n").flatMap((line): [string, string][] => {
    const [mode = "", owner, sum, link, path = ""] = line.split("\t");
    if (mode.startsWith("4") || path === "") return [];
    if (mode.startsWith("12")) return [[path, `link to ${link}`]];
    return [[path, `${Number.parseInt(mode.slice(-4), 8).toString(8)} ${rootAs(owner)} ${sum}`]];
  });
  return Object.fromEntries(rows.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const rootAs = (owner = ""): string => owner.replaceAll("root", "0");

/** The parts of an .apk: gzip members, one after the other. */
export function membersOfApk(apk: string): Buffer[] {
  const members: Buffer[] = [];
  let rest = readFileSync(apk);
  while (rest.length > 0) {
    const header = rest[3] === 0 ? 10 : rest.indexOf(0, 10) + 1; // nfpm gives no name, or one that ends with a zero
    const { engine } = inflateRawSync(rest.subarray(header), { info: true }) as unknown as {
      engine: { bytesWritten: number };
    };
    const end = header + engine.bytesWritten + 8;
    members.push(rest.subarray(0, end));
    rest = rest.subarray(end);
  }
  return members;
}
