import { copyFile } from "node:fs/promises";
import { basename } from "node:path";
import { defineConfig, type Plugin } from "rolldown";

/** Files that are served as they are, beside the program that runs in browsers. */
const copied: Plugin = {
  name: "copied",
  writeBundle: async ({ dir = "" }) => {
    for (const file of ["src/page/browser/index.html", "src/page/browser/page.css"])
      await copyFile(file, `${dir}/${basename(file)}`);
  },
};

/**
 * What is installed: the program and its libraries in a few files, without what nobody calls. Started from hundreds of
 * modules, it took three times as long, and 10 MB more.
 */
const program = defineConfig({
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
    // With a single character beyond Latin 1 in it, V8 keeps a whole file at two bytes a character.
    charset: "ascii",
    comments: { legal: true, annotation: false, jsdoc: false },
  },
});

/** The part of the page that runs in browsers: one script without any import. */
const page = defineConfig({
  input: "src/page/browser/effects/main.ts",
  platform: "browser",
  plugins: [copied],
  output: { dir: "dist/page", format: "iife", entryFileNames: "page.js", minify: true },
});

export default [program, page];
