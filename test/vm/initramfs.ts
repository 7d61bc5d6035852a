/** A file of an initramfs: its path without a leading slash, its contents, whether it may be executed. */
export interface ArchivedFile {
  readonly path: string;
  readonly contents: Uint8Array;
  readonly executable?: boolean;
}

/**
 * An archive in cpio's "newc" format, which Linux unpacks as its first root; parent folders are added. The kernel takes
 * several archives one after the other, so a part that never changes can be kept and a small one appended.
 */
export function initramfs(files: readonly ArchivedFile[], folders: readonly string[] = []): Buffer {
  const parts: Buffer[] = [];
  const known = new Set<string>();
  const addFolder = (path: string): void => {
    if (path === "" || known.has(path)) return;
    addFolder(parent(path));
    known.add(path);
    parts.push(entry(path, 0o040755, new Uint8Array(), parts.length));
  };
  folders.forEach(addFolder);
  for (const file of files) {
    addFolder(parent(file.path));
    parts.push(entry(file.path, file.executable ? 0o100755 : 0o100644, file.contents, parts.length));
  }
  parts.push(entry("TRAILER!!!", 0, new Uint8Array(), 0));
  return Buffer.concat(parts);
}

function parent(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function entry(path: string, mode: number, contents: Uint8Array, inode: number): Buffer {
  const name = Buffer.from(`${path}\0`);
  // inode, mode, uid, gid, links, mtime, size, device (2), its own device number (2), length of the name, checksum
  const fields = [inode + 1, mode, 0, 0, 1, 0, contents.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(
    `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`,
    "latin1",
  );
  return Buffer.concat([padded(Buffer.concat([header, name])), padded(contents)]);
}

/** With zeros up to a multiple of four bytes. */
function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
}
