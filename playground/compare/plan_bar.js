/* How far runs are that were begun together: each with its bar, time left for all of it, and how it is stopped. Payload: ComparePlan in shape.py. */
import {duration} from '../ui/lib/format.js';
import {button, node} from '../ui/lib/nodes.js';

const WORDS = {waiting: 'in line', starting: 'starting', running: '', paused: 'paused', finished: 'done', stopped: 'stopped', failed: 'failed'};

/** Seconds in words, and that they are not all. @param {{left: number, unknown: number, state: string, place: number}} plan */
export function timeLeft({left, unknown, state, place}) {
  if (state === 'over') return '';
  if (place > 0) return `${place === 1 ? 'one comparison is' : `${place} comparisons are`} before it`;
  if (!left) return unknown ? 'time left is known once each kind has begun' : '';
  return `${unknown ? 'more than ' : 'about '}${duration(left)} left`;
}
/* What came of it, in a sentence. */
export function outcome({jobs}) {
  const failed = jobs.filter(job => job.state === 'failed'), stopped = jobs.some(job => job.state === 'stopped');
  if (failed.length) return `${failed.length} of ${jobs.length} failed. ${failed[0].title}: ${failed[0].message}`;
  return stopped ? 'Stopped: what was trained until then is kept.' : 'Done: the runs are in the library.';
}

/* `send(name)` steers it, `close()` takes the bar away. */
export function planBar({place, send, close}) {
  function job(one) {
    const share = one.state === 'finished' ? 1 : one.steps ? Math.min(1, one.step / one.steps) : 0, bar = node('div', 'compare-bar', node('i'));
    /** @type {HTMLElement} */ (bar.firstChild).style.width = `${100 * share}%`;
    const made = node('div', `compare-job compare-job-${one.state}`, node('span', 'compare-job-title', one.title), bar, node('span', 'compare-job-state', WORDS[one.state] || `${Math.round(100 * share)} %`));
    made.title = one.message || one.title;
    return made;
  }
  /** @param {import('../ui/lib/payloads.d.ts').ComparePlan | null} plan */
  function draw(plan) {
    place.hidden = !plan;
    if (!plan) { place.replaceChildren(); return; }
    const over = plan.state === 'over', paused = plan.jobs.some(one => one.state === 'paused');
    const focus = place.contains(document.activeElement) ? document.activeElement.textContent : '';
    place.replaceChildren(
      node('div', 'compare-plan-head', node('b', '', plan.title), node('span', 'compare-soft', over ? outcome(plan) : timeLeft(plan)), ...(over
        ? [button('Close', 'compare-quiet', close)]
        : [button(paused ? 'Resume' : 'Pause', 'compare-quiet', () => send(paused ? 'resume' : 'pause'), {disabled: plan.place > 0 || plan.state === 'stopping'}),
           button(plan.state === 'stopping' ? 'Stopping…' : 'Stop', 'compare-quiet', () => send('stop'), {disabled: plan.state === 'stopping'})])),
      over ? '' : node('div', 'compare-jobs', ...plan.jobs.map(job)));
    if (focus) [...place.querySelectorAll('button')].find(each => each.textContent === focus)?.focus();
  }
  return {draw};
}
