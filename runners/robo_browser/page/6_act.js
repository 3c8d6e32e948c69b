// Finding what to press, and the deadline after which the page refuses every press.

/** The point of an element in the coordinates of the top page. */
function pointOf(el) {
  let target = el;
  if (!shown(target)) target = [...(el.labels || [])].find(shown) || target;
  const visible = (box) => box.width > 0 && box.height > 0;
  const box = [...target.getClientRects()].find(visible) || target.getBoundingClientRect();
  const point = { x: box.x + box.width / 2, y: box.y + box.height / 2, target };
  for (let view = el.ownerDocument.defaultView; view !== window && view.frameElement; view = view.parent) {
    const frame = view.frameElement.getBoundingClientRect();
    point.x += frame.x + view.frameElement.clientLeft;
    point.y += frame.y + view.frameElement.clientTop;
  }
  return point;
}

/** The topmost element of one tree. A text in a slot is answered with the host of the tree: what is drawn around it is meant. */
function topAt(root, x, y) {
  const el = root.elementFromPoint(x, y);
  return el && el === root.host ? root.elementsFromPoint(x, y)[0] : el;
}

/** The element a mouse would hit, through shadow roots and frames. */
function hitAt(x, y) {
  let root = document;
  let left = x;
  let top = y;
  for (;;) {
    const el = topAt(root, left, top);
    if (!el) return null;
    const within = el.shadowRoot && topAt(el.shadowRoot, left, top);
    if (within && within !== el) root = el.shadowRoot;
    else if (el.tagName === 'IFRAME' || el.tagName === 'FRAME') {
      let inner = null;
      try { inner = el.contentDocument; } catch { /* another origin */ }
      if (!inner) return el;
      const box = el.getBoundingClientRect();
      left -= box.x + el.clientLeft;
      top -= box.y + el.clientTop;
      root = inner;
    } else return el;
  }
}

/** `node` or something around it as it is drawn: through slots and shadow hosts. */
function reaches(hit, target) {
  for (let node = hit; node; node = node.assignedSlot || node.parentNode || node.host) if (node === target) return true;
  return false;
}

/** What an animation may change without moving anything. */
const STILL = /color|background|shadow|opacity|outline|filter|fill|stroke|visibility|cursor|decoration/i;
const PLACE = new Set(['offset', 'computedOffset', 'easing', 'composite']);

function moves(animation) {
  const changed = animation.transitionProperty ? [animation.transitionProperty] : animation.effect.getKeyframes().flatMap(Object.keys);
  return changed.some((name) => !PLACE.has(name) && !STILL.test(name));
}

/** Something that ends is moving the element now; when it has ended, whoever waits looks again. */
function moving(el) {
  const found = document.getAnimations().filter((a) => a.playState === 'running' && a.effect?.target?.contains?.(el)
    && a.effect.getComputedTiming().endTime !== Infinity && moves(a));
  for (const animation of found) animation.finished.then(wake, wake);
  return found.length > 0;
}

/** What a job means to click on. */
function placeFor(job) {
  if (job.option !== undefined) return optionOf(job.option);
  if (job.submitOf) return submitOf(job.submitOf);
  if (job.pages) return turning(job);
  if (job.day) return dayOrTurn(job);
  if (job.opener) return openerOf(job.opener);
  if (job.confirming) return confirming();
  if (job.cellInHand) return cellInHand();
  return one(job.targets, job.doing || 'click', Boolean(job.watch)); // what is sent is named exactly
}

/** Locates, scrolls to and hit-tests what will be clicked: {x, y} or a failure. */
async function aim(job) {
  let failure = null;
  const answer = await until(() => {
    if (unread()) { failure = { failed: 'none', target: job.targets?.[0] }; return null; }
    const place = placeFor(job);
    if (place.failed) { failure = place; return null; }
    const { el } = place;
    if (el.matches(':disabled') || el.getAttribute('aria-disabled') === 'true') { failure = { failed: 'locked', target: job.targets?.[0], places: [described(el)] }; return null; }
    let point = pointOf(el);
    const inView = point.x >= 0 && point.y >= 0 && point.x < innerWidth && point.y < innerHeight;
    let hit = inView && hitAt(point.x, point.y);
    if (!hit || !reaches(hit, point.target)) {
      point.target.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
      point = pointOf(el);
      hit = hitAt(point.x, point.y);
    }
    const label = hit && hit.closest('label');
    if (!hit || !(reaches(hit, point.target) || (label && label.control === el))) {
      failure = { failed: 'covered', target: job.targets?.[0], places: hit ? [described(hit)] : [] };
      return null;
    }
    aimed = { el: point.target, name: names(el)[0] || '' };
    if (moving(point.target)) { failure = { failed: 'moving', target: job.targets?.[0] }; return null; }
    return { x: point.x, y: point.y, rank: place.rank, what: place.what, name: (names(el)[0] || squash(el.innerText)).slice(0, 80) };
  }, clock() + Math.max(0, job.wait));
  if (!answer) return { ...failure, near: failure.near || !failure.target ? failure.near || [] : nearest(failure.target, job.doing || 'click') };
  if (job.watch) remember(job.watch);
  if (job.seconds) arm(job.seconds);
  return answer;
}

/** The button that a form's Enter presses. */
function submitOf(targets) {
  const place = one(targets, 'enter');
  if (place.failed) return place;
  const form = place.el.form || place.el.closest('form,[role=search]');
  const button = form && [...form.querySelectorAll('button:not([type=button]):not([type=reset]),input[type=submit],input[type=image]')].find(usable);
  return button ? { el: button, rank: 0 } : { failed: 'button' };
}

/** What the next trusted click must land on. `pressed`: the button went down on it. */
let aimed = null;

function onAim(event) {
  if (!aimed || !event.isTrusted || !event.type.match(/mouse|pointer|click/) || aimed.el.ownerDocument !== document) return true;
  const hit = event.composedPath()[0];
  if (aimed.pressed && !shown(aimed.el)) return true; // the page took the press for the click and put it away (lists do)
  const on = lands(hit);
  if (on && event.type.endsWith('down')) aimed.pressed = true;
  return on;
}

function lands(hit) {
  if (aimed.el.isConnected) return reaches(hit, aimed.el) || (hit.closest?.('label')?.control ?? null) === aimed.el;
  const button = hit.closest?.(CLICKABLE);
  return Boolean(button && (names(button)[0] || '') === aimed.name);
}

const deadline = { armed: false, moment: 0, wall: 0, floor: 0, late: false, missed: false, pressed: false };
const PRESSES = ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'touchstart', 'touchend', 'click', 'auxclick', 'dblclick', 'submit', 'keydown', 'keypress', 'keyup'];

/** From now on presses count only for `seconds`, by a clock that stops in sleep and by one that jumps. */
function arm(seconds) {
  const now = Date.now();
  Object.assign(deadline, { armed: true, moment: clock() + seconds * 1000, wall: now + seconds * 1000, floor: now, late: false, missed: false, pressed: false });
  for (let n = 0; n < frames.length; n += 1) {
    try { frames[n].robo?.arm(seconds); } catch { /* another origin: it arms its own */ }
  }
}

function disarm() {
  deadline.armed = false;
  deadline.late = false;
  wake();
  for (let n = 0; n < frames.length; n += 1) {
    try { frames[n].robo?.disarm(); } catch { /* another origin: it disarms its own */ }
  }
}

function refuse(event) {
  if (!deadline.armed) return;
  const wall = Date.now();
  const inTime = clock() < deadline.moment && wall < deadline.wall && wall >= deadline.floor;
  deadline.floor = Math.max(wall, deadline.floor);
  if (inTime && onAim(event)) {
    if (!deadline.pressed) {
      deadline.pressed = true;
      remember();
      wake();
    }
    return;
  }
  event.preventDefault();
  event.stopImmediatePropagation();
  if (inTime) deadline.missed = true;
  else deadline.late = true;
  wake();
}

for (const press of PRESSES) window.addEventListener(press, refuse, { capture: true, passive: false });

/** Some frame refused. */
function isLate() {
  if (deadline.late) return true;
  for (let n = 0; n < frames.length; n += 1) {
    try { if (frames[n].robo?.isLate()) return true; } catch { /* another origin */ }
  }
  return false;
}
