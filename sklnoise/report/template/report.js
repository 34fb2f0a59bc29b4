// The list of suspects: searched, sorted, decided on row by row, exported and imported.
const find = (selector, part = document) => part.querySelector(selector);
const dataElement = find("#data");

for (const box of document.querySelectorAll(".command")) addCopyButton(box);
if (dataElement) startList(JSON.parse(dataElement.textContent));

function addCopyButton(box) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren(find("code", box));
    try {
      await navigator.clipboard.writeText(find("code", box).textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Selected: copy it by the keyboard";
    }
  });
  box.append(button);
}

function startList({ key, names, labels, suspects, decides }) {
  const CHOICES = ["right", "suggested", "other", "unsure"];
  const STEP = 100; // rows that are shown at once, so that long lists stay quick
  const table = find("#list"), body = table.tBodies[0], rows = [...body.rows];
  const headers = [...table.tHead.rows[0].cells];
  const qualityColumn = headers.findIndex(header => header.textContent === "quality");
  const places = new Map(rows.map((row, i) => [row, i]));
  const texts = []; // of rows, for the search; made when first needed
  let matching = rows, limit = STEP, sorting = null;
  let decisions = {}, isKept = true, isExported = true;

  // Decisions: by place in the list, {choice, label}; they outlive the page if they can.
  function restore() {
    let stored = null;
    try {
      stored = localStorage.getItem(key);
    } catch {
      isKept = false;
    }
    try {
      for (const [i, found] of Object.entries(JSON.parse(stored) ?? {})) {
        if (suspects[i] && CHOICES.includes(found?.choice)) decisions[i] = found;
      }
    } catch {
      decisions = {};
    }
  }

  function keep() {
    try {
      localStorage.setItem(key, JSON.stringify(decisions));
    } catch {
      isKept = false;
    }
    isExported = false;
    report();
  }

  function isDecided(i) {
    const { choice, label } = decisions[i] ?? {};
    return Boolean(choice) && (choice !== "other" || Number.isInteger(label) && label in labels);
  }

  function report() {
    if (!decides) return;
    const count = suspects.filter((_, i) => isDecided(i)).length;
    find("#progress").max = suspects.length;
    find("#progress").value = count;
    find("#decided").textContent = `${count} of ${suspects.length} decided`;
    if (!isKept) say("This browser keeps no decisions: export them before you close the page.");
  }

  function say(message) {
    find("#message").textContent = message;
  }

  function decide(i, choice, label = null) {
    if (choice) decisions[i] = { choice, label };
    else delete decisions[i];
    keep();
    showChoice(i);
  }

  // The choice of a row is made when the row is first shown.
  function addChoice(i) {
    const cell = find("#choice").content.firstElementChild.cloneNode(true);
    find("legend", cell).textContent = `Decision on row ${suspects[i][0]}`;
    for (const radio of cell.querySelectorAll("input")) {
      radio.name = `choice-${i}`;
      radio.addEventListener("change", () => decide(i, radio.value, decisions[i]?.label));
    }
    const select = find("select", cell);
    select.setAttribute("aria-label", `Right label of row ${suspects[i][0]}`);
    select.addEventListener("change", () => decide(i, "other", select.value === "" ? null : Number(select.value)));
    rows[i].cells[qualityColumn].after(cell);
    showChoice(i);
  }

  function showChoice(i) {
    const cell = find(".choice", rows[i]);
    if (!cell) return;
    const { choice, label } = decisions[i] ?? {}, select = find("select", cell);
    for (const radio of cell.querySelectorAll("input")) radio.checked = radio.value === choice;
    select.hidden = choice !== "other";
    if (select.hidden) return;
    if (select.length === 1) {
      names.forEach((name, k) => k === suspects[i][1] || select.add(new Option(name, k)));
    }
    select.value = label ?? "";
  }

  // Rows: those that match, in order, the first of them in the page.
  function matches(i) {
    const [, label, suggested, quality] = suspects[i];
    const words = find("#search").value.toLowerCase().trim();
    const pair = find("#pair").value, most = find("#quality-limit").valueAsNumber, state = find("#state")?.value;
    if (pair && pair !== `${label},${suggested}`) return false;
    if (quality > most) return false;
    if (state && isDecided(i) !== (state === "done")) return false;
    texts[i] ??= [...rows[i].cells].filter(c => !c.matches(".choice"))
      .map(c => `${c.textContent} ${find("img", c)?.alt ?? ""}`).join(" ").toLowerCase();
    return texts[i].includes(words);
  }

  function filter() {
    matching = rows.filter(row => matches(places.get(row)));
    if (sorting) matching.sort(sorting);
    limit = STEP;
    show();
  }

  function show(shown = matching.slice(0, limit)) {
    for (const row of shown) if (decides && !find(".choice", row)) addChoice(places.get(row));
    body.replaceChildren(...shown);
    const more = Math.min(STEP, matching.length - shown.length);
    find("#more").hidden = more <= 0;
    find("#more").textContent = `Show ${more} more rows`;
    find("#shown").textContent = `${matching.length} of ${rows.length} rows match, ${shown.length} are shown.`;
  }

  function sortBy(column) {
    const header = table.tHead.rows[0].cells[column];
    const direction = header.ariaSort === "ascending" ? -1 : 1;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
    const value = row => {
      if (column === qualityColumn) return suspects[places.get(row)][3];
      // The cell of the choice comes after the quality, once the row was shown.
      const cell = row.cells[decides && column > qualityColumn && !find(".choice", row) ? column - 1 : column];
      if (cell.matches("td.quiet")) return null;
      return cell.textContent.trim();
    };
    const values = new Map(rows.map(row => [row, value(row)]));
    const isNumeric = [...values.values()].every(v => v === null || v !== "" && !isNaN(v));
    const compare = isNumeric ? (a, b) => a - b : new Intl.Collator(undefined, { numeric: true }).compare;
    sorting = (one, two) => {
      const a = values.get(one), b = values.get(two);
      if (a === null || b === null) return (a === null) - (b === null); // missing ones last
      return direction * compare(a, b);
    };
    filter();
  }

  // Files
  function exported() {
    const lines = [["row", "label", "decision", "corrected"]];
    suspects.forEach(([row, label, suggested], i) => {
      if (!isDecided(i)) return;
      const { choice, label: other } = decisions[i];
      const corrected = { suggested, other }[choice];
      lines.push([row, labels[label], corrected === undefined ? choice : "wrong", labels[corrected] ?? ""]);
    });
    return toCsv(lines);
  }

  function download() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([exported()], { type: "text/csv" }));
    link.download = "decisions.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    isExported = true;
    say("The decisions are in decisions.csv, among your downloads.");
  }

  function importCsv(text) {
    const byName = new Map(suspects.map(([row], i) => [row, i])), [, ...lines] = fromCsv(text);
    let count = 0;
    for (const [row, label, decision, corrected] of lines) {
      const i = byName.get(row), k = labels.indexOf(corrected);
      if (i === undefined || labels[suspects[i][1]] !== label) continue;
      if (decision === "right" || decision === "unsure") decisions[i] = { choice: decision };
      else if (decision === "wrong" && k === suspects[i][2]) decisions[i] = { choice: "suggested" };
      else if (decision === "wrong" && k >= 0) decisions[i] = { choice: "other", label: k };
      else continue;
      count += 1;
      showChoice(i);
    }
    keep();
    const missed = lines.length - count;
    say(`${count} decisions were read${missed ? `; ${missed} are of other rows or labels` : ""}.`);
  }

  // Keys act on the row whose choice has the focus, never elsewhere.
  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !event.target.matches("input[type=radio]")) return;
    const row = event.target.closest("tr"), i = places.get(row), pressed = event.key.toLowerCase();
    if (pressed >= "1" && pressed <= "4") {
      decide(i, CHOICES[pressed - 1], decisions[i]?.label);
      (pressed === "3" ? find("select", row) : find(":checked", row)).focus();
    } else if (pressed === "0") {
      decide(i, null);
    } else if (pressed === "j" || pressed === "k") {
      const next = pressed === "j" ? row.nextElementSibling : row.previousElementSibling;
      if (next) (find("input:checked", next) ?? find("input", next)).focus();
    } else return;
    event.preventDefault();
  }

  function start() {
    const pairs = {};
    for (const [, label, suggested] of suspects) pairs[[label, suggested]] = (pairs[[label, suggested]] ?? 0) + 1;
    for (const [pair, count] of Object.entries(pairs).sort((a, b) => b[1] - a[1])) {
      const [label, suggested] = pair.split(",");
      find("#pair").add(new Option(`${names[label]} → ${names[suggested]} (${count})`, pair));
    }
    const choiceHeader = document.createElement("th");
    choiceHeader.scope = "col";
    choiceHeader.textContent = "decision";
    if (decides) headers[qualityColumn].after(choiceHeader);
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      if (header === choiceHeader) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      button.addEventListener("click", () => sortBy(column));
      header.append(button);
    });
    body.addEventListener("keydown", onKey);
    find("form.tools").addEventListener("input", filter);
    find("form.tools").addEventListener("submit", event => event.preventDefault());
    find("#more").addEventListener("click", () => {
      limit += STEP;
      const first = matching[body.rows.length];
      show();
      find("input", first)?.focus();
    });
    find("#export")?.addEventListener("click", download);
    find("#import")?.addEventListener("change", async event => {
      const [file] = event.target.files;
      if (file) importCsv(await file.text());
      event.target.value = "";
    });
    addEventListener("beforeprint", () => show(matching));
    addEventListener("afterprint", () => show());
    addEventListener("beforeunload", event => {
      if (!isKept && !isExported) event.preventDefault();
    });
    restore();
    find("#tools").hidden = false;
    find("#bar").hidden = !decides && rows.length <= STEP;
    filter();
    report();
    table.classList.add("ready");
  }
  start();
}
