/* Remembers the way of every run on the rate-distortion plane, for as long as this browser window lives, also while nobody
   looks at the plane: {run id: the payload `rate` of playground/views/rates.py}, newest last. */
(() => {
  const KEY = 'playground/rates', MOST = 24;
  const read = () => { try { return JSON.parse(sessionStorage.getItem(KEY)) || {}; } catch (error) { return {}; } };
  let timer = 0, newest = null;
  const keep = () => {
    timer = 0;
    const runs = read();
    delete runs[newest.run];
    runs[newest.run] = newest.rate;
    Object.keys(runs).slice(0, -MOST).forEach(run => delete runs[run]);
    try { sessionStorage.setItem(KEY, JSON.stringify(runs)); } catch (error) { /* full or forbidden: this plane forgets */ }
  };
  const forget = run => {
    const runs = read();
    Object.keys(runs).filter(other => other !== run).forEach(other => delete runs[other]);
    try { sessionStorage.setItem(KEY, JSON.stringify(runs)); } catch (error) { /* nothing was kept, then */ }
  };
  if (!window.playgroundRates) {
    window.playgroundRates = {runs: read, forget};
    window.playground.subscribe('vae', frame => {
      const rate = frame && frame.replay == null && frame.views.rate;
      if (!rate || (newest && newest.rate === rate)) return;
      if (timer && newest.run !== frame.run) { clearTimeout(timer); keep(); }
      newest = {run: frame.run, rate};
      if (!timer) timer = setTimeout(keep, 1000);
    });
  }
})();
