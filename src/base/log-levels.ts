/** The names of levels, by the numbers that stand in lines of the log. */
export const logLevels: Readonly<Record<number, string>> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};
