// Decisions as the text of a CSV file, and back.
"use strict";

// Values of a file that is opened by a spreadsheet: it would run some as formulas.
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const isFormula = text => FORMULA.test(text) && !NUMBER.test(text);

function toCsv(lines) {
  const quote = value => {
    const text = isFormula(value) ? "'" + value : value;
    return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return "\ufeff" + lines.map(line => line.map(quote).join(",") + "\r\n").join("");
}

function fromCsv(text) {
  text = text.replace(/^\ufeff/, "");
  const separator = /^"?row"?;/.test(text) ? ";" : ",";
  const cell = new RegExp(`("(?:[^"]|"")*"|[^${separator}\\r\\n]*)(${separator}|\\r?\\n|$)`, "g");
  const lines = [[]];
  for (const [whole, value, end] of text.matchAll(cell)) {
    if (!whole) break;
    const plain = value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value;
    lines.at(-1).push(plain.startsWith("'") && isFormula(plain.slice(1)) ? plain.slice(1) : plain);
    if (end !== separator) lines.push([]);
  }
  return lines.filter(line => line.length > 1);
}

