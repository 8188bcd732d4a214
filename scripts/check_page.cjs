// Checks pages of `compt report` in Chromium, in light and dark, 1400 and 500 pixels wide: nothing on the console, no
// violation that axe-core finds (WCAG 2 contrast among them), nothing wider than the window. `--out DIR` keeps pictures.
//
//   npm install --prefix DIR axe-core@4.14.1 puppeteer-core@24.43.1
//   NODE_PATH=DIR/node_modules node scripts/check_page.cjs [--out DIR] PAGE...
//
// PAGE is a file or an address.

const fs = require("fs");
const path = require("path");

function needed(name) {
  try {
    return require.resolve(name);
  } catch {
    console.error(`SKIPPED: there is no ${name}; npm install --prefix DIR axe-core puppeteer-core, and NODE_PATH=DIR/node_modules`);
    process.exit(process.env.CI ? 1 : 0);
  }
}

const browsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

async function check(browser, axe, address, width, scheme, picture) {
  const [page, wrong] = [await browser.newPage(), []];
  page.on("console", (message) => ["error", "warn"].includes(message.type()) && wrong.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
  await page.setViewport({ width, height: 1000 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(address, { waitUntil: "load" });
  await page.waitForFunction(() => document.documentElement.dataset.rendered === "true");
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > width) wrong.push(`the page is ${wide} pixels wide`);
  if (picture) await page.screenshot({ path: picture, fullPage: true });
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ["violations"] })).violations);
  for (const { id, help, nodes } of violations) wrong.push(`${id}: ${help}: ${nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ")}`);
  await page.close();
  return wrong;
}

async function main() {
  const given = process.argv.slice(2);
  const out = given[0] === "--out" ? given.splice(0, 2)[1] : null;
  const axe = fs.readFileSync(needed("axe-core"), "utf8");
  const found = require(needed("puppeteer-core"));
  const executablePath = browsers.find((name) => fs.existsSync(name));
  if (!executablePath) {
    console.error("SKIPPED: there is no chromium");
    process.exit(process.env.CI ? 1 : 0);
  }
  const browser = await (found.default ?? found).launch({ executablePath, headless: true, args: ["--no-sandbox"] });
  let count = 0;
  for (const name of given) {
    const address = /^https?:/.test(name) ? name : `file://${path.resolve(name)}`;
    for (const width of [1400, 500]) {
      for (const scheme of ["light", "dark"]) {
        const picture = out && path.join(out, `${path.basename(name, ".html")}-${width}-${scheme}.png`);
        const wrong = await check(browser, axe, address, width, scheme, picture);
        count += wrong.length;
        console.log(`${name}, ${width} pixels, ${scheme}: ${wrong.length ? wrong.join("\n  ") : "nothing wrong"}`);
      }
    }
  }
  await browser.close();
  process.exit(count ? 1 : 0);
}

main();
