/* The slider over a run's kept moments. It asks the server for a moment and publishes it on the bus (lib/bus.js), where it
   lies over the newest frame until it is taken away. Event to Python: 'fork'. */
import {ACTIVE, publish, subscribe} from '../lib/bus.js';
import {thousands} from '../lib/format.js';
import {latest, visible} from '../lib/live.js';
import {playText, player} from '../lib/player.js';
import * as forms from '../lib/forms.js';

const FILM_SECONDS = 6;

/* --- drawing --------------------------------------------------------------------------------------------------------- */
function setText(node, text) { if (node.textContent !== text) node.textContent = text; }

/* The newest of `list` at or before `step`. */
const before = (list, step) => list.reduce((best, one) => (one <= step ? one : best), null);

/** @typedef {import('../lib/payloads.d.ts').Moments} Moments */
/** @typedef {import('../lib/payloads.d.ts').Status} Status */

export function mount({element, props, server, trigger, watch}) {
  const tab = props.tab, root = element.querySelector('.time');
  const $ = selector => element.querySelector(selector);
  const slider = $('input'), marks = $('.time-marks'), label = $('.time-step'), message = $('.time-message');
  const play = $('.time-play'), now = $('.time-now'), fork = $('.time-fork');
  const EMPTY = 'Press Train: moments of the run are kept here, to go back to and to continue from.';
  /** @type {(Status & {moments?: Moments}) | null} */
  let frame = null;
  let run = null, steps = [], checkpoints = [], light = [];
  let past = null;                                     // the step asked for, null: now
  let wanted = null, asking = false, trouble = '';     // one request at a time, the newest wins
  let forking = false, forkTimer = 0;
  const last = () => (steps.length ? steps[steps.length - 1] : 0);
  const shown = () => (past === null ? last() : past);

  const closest = step => steps.reduce((best, one) => (Math.abs(one - step) < Math.abs(best - step) ? one : best), steps[0]);

  function drawMarks(from) {
    const key = `${checkpoints.join()}|${last()}|${from}`;
    if (marks.dataset.key === key) return;
    marks.dataset.key = key;
    marks.replaceChildren(...checkpoints.filter(step => step <= last()).map(step => {
      const mark = document.createElement('i');
      mark.style.left = `${100 * step / Math.max(1, last())}%`;
      mark.classList.toggle('time-from', step === from);
      return mark;
    }));
  }

  function sentence(from) {
    if (!steps.length) return frame ? '' : EMPTY;
    if (trouble) return trouble;
    if (past === null) return 'Go back to any moment of this run. Marks: its weights are kept, so that a new run can continue from there' + (light.length ? '; all but the newest with a new optimiser.' : '.');
    const active = ACTIVE.includes(frame.status), on = frame.status === 'paused' ? 'the run is paused' : active ? 'the run goes on meanwhile' : '';
    const weights = from === null ? 'no weights are kept so early' : from === past ? 'its weights are kept' : `the nearest weights kept before it are of step ${thousands(from)}`;
    return `The pictures show step ${thousands(past)}${on ? `; ${on}` : ''}; ${weights}${light.includes(from) ? ', averaged, without the optimiser, which would begin anew' : ''}.`;
  }

  function draw() {
    const any = steps.length > 0, step = shown(), from = any ? before(checkpoints, step) : null;
    root.dataset.past = String(past !== null);
    [slider, play].forEach(node => { node.disabled = steps.length < 2; });
    slider.max = String(Math.max(1, last()));
    slider.value = String(any ? step : 1);
    const text = any ? `step ${thousands(step)} of ${thousands(last())}` : '–';
    slider.setAttribute('aria-valuetext', text);
    setText(label, text);
    setText(play, playText(film.playing(), 'Film', 'Film'));
    setText(now, frame && !ACTIVE.includes(frame.status) ? '● newest' : '● live');
    now.setAttribute('aria-pressed', String(past === null));
    now.disabled = !any;
    setText(fork, forking ? 'Continuing…' : from === null ? 'Continue from here' : `Continue from step ${thousands(from)}`);
    fork.disabled = forking || from === null || (past === null && ACTIVE.includes(frame.status));
    drawMarks(past === null ? null : from);
    setText(message, sentence(from));
  }

  /* --- going back, and to now ------------------------------------------------------------------------------------------ */
  function show(step) {
    past = step;
    wanted = step;
    trouble = '';
    draw();
    ask();
  }

  async function ask() {
    if (asking) return;
    asking = true;
    while (wanted !== null) {
      const step = wanted, mine = run;
      wanted = null;
      let answer;
      try { answer = await server.replay([mine, step]); } catch { answer = undefined; }
      if (mine !== run || past === null) continue;
      if (answer && !answer.error) {
        if (wanted === null) past = answer.replay;     // the moment asked for may have been thinned out meanwhile
        publish(tab, answer);
        continue;
      }
      if (wanted === null) {
        live();
        trouble = answer ? answer.error : 'The server did not answer. Please try again.';
        draw();
      }
    }
    asking = false;
  }

  function live() {
    const was = past;
    past = wanted = null;
    film.pause();
    trouble = '';
    if (was !== null) publish(tab, {run, replay: null});
    draw();
  }

  /* `by` moments on; beyond the newest is now. */
  function walk(by) {
    const i = steps.indexOf(closest(shown())) + by;
    if (i >= steps.length - 1) live(); else show(steps[Math.max(0, i)]);
  }

  /* --- the film: all moments in six seconds, once ------------------------------------------------------------------------ */
  const film = player({seconds: FILM_SECONDS, alive: () => visible(element), paint: () => draw(), show: at => {
    const i = Math.floor(at * (steps.length - 1));
    if (i >= steps.length - 1) live();                 // the newest moment is now
    else if (!asking && steps[i] !== past) show(steps[i]);
  }});

  function playFilm() {
    film.set(past === null ? 1 : steps.indexOf(closest(past)) / Math.max(1, steps.length - 1));
    film.toggle();
  }

  const drawSoon = latest(() => draw(), 100);

  /* --- what happens ----------------------------------------------------------------------------------------------------- */
  subscribe(tab, newest => {
    const other = (newest && newest.run) !== run;
    frame = newest;
    if (other) {
      run = newest && newest.run;
      past = wanted = null;
      trouble = '';
      settled();
    }
    steps = (newest && newest.moments && newest.moments.steps) || [];
    checkpoints = (newest && newest.moments && newest.moments.checkpoints) || [];
    light = (newest && newest.moments && newest.moments.light) || [];
    if (other) film.pause();
    if (visible(element)) drawSoon(); else draw();
  });

  slider.addEventListener('input', () => {
    film.pause();
    const step = closest(Number(slider.value));
    if (step === last()) live(); else show(step);
  });

  slider.addEventListener('keydown', event => {
    const by = {ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 10, PageDown: -10, Home: -steps.length, End: steps.length}[event.key];
    if (event.key !== ' ' && !by) return;
    event.preventDefault();
    if (event.key === ' ') playFilm();
    else { film.pause(); walk(by); }
  });

  play.addEventListener('click', playFilm);

  now.addEventListener('click', live);

  fork.addEventListener('click', () => {
    film.pause();
    const step = before(checkpoints, shown());
    if (step === null) return;
    forking = true;
    clearTimeout(forkTimer);
    forkTimer = setTimeout(() => { if (forking) { settled(); trouble = 'No answer from the server. Please try again.'; draw(); } }, 20000);
    draw();
    trigger('fork', {run, step, settings: forms.read()});
  });

  /* Python answered: the run bar follows the new run, or says why there is none. */
  function settled() { clearTimeout(forkTimer); forking = false; }

  watch('value', () => { settled(); draw(); });

  draw();
}
