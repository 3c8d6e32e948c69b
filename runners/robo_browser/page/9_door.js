// The one door from outside: `robo.do(job)`.

/** Whether what a job will look for is here. */
const has = (job) => ({ has: Boolean(job.columns ? tablesWith(placeOf(job), [...Object.keys(job.where || {}), ...job.columns]).found.length || (job.empty && saying(null, job.empty).length)
  : job.doing === 'file' ? !filePlace(job.targets).failed : [false, true].some((briefly) => job.targets.some((target) => find(target, job.doing, briefly).list.length))) });

const JOBS = { has, enter, aim, watch, list, calendar, dayChosen, dateField, fileField, filesShown, fillRows, gridShown, cellOpened, cellDone, focusOne, readBack, snapshot: pageWritten, cover: (job) => cover(job.needles), uncover,
  read: (job) => watch({ ...job, refused: [], expect: [] }),
  arm: (job) => { arm(job.seconds); return {}; },
  ready: async (job) => ((await until(() => isRead() && (!job.complete || document.readyState === 'complete'), clock() + job.wait)) ? { status: statusOf(), signIn: asksToSignIn(), url: location.href } : { timeout: true }),
  focus: (job) => (job.targets ? focusOne(job) : {}),
  remember: (job) => { remember(job.watch); aimed = null; arm(job.seconds); return {}; },
  calm: async () => { await nextTask(); await nextTask(); return { leaving, url: location.href, missed: deadline.missed }; },
  changed: async (job) => ({ changed: Boolean(await until(() => markOf(job) !== job.mark, clock() + job.wait)) }) };

let leaving = false;
/** Grows with each job that is not about the press on its way: who still waits for that then gives up. */
let turn = 0;
window.navigation?.addEventListener('navigate', (event) => { if (!event.destination.sameDocument && (event.downloadRequest ?? null) === null && /^(https?|about|blob|data|file):/.test(event.destination.url)) leaving = true; });
window.addEventListener('pagehide', () => { leaving = true; }, true);
window.navigation?.addEventListener('navigateerror', () => { leaving = false; });

async function doJob(job) {
  newLook();
  popups = job.after ? [] : job.popups || popups;
  if (job.disarm) { turn += 1; leaving = false; disarm(); }
  if (job.wait && !isRead()) await until(isRead, clock() + job.wait);
  const answer = await JOBS[job.job](job);
  return gone.length ? { ...answer, putAway: gone.splice(0) } : answer;
}

globalThis.robo = { do: doJob, arm, disarm, isLate, held: () => held };
