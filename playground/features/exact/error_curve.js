/* Error and losses against t, again while the model learns, but never more than a share of the time; of a run that is kept with the project only when asked. Question: errors. */
import {asker, keeper} from '../../ui/lib/asking.js';
import {lastFrame} from '../../ui/lib/bus.js';
import {live, visible} from '../../ui/lib/live.js';
import {mark} from '../../ui/lib/origin.js';
import {paced} from '../../ui/lib/plane.js';
import {CONFIG, axis, drawNames, isNarrow, layout, legend, plotlyOr, purge} from '../../ui/lib/plotly.js';
import {roleColour} from '../../ui/lib/theme.js';
import {say} from '../../ui/lib/ways.js';

/* name, array of the answer, role, dash */
const LINES = {
  error: [['model', 'against_exact', 'posterior', 'solid'], ['cost of always saying 0', 'zero', 'noise', 'dot']],
  loss: [['model, training', 'net_train', 'train', 'solid'], ['model, held-out', 'net_held_out', 'held_out', 'solid'],
         ['ideal, training', 'ideal_train', 'train', 'dash'], ['ideal, held-out', 'ideal_held_out', 'held_out', 'dash'],
         ['exact, held-out', 'exact_held_out', 'prior', 'dot']],
};
const SENTENCES = {
  error: known => `How far what the model says is from the exact answer, on noisy held-out examples. ${known ? 'The exact answer is that of the mixture, in closed form: this is all of the loss that could still be learned away.' : 'The exact answer is the ideal denoiser of the training set: to come close to it near t = 0 would be to memorise (see the losses).'}`,
  loss: known => `The ideal denoiser of a finite training set is their softmax-weighted mean: near t = 0 it knows every training example by heart, and fails on held-out ones. A model that fails to be ideal is the better one there${known ? '; on held-out data nothing beats the mixture’s own answer, on training data nothing beats the ideal denoiser' : ''}.`,
};

const ASK = 'Press error or losses: the model that is kept with the project is measured then.';

/** @typedef {import('../../ui/lib/payloads.d.ts').ErrorCurves} ErrorCurves */

export function mount({element, props, server}) {
  const $ = selector => element.querySelector(selector);
  const plot = $('.errors-plot'), empty = $('.pg-empty'), message = $('.errors-message'), names = $('.pg-names'), note = $('.pg-note');
  const buttons = [...element.querySelectorAll('[data-show]')], ask = asker(server, props.tab);
  /** @type {import('../../ui/lib/asking.js').Answer<ErrorCurves> | null} */
  let found = null;
  let frame = null, asked = false, shown = 'error', took = 500, opened = performance.now();

  const picture = () => frame && (frame.views.particles || frame.views.samples);
  const step = () => (picture() ? picture().step : -1);
  const goesOn = () => ['starting', 'running'].includes((lastFrame(props.tab) || {}).status);
  const idle = () => Boolean(frame && frame.kept && !asked);
  const fresh = paced(() => (goesOn() ? Math.max(1500, props.share * took) : 0), () => keep());
  const keep = keeper({
    key: () => (step() >= 0 && !idle() && visible(element) && performance.now() - opened > 1500 ? [frame.run, fresh(step())] : null), interval: 50,
    fetch: async () => { const began = performance.now(), answer = await ask('errors', {n: 10}); took = performance.now() - began; return answer; },
    done: answer => { found = answer; view.redraw(); },
  });

  /* Decades that hold the model, and what is near it: an exact answer may be off by thousands near t = 0, or by nothing. */
  function decades() {
    const mine = shown === 'loss' ? ['net_train', 'net_held_out'] : ['against_exact'], model = mine.flatMap(key => Array.from(found[key].data)).filter(v => v > 0);
    if (!model.length) return [-3, 1];
    const top = Math.log10(Math.max(...model)), beside = shown === 'loss' ? 0 : Math.max(...found.zero.data);
    return [Math.log10(Math.min(...model)) - (shown === 'loss' ? 1.5 : 0.5), Math.max(top + 1, Math.min(top + 3, Math.log10(Math.max(beside, 1e-9)) + 0.1))];
  }

  function look() {
    const narrow = isNarrow(plot);                              // there the unit stands above the picture alone
    return layout(plot, {
      uirevision: `${frame && frame.run}|${shown}`, showlegend: !narrow, margin: {l: narrow ? 36 : 50, r: 8, t: 6 + names.offsetHeight, b: 36}, hovermode: 'x', legend: legend(), xaxis: axis('t (0: data, 1: noise)', {range: [0, 1]}),
      yaxis: axis(narrow ? '' : 'mean squared error', {standoff: 6, type: 'log', range: decades(), exponentformat: 'power', minor: {showgrid: false}, ...(narrow ? {dtick: 1} : {nticks: 7})}),
    });
  }

  const press = () => buttons.forEach(button => button.setAttribute('aria-pressed', String(button.dataset.show === shown)));

  function draw(payload, newest) {
    if ((newest && newest.run) !== (frame && frame.run)) found = null;
    frame = newest;
    const failed = found && typeof found.error === 'string' ? found.error : '', ready = found && !failed;
    empty.hidden = Boolean(picture()) && !idle();
    if (idle()) say(empty.firstChild, ASK);
    message.classList.toggle('errors-wrong', Boolean(failed));
    say(message, failed || (ready ? SENTENCES[shown](found.exact_known) : picture() && !idle() ? 'Measuring…' : ''));
    mark(element, ready ? found.origin : null);
    note.textContent = ready ? 'mean squared error, in the unit of the loss' : '';
    press();
    if (ready) {
      const traces = LINES[shown].filter(([, key]) => found[key]).map(([name, key, role, dash]) => ({
        type: 'scatter', mode: 'lines+markers', name, x: found.times.data, y: found[key].data, line: {color: roleColour(role), dash, width: 2},
        marker: {color: roleColour(role), size: 5}, hovertemplate: `t = %{x:.2f}: %{y:.3~g}<extra>${name}</extra>`,
      }));
      drawNames(names, plot, traces);
      const P = plotlyOr(() => view.redraw());
      if (P) P.react(plot, traces, look(), CONFIG);
      if (P) element.dataset.drawn = (Number(element.dataset.drawn) || 0) + 1;
    } else { purge(plot); drawNames(names, plot, []); }
    keep();
  }
  const view = live({element, tab: props.tab, views: ['particles', 'samples'], draw, interval: 200});
  buttons.forEach(button => button.addEventListener('click', () => { shown = button.dataset.show; asked = true; press(); view.redraw(); }));
  setTimeout(() => keep(), 1600);                               // the fields beside it are quicker, and come first
}
