/** Examples for the help texts and man pages. A test runs them against a daemon. */
export const examples: Readonly<Record<string, readonly (readonly [line: string, meaning: string])[]>> = {
  status: [
    ["kubespan status", "the node, its registries and its peers"],
    ["kubespan status b", "all that is known of one peer"],
    ["kubespan status -o json", "for programs"],
  ],
  "gen config": [["kubespan gen config --output new.yaml", "a configuration with new secrets"]],
  validate: [["kubespan validate new.yaml", "what a configuration means"]],
  "config schema": [["kubespan config schema", "for editors"]],
  get: [
    ["kubespan get rd", "all kinds of resources"],
    ["kubespan get peerstatuses", "how each peer is doing"],
    ["kubespan get affiliates -n cluster-raw", "what each registry tells"],
    ["kubespan get endpoints -o wide", "where peers may be dialled, and why"],
    ["kubespan get config -o yaml", "the configuration, without secrets"],
  ],
  ping: [
    ["kubespan ping b --count 2", "the round trip, and over which way"],
    ["kubespan ping b --until-direct", "wait for a direct way"],
    ["kubespan ping b --count 1 --size 1300", "whether large packets pass"],
  ],
  bugreport: [["kubespan bugreport --anonymise", "a report to give away"]],
  completion: [["kubespan completion bash", "a script for bash to source"]],
  man: [["kubespan man status", "for a file, or for man -l -"]],
  why: [["kubespan why 10.244.1.7", "where packets for a pod go"]],
  netcheck: [
    ["kubespan netcheck", "UDP, NAT, port mapping, registries and relays"],
    ["kubespan netcheck -o json", "for programs"],
  ],
  matrix: [
    ["kubespan matrix", "all pairs of nodes, as they are measured"],
    ["kubespan matrix --problems", "the pairs with no way, loss or a small MTU"],
    ["kubespan matrix -o json", "a line of JSON for each answer"],
  ],
  "connectivity test": [
    ["kubespan connectivity test", "a line for each peer and pod network"],
    ["kubespan connectivity test -o json", "for programs"],
  ],
  graph: [
    ["kubespan graph -o mermaid", "a picture for a page in Markdown"],
    ["kubespan graph -o svg", "a picture for a browser"],
    ["kubespan graph --own -o dot", "the ways of this node alone"],
  ],
  "inspect dependencies": [["kubespan inspect dependencies", "a graph in the language of Graphviz"]],
  "log-level": [
    ["kubespan log-level", "the level at the moment"],
    ["kubespan log-level debug", "log more, until the next reload"],
  ],
};

/** The examples of a command, for the end of its help. */
export function exampleText(command: string): string {
  const lines = examples[command] ?? [];
  const width = Math.max(...lines.map(([line]) => line.length));
  return ["\nExamples:", ...lines.map(([line, meaning]) => `  ${line.padEnd(width)}  ${meaning}`)].join("\n");
}
