/** Each exit code with its meaning. docs/commands.md has the same table. */
export const exitCodes: Readonly<Record<number, string>> = {
  0: "success",
  1: "a defect of kubespan: please report it",
  2: "the command line is wrong, or what it names is not there or does not fit",
  3: "the configuration is wrong",
  4: "a file or folder that the daemon keeps is damaged or not safe to use",
  5: "the command needs root, or the capability that it names",
  6: "something is in the way: a link, rule or route, a daemon, a port, a file",
  7: "nft, ip, wg or sysctl failed; after a failed down the daemon goes on",
  8: "the discovery service refused, or cannot be reached",
  9: "no daemon answers",
  10: "doctor found warnings, but no errors",
  11: "doctor found errors, with which the mesh will not work",
  12: "status found a daemon that does not do its work, or whose mesh is bypassed",
  13: "status found the mesh disabled in the configuration",
  14: "marks found somebody else who uses these bits",
  15: "join ended before all peers were up",
  16: "ping got no answer, or none over a direct way",
  17: "why found that the kernel does otherwise than decided",
  18: "netcheck found that no UDP packet comes back",
  19: "connectivity test found a way that is missing, or lets too little pass",
  126: "kubespan is not built, or finds no Node 24",
};

export const exitCodesText = (): string =>
  Object.entries(exitCodes)
    .map(([code, meaning]) => `  ${code.padEnd(4)}${meaning}`)
    .join("\n");
