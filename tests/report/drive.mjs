// Work in a report as a person does, in headless Chromium, and print what was seen as JSON.
// node drive.mjs REPORT.html FOLDER MODULES CHROMIUM: downloads and screenshots go to FOLDER,
// MODULES is a node_modules with puppeteer-core and axe-core.
import { readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [report, folder, modules, chromium] = process.argv.slice(2);
const require = createRequire(join(resolve(modules), "here.js"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const url = pathToFileURL(resolve(report)).href;
const found = { errors: [], fetched: [], overflow: {}, violations: {} };

const browser = await puppeteer.launch({
  executablePath: chromium,
  headless: "shell",
  args: ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"],
});

async function open(prepare = async () => {}) {
  const page = await browser.newPage();
  page.on("pageerror", error => found.errors.push(String(error)));
  page.on("console", message => message.type() === "error" && found.errors.push(message.text()));
  page.on("request", request => {
    if (!/^(file|data|blob):/.test(request.url())) found.fetched.push(request.url());
  });
  await prepare(page);
  await page.goto(url);
  return page;
}

const text = (page, selector) => page.$eval(selector, element => element.textContent);
const nRows = page =>
  page.$$eval("#list tbody tr", rows => rows.filter(row => row.offsetHeight > 0).length);
const firstCells = (page, column) =>
  page.$$eval("#list tbody tr", (rows, k) => rows.map(row => row.cells[k].textContent), column);

// In the middle, so that the bar at the end of the window is not in the way.
async function click(page, selector) {
  await page.$eval(selector, element => element.scrollIntoView({ block: "center" }));
  await page.click(selector);
}

async function set(page, selector, value) {
  await page.$eval(selector, (element, v) => {
    element.value = v;
    element.dispatchEvent(new Event("input", { bubbles: true }));
  }, value);
}

async function exported(page) {
  const session = await page.createCDPSession();
  await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: resolve(folder) });
  const path = join(folder, "decisions.csv");
  rmSync(path, { force: true });
  await page.click("#export");
  for (let tries = 0; tries < 50; tries += 1) {
    await new Promise(done => setTimeout(done, 100));
    try {
      return readFileSync(path, "utf8");
    } catch { /* not there yet */ }
  }
  return null;
}

// First paint, the median of five; then the look and the accessibility at each width, in light and dark.
let page;
const paints = [];
for (let trial = 0; trial < 5; trial += 1) {
  await page?.close();
  page = await open();
  await new Promise(done => setTimeout(done, 300));
  paints.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime));
}
found.paints = paints;
found.paint = paints.toSorted((a, b) => a - b)[2];
found.nRows = await nRows(page);
for (const scheme of ["light", "dark"]) {
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  for (const width of [390, 1280, 1920]) {
    await page.setViewport({ width, height: 900 });
    found.overflow[`${width} ${scheme}`] = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    await page.screenshot({ path: join(folder, `${width}-${scheme}.png`), fullPage: (await page.evaluate(() => document.body.scrollHeight)) < 9000 });
  }
  await page.$$eval("details", parts => parts.slice(-3).forEach(part => { part.open = true; }));
  await page.evaluate(axe);
  found.violations[scheme] = await page.evaluate(async () =>
    (await axe.run()).violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 120)).join(" ")}`));
  await page.screenshot({ path: join(folder, `open-${scheme}.png`), fullPage: true });
  await page.$$eval("details", parts => parts.forEach(part => { part.open = false; }));
}
await page.setViewport({ width: 1280, height: 900 });

// Filter and sort.
const pair = await page.$eval("#pair", select => select.options[1].value);
await set(page, "#pair", pair);
found.pair = {
  said: await page.$eval("#pair", select => select.options[1].textContent),
  labels: await page.$$eval("#list tbody tr", rows => rows.map(row => `${row.cells[1].textContent} → ${row.cells[2].textContent}`)),
};
await set(page, "#pair", "");
await set(page, "#quality-limit", "0.1");
found.qualities = await firstCells(page, 3);
await set(page, "#quality-limit", "");
const name = (await firstCells(page, 0)).at(-1);
await set(page, "#search", name);
found.searched = { name, rows: await firstCells(page, 0) };
await set(page, "#search", "");
await page.click("#list thead th:first-child button");
found.sorted = { rows: await firstCells(page, 0), aria: await page.$eval("#list thead th", th => th.ariaSort) };
await page.click("#list thead th:first-child button");
found.sortedBack = { rows: await firstCells(page, 0), aria: await page.$eval("#list thead th", th => th.ariaSort) };
await page.click("#list thead th:nth-child(4) button");

// Mark five rows: by mouse, by keys, and one of them with another label.
const listed = await page.$$eval("#list tbody tr", rows => rows.map(row => [...row.cells].slice(0, 3).map(c => c.textContent)));
const radio = (row, value) => `#list tbody tr:nth-child(${row}) input[value=${value}]`;
await click(page, radio(1, "right"));
await click(page, radio(2, "suggested"));
await click(page, radio(3, "unsure"));
await page.focus(radio(3, "unsure"));
await page.keyboard.press("j");
await page.keyboard.press("2");
await page.keyboard.press("j");
await page.keyboard.press("3");
found.decidedWithoutLabel = await text(page, "#decided");
const select = "#list tbody tr:nth-child(5) .choice select";
await page.select(select, await page.$eval(select, s => s.options[s.length - 1].value));
const other = await page.$eval(select, s => s.selectedOptions[0].textContent);
found.decided = await text(page, "#decided");
found.marked = { listed: listed.slice(0, 5), other, csv: await exported(page) };

// Reload, take one back, read the file again.
await page.reload();
found.afterReload = await text(page, "#decided");
await set(page, "#state", "done");
found.doneRows = await nRows(page);
await set(page, "#state", "");
const chosen = await page.$("#list tbody input:checked");
await chosen.focus();
await page.keyboard.press("0");
found.afterUndo = await text(page, "#decided");
await page.evaluate(() => localStorage.clear());
await page.reload();
found.afterClear = await text(page, "#decided");
await (await page.$("#import")).uploadFile(join(folder, "decisions.csv"));
await page.waitForFunction(() => document.querySelector("#message").textContent !== "");
found.afterImport = await text(page, "#decided");
found.again = await exported(page);
await page.evaluate(() => localStorage.clear());

// Without storage, and without scripts.
page = await open(p => p.evaluateOnNewDocument(() =>
  Object.defineProperty(window, "localStorage", { get() { throw new DOMException("no"); } })));
await page.click("#list tbody input");
found.withoutStorage = [await text(page, "#decided"), await text(page, "#message")];
page = await open(p => p.setJavaScriptEnabled(false));
found.withoutScripts = { rows: await nRows(page), tools: await page.$eval("#tools", e => e.offsetHeight), note: await page.$eval("noscript", e => e.innerText) };
await browser.close();
console.log(JSON.stringify(found));
process.exit(0);
