import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kubespan } from "../../lab/index.ts";
import { openWorld, type World } from "./api-world.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld({});
});

afterAll(() => world.close());

const run = (...argv: string[]): Promise<string> => world.a.run(...(argv as [string, ...string[]]));

/** Completes in bash: calls the function as bash does when somebody types a tabulator. */
const inBash = (...words: string[]): Promise<string> =>
  run(
    "bash",
    "-c",
    `kubespan() { "$KUBESPAN" "$@"; }; KUBESPAN=$1; shift; source <(kubespan completion bash)
    COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kubespan; printf '%s\\n' "\${COMPREPLY[@]}"`,
    "bash",
    kubespan,
    "kubespan",
    ...words,
  );

/** Asks fish for the completions of a line, which it prints one a line. */
const inFish = (line: string): Promise<string> =>
  run(
    "fish",
    "--no-config",
    "-c",
    `function kubespan; ${kubespan} $argv; end; cd (mktemp -d); kubespan completion fish | source; complete -C $argv[1]`,
    line,
  );

/**
 * Types a line and a tabulator into an interactive zsh on a terminal, and Enter; gives the words of the command that is run
 * then. The first tabulator takes the first completion.
 */
const inZsh = (line: string): Promise<string> =>
  run(
    "zsh",
    "-f",
    "-c",
    `export ZDOTDIR=$(mktemp -d)
    cat > $ZDOTDIR/.zshrc <<'END'
    autoload -Uz compinit && compinit -u -D
    setopt menu_complete
    kubespan() { if [[ $1 = compl* ]]; then ${kubespan} "$@"; else print -r -- "$@"> $ZDOTDIR/words; exit; fi }
    source <(kubespan completion zsh)
END
    zmodload zsh/zpty
    zpty shell zsh -i
    zpty -w shell "$1"$'\t'
    while zpty -r shell > /dev/null; do :; done
    cat $ZDOTDIR/words; rm -r $ZDOTDIR`,
    "zsh",
    line,
  );

describe("in bash", () => {
  it.each([
    [["pi"], "ping\n"],
    [["ping", ""], "b\nc\n"],
    [["get", "kubespanpeersp"], "kubespanpeerspec\nkubespanpeerspecs\n"],
    [["get", "peers", "-o", "y"], "yaml\n"],
  ])("%j becomes %j", async (words, expected) => {
    expect(await inBash(...words)).toBe(expected);
  });
});

describe("in fish", () => {
  it.each([
    ["kubespan pi", "ping\n"],
    ["kubespan ping ", "b\nc\n"],
    ["kubespan get kubespanpeersp", "kubespanpeerspec\nkubespanpeerspecs\n"],
    ["kubespan get peers -o y", "yaml\n"],
  ])("%j becomes %j", async (line, expected) => {
    expect(await inFish(line)).toBe(expected);
  });
});

describe("in zsh", () => {
  it.each([
    ["kubespan pi", "ping\n"],
    ["kubespan ping ", "ping b\n"],
    ["kubespan ping c", "ping c\n"],
    ["kubespan get kubespanpeersp", "get kubespanpeerspec\n"],
    ["kubespan get peers -o y", "get peers -o yaml\n"],
  ])("%j becomes %j", async (line, expected) => {
    expect(await inZsh(line)).toBe(expected);
  });
});
