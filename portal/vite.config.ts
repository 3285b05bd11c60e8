import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";

import type { Plugin } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";
import { defineConfig } from "vitest/config";

/** Writes a Content-Security-Policy that allows this page's own script and style, by their hashes, and nothing else. */
function contentSecurityPolicy(): Plugin {
  let directory = "";
  return {
    name: "content-security-policy",
    configResolved: (config) => {
      directory = resolve(config.root, config.build.outDir);
    },
    // The last hook there is: what is hashed is what is written.
    async closeBundle() {
      const file = resolve(directory, "index.html");
      const html = await readFile(file, "utf8");
      const hashes = (element: RegExp) =>
        [...html.matchAll(element)]
          .map(([, text]) => `'sha256-${createHash("sha256").update(text ?? "").digest("base64")}'`)
          .join(" ");
      const policy = [
        "default-src 'none'",
        `script-src ${hashes(/<script type="module"[^>]*>([\s\S]*?)<\/script>/g)}`,
        `style-src ${hashes(/<style[^>]*>([\s\S]*?)<\/style>/g)}`,
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
      ].join("; ");
      const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}" />`;
      await writeFile(file, html.replace('<meta charset="utf-8" />', (charset) => `${charset}\n    ${meta}`));
    },
  };
}

export default defineConfig({
  esbuild: { jsx: "automatic", legalComments: "none" },
  build: { target: "es2022", cssCodeSplit: false, modulePreload: false },
  plugins: [viteSingleFile({ removeViteModuleLoader: true }), contentSecurityPolicy()],
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
