// Validate standard input by a schema and those beside it: node validate.cjs FOLDER/MAIN.xsd prints each fault.
const { readFileSync, readdirSync } = require("node:fs");
const { createRequire } = require("node:module");
const { basename, dirname, join } = require("node:path");

const { validateXML } = createRequire(join(process.cwd(), "node_modules/"))("xmllint-wasm");
const main = process.argv[2];
const read = (name) => ({ fileName: name, contents: readFileSync(join(dirname(main), name), "utf-8") });
const others = readdirSync(dirname(main)).filter((name) => name.endsWith(".xsd") && name !== basename(main));
const xml = { fileName: "document.xml", contents: readFileSync(0, "utf-8") };
validateXML({ xml: [xml], schema: [read(basename(main))], preload: others.map(read) }).then((found) => {
  for (const fault of found.errors) console.log(fault.rawMessage);
  process.exitCode = found.valid ? 0 : 1;
});
