import { defineConfig } from "rolldown";

/**
 * What is installed: the program and its libraries in a few files, without what nobody calls. Started from hundreds of
 * modules, it took three times as long, and 10 MB more.
 */
export default defineConfig({
  input: "src/main.ts",
  platform: "node",
  // Loaded only where the configuration names them; etcd3 reads files that lie beside it. The last one, of gRPC, never is.
  external: ["etcd3", "@kubernetes/client-node", "@grpc/proto-loader"],
  output: {
    dir: "dist",
    cleanDir: true,
    // An `import` of a part of Node loads all that the part could ever need, be it a WebSocket; `require` does not.
    format: "cjs",
    entryFileNames: "[name].cjs",
    chunkFileNames: "[name].cjs",
    // Names and lines stay as they are: stack traces can be read without source maps, which would have to be kept in memory.
    minify: false,
    comments: { legal: true, annotation: false, jsdoc: false },
  },
});
