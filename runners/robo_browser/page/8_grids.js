// Grids: many lines entered in one go, into the lines that are free, more of them asked for where there are none.

/** What was entered in this document: the element of each line. */
let entered = new Map();
/** The line in hand, for cells that only open for a real mouse. */
let inHand = null;

const isFree = (cell) => {
  const field = fieldIn(cell);
  if (!field) return !cellText(cell);
  if (isSelect(field)) return field.selectedIndex <= 0 || field.value === '';
  return isChoice(field) || /^(0+([.,]0+)?)?$/.test(squash(valueOf(field)));
};

const fieldIn = (cell) => (cell.matches(FIELDS) ? cell : query(cell, FIELDS).find((el) => usable(el)));

/** {cells, el, at} of the grid's columns, for its first free line behind the last one entered. */
function freeLine(grid, last) {
  const next = last && nextLine(grid, last);
  if (next) return next;
  newLook();
  const { found, headers } = tablesWith(grid.scope, grid.columns);
  if (found.length !== 1) return { failed: found.length ? 'several' : 'none', count: found.length, near: headers, places: found.map((table) => described(table.table)) };
  grid.at = grid.columns.map((name) => columnOf(found[0].headers, name));
  grid.width = found[0].headers.length;
  const taken = new Set(entered.values());
  const rows = found[0].rows.map((row, at) => ({ el: row.el, at, cells: grid.at.map((n) => row.cells[n]) }));
  return rows.find((row) => !taken.has(row.el) && row.cells.every(Boolean) && row.cells.every(isFree)) || null;
}

/** The line after the last one, without reading the grid again. */
function nextLine(grid, last) {
  const el = last.el.isConnected && last.el.nextElementSibling;
  if (!el || !shown(el)) return null;
  const cells = el.cells || el.matches('[role=row]') ? cellsOf(el) : [...el.children].filter(shown);
  if (cells.length !== grid.width || el.hasAttribute('aria-rowindex')) return null;
  const own = grid.at.map((n) => cells[n]);
  return own.every(isFree) ? { el, at: last.at + 1, cells: own } : null;
}

/** Enters `job.lines` ({entry by column}). {done, at: [line numbers in the grid], need: add | open}, or a failure. */
async function fillRows(job) {
  if (job.begin) entered = new Map();
  const end = clock() + job.wait;
  const place = job.table ? one(job.table, 'within') : {};
  if (place.failed) return { done: 0, at: [], ...place, near: nearest(place.target, 'see') };
  const grid = { scope: place.el || null, columns: job.columns };
  const at = [];
  for (const line of job.lines) {
    const first = job.from + at.length;
    let row = inHand?.line === first ? inHand : await until(() => { const seen = freeLine(grid, at.length ? { el: entered.get(first - 1), at: at.at(-1) } : null); return seen?.failed && !job.later ? null : seen || {}; }, Math.min(end, clock() + 2000));
    if (!row) row = freeLine(grid, null);
    if (row?.failed) return { done: at.length, at, ...row };
    if (!row?.el && job.add) row = await added(job, grid, end);
    if (!row?.el) return { done: at.length, at, need: 'add' };
    inHand = { ...row, line: first, column: inHand?.line === first ? inHand.column : 0 };
    const trouble = await enterLine(inHand, line, job);
    if (trouble) return { done: at.length, at, ...trouble };
    entered.set(first, inHand.el);
    inHand = null;
    at.push(row.at);
    if (clock() > end) break;
  }
  if (document.activeElement !== document.body) document.activeElement?.blur();
  await nextTask();
  return { done: at.length, at };
}

/** A further line, asked for by a press of the button; null when none comes of it. */
async function added(job, grid, end) {
  const button = one(job.button, 'click');
  if (button.failed || idle(button.el)) return null;
  button.el.click();
  return until(() => { const row = freeLine(grid, null); return row?.el ? row : null; }, Math.min(end, clock() + 2000));
}

/** The cells of one line, from `line.column` on. */
async function enterLine(line, entries, job) {
  for (; line.column < entries.length; line.column += 1) {
    const cell = cellAgain(line, job);
    const entry = entries[line.column];
    const where = { line: line.line, column: job.columns[line.column] };
    const own = fieldIn(cell);
    if (!own && entry.empty) continue;
    const field = own || await opened(cell);
    if (!field) return { ...where, need: 'open' };
    if (locked(field)) return { ...where, failed: 'locked' };
    if (isSelect(field)) {
      const missing = wantedOptions(field, entry).find((pair) => !pair.option);
      if (missing) return { ...where, failed: 'option', text: missing.text, near: optionNames(field) };
    }
    put(field, entry);
    for (let tries = 0; own && !field.isConnected && tries < 3; tries += 1) { // the grid drew itself anew as the cell before was left
      const again = fieldIn(cellAgain(line, job));
      if (again) put(again, entry);
      if (again?.isConnected) break;
    }
    if (!own) await closed(cell, field);
    else if (decides(field)) await nextTask();
  }
  return null;
}

/** A cell of the line, found again where the grid was drawn anew. */
function cellAgain(line, job) {
  if (!line.cells[line.column].isConnected) {
    newLook();
    const place = job.table ? one(job.table, 'within') : {};
    const [grid] = tablesWith(place.el || null, job.columns).found;
    const row = grid?.rows[line.at];
    if (row) Object.assign(line, { el: row.el, cells: job.columns.map((name) => row.cells[columnOf(grid.headers, name)]) });
  }
  return line.cells[line.column];
}

/** The field that a cell opens when it is clicked, or clicked twice. */
async function opened(cell) {
  const there = () => {
    const active = cell.ownerDocument.activeElement;
    const inside = fieldIn(cell);
    if (inside) return inside;
    const over = active?.matches(FIELDS) && usable(active) && active.getBoundingClientRect();
    const box = cell.getBoundingClientRect();
    return over && over.x < box.right && over.right > box.x && over.y < box.bottom && over.bottom > box.y ? active : null;
  };
  const press = (type) => cell.dispatchEvent(new (type.startsWith('pointer') ? PointerEvent : MouseEvent)(type, { bubbles: true, cancelable: true, composed: true, view: window, detail: type === 'dblclick' ? 2 : 1 }));
  ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click'].forEach(press);
  const first = await until(there, clock() + 60);
  if (first) return first;
  press('dblclick');
  return until(there, clock() + 150);
}

/** What was entered is taken over: Enter, and the field is left. */
async function closed(cell, field) {
  for (const type of ['keydown', 'keypress', 'keyup']) field.dispatchEvent(new KeyboardEvent(type, { key: 'Enter', code: 'Enter', keyCode: 13, which: 13, bubbles: true, cancelable: true, composed: true }));
  if (field.isConnected) field.blur();
  await until(() => !field.isConnected || !fieldIn(cell) || field.ownerDocument.activeElement !== field, clock() + 300);
}

/** The cell in hand, for the mouse. */
function cellInHand() {
  if (!inHand) return { failed: 'none' };
  return { el: inHand.cells[inHand.column], rank: 0 };
}

/** Whether the mouse has opened the cell in hand. */
async function cellOpened() {
  const field = await until(() => { const el = document.activeElement; return el?.matches(FIELDS) && usable(el) ? el : null; }, clock() + 500);
  if (field) focusAll(field);
  return { opened: Boolean(field) };
}

/** The cell in hand is done. */
function cellDone() {
  document.activeElement?.blur();
  if (inHand) inHand.column += 1;
  return {};
}

/** What every line that was entered shows now: by its element, else by its place in the grid. */
async function gridShown(job) {
  const place = job.table ? one(job.table, 'within') : {};
  const { found } = tablesWith(place.el || null, job.columns);
  if (found.length !== 1) return { lines: [] };
  const [{ headers, rows }] = found;
  const at = job.columns.map((name) => columnOf(headers, name));
  const byElement = new Map(rows.map((row) => [row.el, row]));
  const show = (cell, entry) => { const field = cell && fieldIn(cell); return field ? shownIn(field, entry) : { kind: 'text', text: cell ? cellText(cell) : '' }; };
  return { lines: job.lines.map((line, n) => { const row = byElement.get(entered.get(n)) || rows[job.at[n]]; return line.map((entry, c) => show(row?.cells[at[c]], entry)); }) };
}
