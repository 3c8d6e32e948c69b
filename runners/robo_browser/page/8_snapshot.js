// Whether a part of the page shows what a snapshot says, and if not, where the two part.

const same = (text, wanted) => {
  if (!wanted || (!wanted.text && !wanted.regex)) return true;
  if (!text) return false;
  const said = text.slice(0, 2000);
  if (wanted.regex) { const pattern = new RegExp(wanted.regex); return pattern.test(said) || pattern.test(squash(said)); }
  return squash(said) === squash(wanted.text);
};

/** Whether a node is what a line says, its lines apart. */
function lineIs(node, line) {
  if (typeof node === 'string' || !line.role) return typeof node === 'string' && !line.role && same(node, line.words);
  if (line.role !== 'fragment' && line.role !== node.role) return false;
  const states = Object.entries(line.states || {}).every(([name, value]) => String(node.states[name] ?? (value === 'false' ? 'unsaid' : '')) === value);
  return states && same(node.name, line.words) && Object.entries(line.properties || {}).every(([name, value]) => same(node.properties[name], value));
}

function shows(node, line, deep = false) {
  return lineIs(node, line) && (typeof node === 'string' || showsAll(node.children, line, deep));
}

function showsAll(children, { lines = [], mode }, deep) {
  const whole = mode === 'equal' || mode === 'deep-equal' || (deep && mode !== 'contain');
  if (whole) return lines.length === children.length && lines.every((line, n) => shows(children[n], line, deep || mode === 'deep-equal'));
  let at = 0;
  return lines.every((line) => {
    while (at < children.length && !shows(children[at], line)) at += 1;
    at += 1;
    return at <= children.length;
  });
}

/** Where a snapshot may be: in `scope`, else in the page. */
const treeAt = (scope) => treeOf(scope || document.body || document.documentElement);

function regionOf(within) {
  const around = within ? find(within, 'within').list : [];
  return treeAt(around.length === 1 ? around[0].el : null);
}

/** The outermost elements that show what the snapshot says. */
function showing(scope, snapshot) {
  const found = [];
  const visit = (node, around) => {
    if (shows(node, snapshot)) found.push(typeof node === 'string' ? around.el : node.el);
    else if (typeof node !== 'string') for (const child of node.children) visit(child, node);
  };
  const tree = treeAt(scope);
  visit(tree, tree);
  return [...new Set(found)];
}

/** The first line that is not so: {line: its number, score: how many were, there: nodes that stand there instead}; or null. */
function parting(node, line, deep = false) {
  if (!lineIs(node, line)) return { line: line.n, score: node.role && node.role === line.role ? 0.5 : 0, there: [node] };
  if (typeof node === 'string') return null;
  const below = partingOf(node, line, deep);
  if (!below) return null;
  const ofText = line.lines?.length === 1 && below.line === line.lines[0].n && !line.lines[0].role;
  return { ...below, score: below.score + (line.role === 'fragment' ? 0 : 1), there: ofText ? [node] : below.there };
}

function partingOf({ children }, { lines = [], mode, n }, deep) {
  const whole = mode === 'equal' || mode === 'deep-equal' || (deep && mode !== 'contain');
  let at = 0;
  let score = 0;
  for (const line of lines) {
    const rest = whole ? children.slice(at, at + 1) : children.slice(at);
    const each = rest.map((child) => parting(child, line, whole && (deep || mode === 'deep-equal')));
    const hit = each.indexOf(null);
    if (hit < 0) {
      const best = each.filter((one) => one.score > 0).sort((a, b) => b.score - a.score)[0];
      return best ? { ...best, score: score + best.score } : { line: line.n, score, there: children.slice(at) };
    }
    at += hit + 1;
    score += sizeOf(line);
  }
  return whole && children.length > at ? { line: n, score, there: children.slice(at), more: true } : null;
}

const sizeOf = (line) => 1 + (line.lines || []).reduce((sum, below) => sum + sizeOf(below), 0);

/** What is nearest to the snapshot on the page: {line, there: its lines, more}. */
function unlike(target) {
  let best = null;
  const visit = (node) => {
    const one = parting(node, target.snapshot);
    if (one && (!best || one.score > best.score)) best = one;
    if (typeof node !== 'string') node.children.forEach(visit);
  };
  visit(regionOf(target.within));
  return best && { line: best.line, more: Boolean(best.more), there: best.there.flatMap(told).slice(0, 8) };
}

// -- written down

/** The lines of a node for a person to read: every text as it is, so that masks know it. */
function told(node) {
  if (typeof node === 'string') return [`text: ${node}`];
  const head = `${node.role}${node.name ? ` "${node.name}"` : ''}${stated(node.states)}`;
  const [only] = node.children;
  return node.children.length === 1 && typeof only === 'string' ? [`${head}: ${only}`] : [head, ...node.children.flatMap(told)];
}

const single = (text) => `'${text.replace(/'/g, "''")}'`;
const needsQuotes = (text) => /^$|^\s|\s$|^-|[\n:](\s|$)|\s#|^[&*\],?!>|@"'#%[]|[{}`]|^(y|n|yes|no|true|false|on|off|null|~)$/i.test(text) || !Number.isNaN(Number(text));
const quoted = (text) => (!needsQuotes(text) ? text : /["\\\x00-\x1f]/.test(text) ? single(text) : `"${text}"`);
const keyed = (text) => (needsQuotes(text) ? single(text) : text);
const stated = (states) => ['checked', 'disabled', 'expanded', 'invalid', 'level', 'pressed', 'selected'].filter((name) => states[name]).map((name) => (states[name] === true ? ` [${name}]` : ` [${name}=${states[name]}]`)).join('');

/** An address may carry what lets somebody in: one with more than a path is left out of what is kept. */
const toKeep = ([name, value]) => name !== 'url' || !/[?#;]|^[a-z]+:(?!\/\/)/i.test(value);

/** The lines of a node in the notation of snapshots. `hides`: whether a text must not be seen. */
function written(node, hides = () => false, depth = 0) {
  const say = (text) => (hides(text) ? '•••' : text);
  const before = '  '.repeat(depth);
  if (typeof node === 'string') return [`${before}- text: ${quoted(say(node))}`];
  const head = `${before}- ${keyed(`${node.role}${node.name ? ` ${JSON.stringify(say(node.name))}` : ''}${stated(node.states)}`)}`;
  const more = Object.entries(node.properties).filter(toKeep).map(([name, value]) => `${before}  - /${name}: ${quoted(say(value))}`);
  if (!more.length && !node.children.length) return [head];
  if (!more.length && node.children.length === 1 && typeof node.children[0] === 'string') return [`${head}: ${quoted(say(node.children[0]))}`];
  return [`${head}:`, ...more, ...node.children.flatMap((child) => written(child, hides, depth + 1))];
}

const LINES = 2000;

/** The page, or the one place `within`, as a snapshot; what must not be seen left out: {lines}. */
function pageWritten({ needles = [], within }) {
  const keys = needles.map(like).filter((key) => key.length > 1);
  const hides = (text) => { const own = like(text); return keys.some((key) => (key.length > 2 ? own.includes(key) : own === key)); };
  const lines = regionOf(within).children.flatMap((child) => written(child, hides));
  return { lines: lines.slice(0, LINES) };
}
