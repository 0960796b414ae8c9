/* The runs that are compared stand in the page's address, ?compare=RUN,RUN; a choice is a step that Back takes back. */
const MOST = 24;

export const chosen = () => [...new Set((new URL(location.href).searchParams.get('compare') || '').split(',').filter(run => /^[A-Za-z0-9_-]{1,64}$/.test(run)))].slice(0, MOST);

export function write(runs, push) {
  const url = new URL(location.href);
  if (runs.length) url.searchParams.set('compare', runs.join(',')); else url.searchParams.delete('compare');
  if (url.href === location.href) return;
  if (push) history.pushState(history.state, '', url); else history.replaceState(history.state, '', url);
}

/* Runs that were begun together and are not over yet: ?plan=ID, so that a reload finds them again. */
export const planned = () => { const plan = new URL(location.href).searchParams.get('plan') || ''; return /^[A-Za-z0-9_-]{1,64}$/.test(plan) ? plan : ''; };
export function writePlan(plan) {
  const url = new URL(location.href);
  if (plan) url.searchParams.set('plan', plan); else url.searchParams.delete('plan');
  if (url.href !== location.href) history.replaceState(history.state, '', url);
}
