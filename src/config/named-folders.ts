/** The state folder where the configuration names none. */
export const usualStateDirectory = "/var/lib/kubespan";

/** The folder of the daemon's socket as a broken configuration names it, as far as a line of it can be read. */
export const runDirectoryIn = (text: string): string | undefined =>
  /^\s*["']?runDirectory["']?\s*:\s*["']?(\/[\w./-]+)/m.exec(text)?.[1];

/** The state folder, in the same way. */
export const stateDirectoryIn = (text: string): string | undefined =>
  /^\s*["']?stateDirectory["']?\s*:\s*["']?(\/[\w./-]+)/m.exec(text)?.[1];
