// Tables as a person reads them: columns by their headings, rows by their cells.

const TABLES = 'table,[role=table],[role=grid],[role=treegrid]';

const cellsOf = (row) => (row.cells ? [...row.cells]
  : [...row.querySelectorAll('[role=cell],[role=gridcell],[role=columnheader],[role=rowheader]')]);

const isHeading = (cell) => (cell.tagName === 'TH' && cell.scope !== 'row') || cell.getAttribute('role') === 'columnheader';

/** {table, headers: [names], rows: [{el, cells: [elements by column]}]}, spans laid out. */
function readTable(table) {
  const all = table.rows ? [...table.rows] : [...table.querySelectorAll('[role=row]')];
  const lines = all.filter((row) => row.closest(TABLES) === table && shown(row));
  const carried = [];
  const grid = lines.map((row) => {
    const cells = [];
    const take = () => { while (carried[cells.length]?.left > 0) { const c = carried[cells.length]; c.left -= 1; cells.push(c.cell); } };
    for (const cell of cellsOf(row)) {
      take();
      for (let span = Math.min(cell.colSpan || 1, 100); span > 0; span -= 1) {
        carried[cells.length] = { cell, left: (cell.rowSpan || 1) - 1 };
        cells.push(cell);
      }
    }
    take();
    return { el: row, cells };
  });
  const isHead = ({ el, cells }) => el.closest('thead') || (cells.length && cells.every(isHeading));
  let first = 0;
  while (first < grid.length && isHead(grid[first])) first += 1;
  const heads = grid.slice(0, first);
  const width = Math.max(0, ...grid.map((row) => row.cells.length));
  const headers = Array.from({ length: width }, (_, n) => {
    const cell = heads.map((row) => row.cells[n]).filter(Boolean).filter((c) => textOf(c)).pop();
    return cell ? textOf(cell) : '';
  });
  const rows = grid.slice(first).filter(({ el, cells }) => !el.closest('tfoot') && cells.length);
  return { table, headers, rows };
}

const columnOf = (headers, name) => {
  const exact = headers.findIndex((header) => tidy(header) === tidy(name));
  return exact >= 0 ? exact : headers.findIndex((header) => tidy(header).toLowerCase() === tidy(name).toLowerCase());
};

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
  return field && !textOf(cell) ? valueOf(field) : squash(cell.innerText);
}

/** Rows whose cells say what `wanted` ({column: [texts]}) says, in the visible tables that have all its columns. */
function matchingRows(scope, wanted, others) {
  const found = { tables: 0, rows: [], headers: [] };
  for (const table of query(scope, TABLES)) {
    if (!shown(table)) continue;
    const read = readTable(table);
    found.headers.push(...read.headers.filter(Boolean));
    const columns = Object.keys(wanted).map((name) => columnOf(read.headers, name));
    if (columns.includes(-1) || (others || []).some((name) => columnOf(read.headers, name) < 0)) continue;
    found.tables += 1;
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
