import { constants } from "node:fs";
import { open } from "node:fs/promises";

/** Appends a text to a file that is there. It is on the disk once this resolves. Throws whatever the system says. */
export async function appendDurably(path: string, text: string): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
}
