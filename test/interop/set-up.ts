import { Program } from "./program.ts";

/** Has Go fetch the modules and compile gRPC before any test: it keeps both, and the time of a test is limited. */
export default async function setUp(): Promise<void> {
  const program = await Program.build();
  await program.remove();
}
