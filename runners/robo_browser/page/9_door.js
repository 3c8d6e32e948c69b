// The one door from outside: `robo.do(job)`.

const JOBS = { enter, aim, watch, list, focusOne, readBack, cover: (job) => cover(job.needles), uncover,
  read: (job) => watch({ ...job, refused: [], expect: [] }),
  arm: (job) => { arm(job.seconds); return {}; },
  ready: async (job) => ((await until(() => isRead() && (!job.complete || document.readyState === 'complete'), clock() + job.wait)) ? { status: statusOf(), signIn: asksToSignIn(), url: location.href } : { timeout: true }),
  focus: (job) => (job.targets ? focusOne(job) : {}),
  remember: (job) => { remember(job.watch); aimed = null; arm(job.seconds); return {}; },
  calm: async () => { await nextTask(); await nextTask(); return { leaving, url: location.href, missed: deadline.missed }; },
  changed: async (job) => ({ changed: Boolean(await until(() => markOf() !== job.mark, clock() + job.wait)) }) };

let leaving = false;
/** Grows with each job that is not about the press on its way: who still waits for that then gives up. */
let turn = 0;
window.navigation?.addEventListener('navigate', (event) => { if (!event.destination.sameDocument && !event.downloadRequest && /^(https?|about|blob|data|file):/.test(event.destination.url)) leaving = true; });
window.addEventListener('pagehide', () => { leaving = true; }, true);
window.navigation?.addEventListener('navigateerror', () => { leaving = false; });

async function doJob(job) {
  newLook();
  if (job.disarm) { turn += 1; leaving = false; disarm(); }
  if (job.wait && !isRead()) await until(isRead, clock() + job.wait);
  return JOBS[job.job](job);
}

globalThis.robo = { do: doJob, arm, disarm, isLate };
