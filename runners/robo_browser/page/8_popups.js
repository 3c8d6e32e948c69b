// What may appear at any time and is in nobody's way for long: it is put away whenever somebody waits for something.
// Not between the aim of a submit and its answer: what a press sends then would be taken for the submit's own.

let popups = [];
/** What was pressed since the last answer. */
const gone = [];
const pressedAt = new WeakMap();
/** Milliseconds something that was put away has to go, before it is pressed again. */
const GOING = 1000;

function putAway() {
  for (const { see, dismiss } of isRead() && !deadline.armed ? popups : []) {
    if (see && !find(see, 'see').list.length) continue;
    const { list } = find(dismiss, 'click');
    const [{ el } = {}] = list;
    if (list.length !== 1 || idle(el) || clock() - (pressedAt.get(el) ?? -GOING) < GOING) continue;
    pressedAt.set(el, clock());
    gone.push(described(el));
    el.click();
    newLook();
  }
}
