import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { keepCompiled } from "./compiled.ts";

/** A function that collects garbage. */
export type Collect = (options: NodeJS.GCOptions) => void;

/**
 * Keeps V8 from using its optimizing compiler from now on. With the first function that it optimizes, the pages of that
 * compiler's own code come into memory, 5 MB, and a daemon that mostly sleeps has no function that is worth that. Not
 * before the program is loaded: V8 would not take what an earlier start compiled.
 */
export const stopOptimizing = (): void => setFlagsFromString("--no-turbofan");

/** V8 keeps the bytecode of a function that was not called during so many collections. The second is V8's default. */
const [oneCollection, someCollections] = [1, 6];

/**
 * Makes V8 collect garbage early and use only its small compilers from now on, and gives what collects all of it. Not
 * from the start: a V8 with one of these flags refuses the code that Node brings along compiled, and each start would
 * have to compile Node's own modules. For the same reason what was compiled until now is kept before: the next V8 would
 * not take what this one compiles afterwards.
 */
export function thrifty(): Collect {
  keepCompiled();
  stopOptimizing();
  for (const flag of ["--heap-growing-percent=10", "--expose-gc"]) setFlagsFromString(flag);
  const collect = runInNewContext("gc") as Collect;
  return (options) => {
    // Most of what was compiled ran once, at the start. It goes too; what is called again is compiled again.
    keepBytecodeFor(oneCollection);
    collect(options);
    keepBytecodeFor(someCollections);
  };
}

const keepBytecodeFor = (collections: number): void =>
  setFlagsFromString(`--bytecode-old-age=${collections}`);
