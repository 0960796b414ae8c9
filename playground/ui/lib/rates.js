/* Remembers the way of every run on the rate-distortion plane, for as long as this browser window lives, also while nobody
   looks at the plane: {run id: the payload `rate` of playground/features/rate_distortion/view.py}, newest last. */
import {subscribe} from './bus.js';

const KEY = 'playground/rates', MOST = 24;
let timer = 0, newest = null;

/** @returns {{[run: string]: import('./payloads.d.ts').Rate}} */
export const runs = () => { try { return JSON.parse(sessionStorage.getItem(KEY)) || {}; } catch { return {}; } };
function write(all) {
  try { sessionStorage.setItem(KEY, JSON.stringify(all)); } catch { /* full or forbidden: this plane forgets */ }
}

function keep() {
  timer = 0;
  const all = runs();
  delete all[newest.run];
  all[newest.run] = newest.rate;
  Object.keys(all).slice(0, -MOST).forEach(run => delete all[run]);
  write(all);
}

/* All but the one that is shown. */
export function forget(shown) {
  const all = runs();
  write(shown in all ? {[shown]: all[shown]} : {});
}

subscribe('vae', frame => {
  const rate = frame && !frame.kept && frame.replay == null && frame.views.rate;
  if (!rate || (newest && newest.rate === rate)) return;
  if (timer && newest.run !== frame.run) { clearTimeout(timer); keep(); }
  newest = {run: frame.run, rate};
  if (!timer) timer = setTimeout(keep, 1000);
});
