type Examples = Readonly<Record<string, readonly (readonly [line: string, meaning?: string])[]>>;

/** Examples for the help texts and man pages that change nothing. A test runs them against a daemon. */
export const examples: Examples = {
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

/** The examples that change a node or a mesh. A test lets machines live through them. */
export const actingExamples: Examples = {
  init: [
    ["kubespan init --discovery", "the service runs on this node"],
    ["kubespan init --discovery --address 203.0.113.7", "others reach the node there"],
    ["kubespan init --service https://discovery.example.org/"],
  ],
  join: [
    ["kubespan join", "then paste the token"],
    ["kubespan join --token-file /root/token", "the token is in a file"],
    ["kubespan token | ssh root@192.0.2.11 kubespan join"],
  ],
  token: [
    ["kubespan token --qr", "to photograph"],
    ["kubespan token | ssh root@192.0.2.11 kubespan join"],
    ["kubespan token --discovery | ssh root@192.0.2.12 kubespan join --discovery"],
  ],
  leave: [["kubespan leave", "and do not start at boot"]],
  run: [
    ["kubespan run", "until it gets SIGTERM"],
    ["kubespan run --dry-run", "what it would change"],
  ],
  down: [
    ["kubespan down", "leave; the next start joins again"],
    ["kubespan down --forget-identity", "come back as a new node"],
  ],
  forget: [["kubespan forget old-node", "it will not come back"]],
  evict: [
    ["kubespan evict laptop --key operator.key", "block a node everywhere"],
    ["kubespan evict laptop --key - < operator.key", "the key from elsewhere"],
    ["kubespan evict laptop --key operator.key --rotate", "if it is hostile"],
    ["kubespan evict laptop --key operator.key --lift", "let it in again"],
  ],
  "rotate secret": [
    ["kubespan rotate secret --key operator.key", "a day at most"],
    ["kubespan rotate secret --key operator.key --within 168", "a week at most"],
  ],
  "rotate key": [["kubespan rotate key", "when the old key may be known"]],
  "gen operator-key": [
    ["kubespan gen operator-key -o operator.key", "make a key"],
    ["kubespan gen operator-key --public operator.key", "for operatorKeys"],
  ],
  "config edit": [["EDITOR=nano kubespan config edit --mode try", "then confirm"]],
  "config patch": [
    ["kubespan config patch change.yaml --mode try", "then confirm"],
    ["kubespan config patch mtu.json --document KubeSpanConfig", "a JSON patch"],
  ],
  "config confirm": [["kubespan config confirm", "keep what is being tried"]],
  doctor: [
    ["kubespan doctor", "findings, and what to do"],
    ["kubespan doctor -o json", "for programs"],
  ],
  marks: [
    ["kubespan marks 0x100", "is this bit in use?"],
    ["kubespan marks 0x1000/0x3000 --machine", "or on this node?"],
    ["iptables-save > rules; kubespan marks 0x1000 --rules rules -o json"],
    ["nft list ruleset > rules; kubespan marks 0x1000 --rules rules"],
  ],
  "barrier load": [["kubespan barrier load", "at boot, before the network is up"]],
  "discovery serve": [["kubespan discovery serve --listen 127.0.0.1:3000 --insecure", "for a try"]],
  help: [["kubespan help gen config", "the help of a command below another"]],
};

/** The examples of a command, for the end of its help. */
export function exampleText(command: string): string {
  const lines = examples[command] ?? actingExamples[command] ?? [];
  const width = Math.max(...lines.map(([line, meaning]) => (meaning === undefined ? 0 : line.length)));
  return [
    "\nExamples:",
    ...lines.map(
      ([line, meaning]) => `  ${meaning === undefined ? line : `${line.padEnd(width)}  ${meaning}`}`,
    ),
  ].join("\n");
}
