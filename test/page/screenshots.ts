// Writes the pictures of the page in the README, light and dark, from a made-up mesh.
import { join } from "node:path";
import { openBrowser, openTab, serve } from "./browser.ts";
import { smallMesh } from "./made-up.ts";

const folder = join(import.meta.dirname, "../../docs");
const served = await serve(smallMesh());
const browser = await openBrowser();
try {
  for (const colorScheme of ["light", "dark"] as const) {
    const { tab } = await openTab(browser, served.url, {
      colorScheme,
      viewport: { width: 960, height: 860 },
    });
    await tab.screenshot({ path: join(folder, `page-${colorScheme}.png`), animations: "disabled" });
  }
} finally {
  await browser.close();
  await served.close();
}
