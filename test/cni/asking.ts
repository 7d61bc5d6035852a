import type { LabNode } from "../../lab/index.ts";

/** Says whom it talks to, at port 8080 of where it runs. */
export const server =
  "require('net').createServer(s=>s.end(s.remoteAddress.replace('::ffff:',''))).listen(8080,'::')";

/** Prints the answer, if there is one. */
const asking =
  "const [h,p]=process.argv.slice(1);const s=require('net').connect(p,h);s.setTimeout(2000,()=>s.destroy());s.on('error',()=>{});s.pipe(process.stdout)";

/** What the server sees as its client's address; empty without an answer. */
export const ask = async (from: LabNode, host: string, port: number): Promise<string> =>
  (await from.namespace.attempt(process.execPath, "-e", asking, host, String(port))).stdout;
