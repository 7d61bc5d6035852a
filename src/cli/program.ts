import { Command } from "commander";
import { version } from "../base/index.ts";
import { registerBarrier } from "./barrier.ts";
import { registerBugreport } from "./bugreport.ts";
import { registerCompletion } from "./completion.ts";
import { registerConfig } from "./config.ts";
import { registerConnectivity } from "./connectivity.ts";
import { registerDiscoveryServe } from "./discovery-serve.ts";
import { registerDoctor } from "./doctor.ts";
import { registerDown } from "./down.ts";
import { registerEvict } from "./evict.ts";
import { exitCodesText } from "./exit-codes.ts";
import { registerForget } from "./forget.ts";
import { registerGenConfig } from "./gen-config.ts";
import { registerGet } from "./get.ts";
import { registerGraph } from "./graph.ts";
import { registerHelp } from "./help.ts";
import { registerInit } from "./init.ts";
import { registerInspect } from "./inspect.ts";
import { registerJoin } from "./join.ts";
import { registerLeave } from "./leave.ts";
import { registerLogLevel } from "./log-level.ts";
import { registerMan } from "./man.ts";
import { registerMarks } from "./marks.ts";
import { registerMatrix } from "./matrix.ts";
import { registerNetcheck } from "./netcheck.ts";
import { registerPing } from "./ping.ts";
import { registerRotate } from "./rotate.ts";
import { registerRun } from "./run.ts";
import { registerStatus } from "./status.ts";
import { registerToken } from "./token.ts";
import { registerValidate } from "./validate.ts";
import { registerWhy } from "./why.ts";

/** The whole command line. A command loads the code that does its work only when it is called. */
export function createProgram(): Command {
  const program = new Command("kubespan")
    .description("One encrypted WireGuard mesh for the nodes of a Kubernetes cluster, wherever they are")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .addHelpText("after", `\nExit codes:\n${exitCodesText()}`)
    .exitOverride();
  for (const register of [
    registerInit,
    registerJoin,
    registerToken,
    registerLeave,
    registerRun,
    registerDown,
    registerForget,
    registerEvict,
    registerRotate,
    registerStatus,
    registerGet,
    registerWhy,
    registerPing,
    registerNetcheck,
    registerMatrix,
    registerConnectivity,
    registerGraph,
    registerInspect,
    registerLogLevel,
    registerGenConfig,
    registerValidate,
    registerConfig,
    registerDoctor,
    registerBugreport,
    registerMarks,
    registerBarrier,
    registerDiscoveryServe,
    registerCompletion,
    registerMan,
    registerHelp,
  ])
    register(program);
  nameHelp(program, "kubespan");
  return program;
}

/** A wrong command line is answered with the name of the help that describes the right one. */
function nameHelp(command: Command, path: string): void {
  command.showHelpAfterError(`(see ${path} --help)`);
  for (const each of command.commands) nameHelp(each, `${path} ${each.name()}`);
}
