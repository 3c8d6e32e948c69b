// Waiting in the page: a look after each change of it, none when nothing changes, and a slow look besides.

/** The document is still coming: half a form, and handlers that are not there yet. */
const unread = () => document.readyState === 'loading';

const clock = () => performance.now();
const wakers = new Set();

/** Seconds the scripts a document defers may take; one that waits for a host which never answers holds nothing up for longer. */
const DEFERRED = 5000;
let ran = document.readyState === 'complete';
document.addEventListener('DOMContentLoaded', () => nextTask().then(() => { ran = true; wake(); }), { once: true });

/** The document is read to its end, and what it defers until then has run: before, a click would fall on deaf ears. */
const isRead = () => ran || document.readyState === 'complete'
  || (document.readyState === 'interactive' && clock() > (performance.getEntriesByType('navigation')[0]?.domInteractive || 0) + DEFERRED);

/** Calls `look` until it answers something or `end` (of `clock`) is past; then answers null. `promptly`: who only looks
 *  need not let the page draw itself first, as who is going to act on it must. */
async function until(look, end, promptly = false) {
  for (;;) {
    const began = clock();
    newLook();
    putAway();
    const found = look();
    if (found) return found;
    const took = clock() - began;
    if (began >= end) return null;
    await change(Math.min(end - clock(), 100), took * 2, promptly);
  }
}

/** The next change of the page, at most `most` ms away and (looks being dear on big pages) at least `least`. */
function change(most, least, promptly) {
  return new Promise((resolve) => {
    let rest = null;
    const from = clock();
    const done = () => {
      observer.disconnect();
      wakers.delete(done);
      clearTimeout(timer);
      clearTimeout(rest);
      resolve();
    };
    const soon = () => {
      const left = least - (clock() - from);
      if (left >= 2) rest = setTimeout(done, Math.min(left, 200));
      else (promptly ? still(observer) : nextTask()).then(done);
    };
    const observer = new MutationObserver(() => { if (rest === null) { rest = 0; soon(); } });
    for (const root of roots(null)) {
      observer.observe(root, { subtree: true, childList: true, attributes: true, characterData: true });
    }
    const timer = setTimeout(done, Math.max(0, most));
    wakers.add(done);
    document.addEventListener('readystatechange', done, { once: true });
  });
}

/** Until what the page does at one go is over: no change for some turns of its promises. */
async function still(observer) {
  for (let quiet = 0, turns = 0; quiet < 8 && turns < 500; quiet += 1, turns += 1) {
    await null;
    if (observer.takeRecords().length) quiet = 0;
  }
}

/** The next `wake`, at most `most` ms away. */
function woken(most) {
  return new Promise((resolve) => {
    const done = () => { wakers.delete(done); clearTimeout(timer); resolve(); };
    const timer = setTimeout(done, Math.max(0, most));
    wakers.add(done);
  });
}

const wake = () => [...wakers].forEach((done) => done());
const nextTask = () => new Promise((resolve) => { const { port1, port2 } = new MessageChannel(); port1.onmessage = () => resolve(); port2.postMessage(0); });
