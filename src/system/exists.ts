import { access } from "node:fs/promises";

/** Tells whether a path leads to something. Never rejects. */
export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
