import type { LabNode } from "../../lab/index.ts";

/**
 * Says whom it talks to, at port 8080 of where it runs. Who asks may be gone already when it answers, on a slow machine above all:
 * it goes on then.
 */
export const server =
  "require('net').createServer(s=>s.on('error',()=>{}).end(String(s.remoteAddress).replace('::ffff:',''))).listen(8080,'::')";

/** The time after which one who asks gives up, to ask again. */
const limitMs = 2000 * Number(process.env["KUBESPAN_TEST_PATIENCE"] ?? 1);

/** Prints the answer, if there is one. */
const asking = `const [h,p]=process.argv.slice(1);const s=require('net').connect(p,h);s.setTimeout(${limitMs},()=>s.destroy());s.on('error',()=>{});s.pipe(process.stdout)`;

/** What the server sees as its client's address; empty without an answer. */
export const ask = async (from: LabNode, host: string, port: number): Promise<string> =>
  (await from.namespace.attempt(process.execPath, "-e", asking, host, String(port))).stdout;
