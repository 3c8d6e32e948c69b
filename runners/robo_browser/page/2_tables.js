// Tables as a person reads them: columns by their headings, rows by their cells.

const TABLES = 'table,[role=table],[role=grid],[role=treegrid]';
const CELLS = '[role=cell],[role=gridcell],[role=columnheader],[role=rowheader]';

const cellsOf = (row) => (row.cells ? [...row.cells] : [...row.querySelectorAll(CELLS)]);

const isHeading = (cell) => (cell.tagName === 'TH' && cell.scope !== 'row') || cell.getAttribute('role') === 'columnheader';

const numberIn = (el, attribute) => Number(el.getAttribute(attribute)) || 0;

/** The rows of an element, each with its cells by column; spans laid out. */
function gridOf(table) {
  const all = table.rows ? [...table.rows] : [...table.querySelectorAll('[role=row]')];
  const lines = all.filter((row) => row.closest(TABLES) === table && shown(row));
  if (!table.rows && lines.some((row) => row.hasAttribute('aria-rowindex'))) return placed(lines);
  const carried = [];
  return lines.map((row) => {
    const cells = [];
    const take = () => { while (carried[cells.length]?.left > 0) { const c = carried[cells.length]; c.left -= 1; cells.push(c.cell); } };
    for (const cell of cellsOf(row)) {
      take();
      for (let span = Math.min(cell.colSpan || numberIn(cell, 'aria-colspan') || 1, 100); span > 0; span -= 1) {
        carried[cells.length] = { cell, left: (cell.rowSpan || 1) - 1 };
        cells.push(cell);
      }
    }
    take();
    return { el: row, cells };
  });
}

/** Rows that say themselves where they stand: grids that draw a row in pieces (frozen columns), or draw only those in sight. */
function placed(lines) {
  const rows = new Map();
  for (const el of lines) {
    const key = numberIn(el, 'aria-rowindex') || el;
    const row = rows.get(key) || { el, cells: [], at: numberIn(el, 'aria-rowindex') };
    for (const cell of cellsOf(el)) {
      const column = numberIn(cell, 'aria-colindex');
      if (column) row.cells[column - 1] = cell;
      else row.cells.push(cell);
    }
    rows.set(key, row);
  }
  return [...rows.values()].sort((a, b) => a.at - b.at);
}

/** {table, headers: [names], rows: [{el, cells: [elements by column]}]}. */
function readTable(table) {
  return once('table', table, () => {
    const grid = gridOf(table);
    const isHead = ({ el, cells }) => el.closest('thead') || (cells.length && cells.every((cell) => !cell || isHeading(cell)));
    let first = 0;
    while (first < grid.length && isHead(grid[first])) first += 1;
    const rows = grid.slice(first).filter(({ el, cells }) => !el.closest('tfoot') && cells.length);
    return { table, headers: headersOf(grid.slice(0, first), grid), rows };
  });
}

function headersOf(heads, grid) {
  const width = Math.max(0, ...grid.map((row) => row.cells.length));
  return Array.from({ length: width }, (_, n) => {
    const cell = heads.map((row) => row.cells[n]).filter(Boolean).filter((c) => textOf(c)).pop();
    return cell ? textOf(cell) : '';
  });
}

const columnOf = (headers, name) => {
  const exact = headers.findIndex((header) => tidy(header) === tidy(name));
  return exact >= 0 ? exact : headers.findIndex((header) => tidy(header).toLowerCase() === tidy(name).toLowerCase());
};

const hasColumns = (headers, names) => names.every((name) => columnOf(headers, name) >= 0);

/** The visible tables of a place that have all these columns, and the headings of those that have not. */
function tablesWith(scope, names) {
  const around = [...(scope?.matches?.(TABLES) ? [scope] : []), ...query(scope, TABLES)].filter(shown);
  const read = around.map(readTable);
  const found = read.map((table, n) => completed(table, read[n + 1], names)).filter((table) => hasColumns(table.headers, names));
  if (!found.length && names.length) found.push(...drawnTables(scope, names));
  return { found, headers: read.flatMap((table) => table.headers.filter(Boolean)) };
}

/** A table whose headings stand in a table of their own (so that they stay in sight), or in a first row of plain cells. */
function completed(table, next, names) {
  const bare = (other) => other.headers.every((header) => !header);
  const scrollbar = table.headers.at(-1) ? 0 : 1;
  const same = next && [0, scrollbar].includes(table.headers.length - next.headers.length);
  if (!table.rows.length && same && next.rows.length && bare(next) && !table.table.contains(next.table)) {
    return { ...next, headers: table.headers };
  }
  if (!names.length || !table.rows.length || !bare(table)) return table;
  const [head, ...rows] = table.rows;
  const headers = head.cells.map((cell) => (cell ? textOf(cell) : ''));
  return hasColumns(headers, names) ? { table: table.table, headers, rows } : table;
}

/** Tables that are drawn with plain elements: a line with all the headings, and after it lines of as many parts. */
function drawnTables(scope, names) {
  const found = [];
  for (const label of saying(scope, names[0]).filter((el) => tidy(el.innerText).toLowerCase() === tidy(names[0]).toLowerCase())) {
    let line = label.parentElement;
    const partsOf = (el) => [...el.children].filter(shown);
    while (line && !line.matches('body') && !hasColumns(partsOf(line).map((el) => textOf(el)), names)) line = line.parentElement;
    if (!line || line.matches('body') || found.some((table) => table.line === line)) continue;
    const headers = partsOf(line).map((el) => textOf(el));
    const rows = linesAfter(line, headers.length, partsOf);
    if (rows.length) found.push({ line, table: line.parentElement, headers, rows }); // none: not seen to be empty
  }
  return found;
}

function linesAfter(line, width, partsOf) {
  const after = (el) => { const rest = []; for (let next = el.nextElementSibling; next; next = next.nextElementSibling) if (shown(next)) rest.push(next); return rest; };
  const fits = (el) => partsOf(el).length === width;
  for (const start of [line, line.parentElement]) {
    const lines = after(start).flatMap((el) => (fits(el) ? [el] : partsOf(el).filter(fits)));
    if (lines.length) return lines.map((el) => ({ el, cells: partsOf(el) }));
  }
  return [];
}

function headerOf(cell) {
  const table = cell.closest(TABLES);
  if (!table) return '';
  const { headers, rows } = readTable(table);
  for (const row of rows) {
    const at = row.cells.indexOf(cell);
    if (at >= 0) return headers[at];
  }
  return '';
}

/** What a cell says: the value of the one field in it, else its text. */
function cellText(cell) {
  const field = cell.querySelector(FIELDS);
  return field && !textOf(cell) ? valueOf(field) : squash(cell.innerText) || textOf(cell);
}

/** One cell over the whole line: a heading between rows, the words for an empty list, paging: no row of data. */
const isLine = (row) => row.cells.length > 1 && row.cells.every((cell) => cell === row.cells[0]);

/** Rows whose cells say what `wanted` ({column: [texts]}) says, in the visible tables that have all its columns. */
function matchingRows(scope, wanted, others) {
  const { found: tables, headers } = tablesWith(scope, [...Object.keys(wanted), ...(others || [])]);
  const found = { tables: tables.length, rows: [], headers, read: tables };
  for (const read of tables) {
    const columns = Object.keys(wanted).map((name) => columnOf(read.headers, name));
    for (const row of read.rows) {
      const same = Object.values(wanted).every((texts, n) => {
        const cell = row.cells[columns[n]];
        return cell && texts.some((text) => like(text) === like(cellText(cell)));
      });
      if (same) found.rows.push({ ...row, headers: read.headers });
    }
  }
  return found;
}
