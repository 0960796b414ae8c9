/* What components share that ask a model something: the question itself, and answers that stay fresh while a model trains. */
import {lastFrame} from './bus.js';
import {arrays} from './codec.js';

/** @typedef {import('./payloads.d.ts').Origin} Origin */
/** What `ask` gives: the arrays of the question, and these.
    @template T @typedef {T & {step: number, origin: Array<Origin>, error?: string}} Answer */

/* `ask(name, args)` -> arrays, and the `origin` of the answer (origin.js), or {error: sentence}; asks the model that `tab` shows, at
   the moment that it shows. */
export function asker(server, tab) {
  /** @returns {Promise<any>} */
  const ask = async (name, args = {}) => {
    const frame = lastFrame(tab);
    if (!frame) return {error: 'There is no model yet: press Train first.'};
    const moment = frame.replay == null ? {} : {moment: frame.replay};
    let answer;
    try { answer = await server.ask([frame.run, name, {...args, ...moment}]); } catch { answer = null; }
    if (!answer) return {error: 'The server did not answer. Please try again.'};
    if (answer.error) return {error: answer.error};
    return {...arrays(answer), origin: [{about: frame.about, run: frame.run, model: tab, step: answer.step}]};
  };
  return ask;
}

/* One answer that is kept fresh. `key()` is null while nobody wants it, else [subject, version]: another subject is
   asked for at once, another version of the same (the model has learned on) at most every `interval` milliseconds, and after
   `patience` times as long as the last answer took: a question holds up the training that it is put to.
   `fetch(subject)` gives the answer, `done(answer, subject)` takes it; answers of an old subject are dropped. Call the
   returned function whenever something may have changed. An error is not asked for again until the key changes. */
export function keeper({key, fetch, done, interval = 1000, patience = 0}) {
  let subject, version, busy = false, last = -Infinity, cost = 0, timer = 0;
  async function poke() {
    const now = key();
    if (now === null) { subject = undefined; return; }
    const [wanted, newest] = now.map(String), same = wanted === subject;
    if (busy || (same && newest === version)) return;
    const wait = same ? last + Math.max(interval, patience * cost) - performance.now() : 0;
    if (wait > 0) {
      clearTimeout(timer);
      timer = setTimeout(poke, wait + 5);
      return;
    }
    [subject, version, busy, last] = [wanted, newest, true, performance.now()];
    let answer;
    try { answer = await fetch(); } catch (error) { console.error(error); answer = {error: 'This could not be asked.'}; }
    busy = false;
    cost = performance.now() - last;
    const after = key();
    if (after !== null && String(after[0]) === wanted) done(answer, wanted);
    poke();
  }
  return poke;
}

/* One answer for everybody on a tab who wants it: `shared(ask, tab, name)` gives a function that answers like `ask(name)`. It asks once
   for each run and step that the tab shows, and of a run that goes on not before `patience` times as long has passed as the last
   answer took: until then all have the last one. Once the answer is of the last step nothing is asked any more. */
const shelves = new Map();
export function shared(ask, tab, name, patience = 8) {
  const place = `${tab}|${name}`;
  if (!shelves.has(place)) shelves.set(place, {});
  const shelf = shelves.get(place);
  return () => {
    const frame = lastFrame(tab), step = frame && frame.views.map ? frame.views.map.step : null;
    const subject = frame ? `${frame.run}|${frame.replay ?? ''}` : null;
    if (subject === shelf.subject) {
      if (shelf.asked) return shelf.asked;
      if (shelf.answer && (step === shelf.step || step <= shelf.answer.step || performance.now() < shelf.until)) return Promise.resolve(shelf.answer);
    }
    const began = performance.now(), asked = ask(name).then(answer => {
      if (shelf.asked !== asked) return answer;              // another run is shown meanwhile
      const now = performance.now();
      Object.assign(shelf, {asked: null, answer: answer.error ? null : answer, until: now + patience * (now - began)});
      return answer;
    });
    Object.assign(shelf, {subject, step, asked, answer: null});
    return asked;
  };
}

/* The newest of many wishes, one at a time: a drag makes more of them than can be answered. */
export function newest(work) {
  let wish = null, busy = false;
  return async what => {
    wish = {what};
    if (busy) return;
    busy = true;
    while (wish) {
      const {what: next} = wish;
      wish = null;
      try { await work(next); } catch (error) { console.error(error); }
    }
    busy = false;
  };
}
