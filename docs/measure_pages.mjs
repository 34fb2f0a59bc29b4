// Print height and overflow of pages at some widths, in headless Chromium, as JSON.
// node measure_pages.mjs MODULES CHROMIUM WIDTH ...: the paths are read from the input, one a line.
// With SKLNOISE_SCREENSHOTS, a folder, screenshots of all pages go there.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, chromium, ...widths] = process.argv.slice(2);
const paths = readFileSync(0, "utf8").split("\n").filter(Boolean);
const screenshots = process.env.SKLNOISE_SCREENSHOTS;
const require = createRequire(join(resolve(modules), "here.js"));
const puppeteer = require("puppeteer-core");

// How far the page can be scrolled sideways, and what of the text is beyond its edge: neither
// visible nor reached by scrolling a box of its own.
function measure() {
  const root = document.documentElement;
  const scrolls = element =>
    element && (/auto|scroll/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
  const right = element => element.getBoundingClientRect().left + element.scrollWidth;
  const cut = [...document.querySelectorAll("main *")]
    .filter(e => e.scrollWidth > e.clientWidth + 1 && right(e) > root.clientWidth + 1 && !scrolls(e))
    .map(e => `${e.tagName.toLowerCase()} ${e.textContent.trim().slice(0, 40)}`);
  return { height: root.scrollHeight, overflow: root.scrollWidth - root.clientWidth, cut: cut.at(-1) };
}

const browser = await puppeteer.launch({
  executablePath: chromium,
  headless: "shell",
  args: ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"],
});
const page = await browser.newPage();
const found = {};
for (const width of widths) {
  await page.setViewport({ width: Number(width), height: 900 });
  for (const path of paths) {
    await page.goto(pathToFileURL(path).href);
    found[path] = { ...found[path], [width]: await page.evaluate(measure) };
    if (screenshots) {
      const name = `${basename(dirname(path))}_${basename(path, ".html")}_${width}.png`;
      await page.screenshot({ path: join(screenshots, name), fullPage: true });
    }
  }
}
await browser.close();
console.log(JSON.stringify(found));
