/* Data drowning in noise, computed here: x_t = alpha x_0 + sigma eps for every schedule at the same t and with the same eps.
   Server function: forward_process(dataset), payload in shape.py. */
import {decode} from '../../ui/lib/codec.js';
import {fixed} from '../../ui/lib/format.js';
import {live} from '../../ui/lib/live.js';
import {playText, player} from '../../ui/lib/player.js';
import {cssVar, rgb} from '../../ui/lib/theme.js';
import {CHARTS, chartDrawer, timeAt} from './charts.js';
import {SHOW, normals, numbers, signal} from './numbers.js';
import {drawImages, drawPoints} from './pictures.js';

const SECONDS = 4;                                           // from data to noise
const HINT = 'Drag in a chart to move t; hover to read it.';
const mixed = (a, b, share) => `rgb(${rgb(a).map((v, k) => Math.round(share * v + (1 - share) * rgb(b)[k])).join()})`;
const pressed = button => button.getAttribute('aria-pressed') === 'true';

/** @typedef {import('../../ui/lib/payloads.d.ts').ForwardProcess} ForwardProcess */
/** The answer of the server with its tables decoded, and `x0`. @param {ForwardProcess} answer */
function decoded(answer) {
  const schedules = answer.schedules.map(s => {
    const alpha = decode.f32(s.alpha), sigma = decode.f32(s.sigma);
    return {name: s.name, alpha, sigma, log_snr: decode.f32(s.log_snr), signal: alpha.map((value, k) => signal(value, sigma[k], answer.variance))};
  });
  const x0 = answer.kind === 'points' ? decode.f32(answer.data) : Float32Array.from(decode.u8(answer.data), v => v / 127.5 - 1);
  return {...answer, schedules, x0};
}

export function mount({element, props, server, watch}) {
  const $ = selector => element.querySelector(selector), $$ = selector => [...element.querySelectorAll(selector)];
  const slider = $('input'), time = $('.forward-time'), play = $('.forward-play'), unit = $('.forward-unit'), message = $('.forward-message');
  const panels = $$('.forward-panel'), charts = $$('.forward-charts figure'), drawChart = chartDrawer();
  /** @type {ReturnType<typeof decoded> | null} */
  let source = null;
  let eps = null, t = 0.3, seed = 1, asked = null, hovered = null;
  const chosen = () => (props.value || {}).schedule;

  function drawPanel(panel, i) {
    const schedule = source.schedules[i], found = numbers(schedule, t, source.variance), size = pressed(unit) ? Math.hypot(found.alpha, found.sigma) : 1;
    const canvas = panel.querySelector('canvas'), alpha = found.alpha / size, sigma = found.sigma / size;
    panel.querySelector('small').textContent = schedule.name === chosen() ? 'chosen' : '';
    if (source.kind === 'points') drawPoints(canvas, {x0: source.x0, eps}, alpha, sigma, mixed(cssVar('--role-data'), cssVar('--role-noise'), found.signal));
    else drawImages(canvas, {...source, eps}, alpha, sigma);
    panel.querySelectorAll('b[data-number]').forEach(node => { node.textContent = SHOW[node.dataset.number](found[node.dataset.number]); });
  }

  function say() {
    if (!hovered || !source) { message.textContent = HINT; return; }
    const parts = source.schedules.map(schedule => `${props.titles[schedule.name]} ${CHARTS[hovered.chart].show(numbers(schedule, hovered.at, source.variance))}`);
    message.textContent = `t = ${fixed(hovered.at)}: ${parts.join(' · ')}`;
  }

  function draw() {
    time.textContent = `t = ${fixed(t)}`;
    slider.value = String(Math.round(200 * t));
    slider.setAttribute('aria-valuetext', time.textContent);
    if (!source) return;
    panels.forEach(drawPanel);
    charts.forEach(figure => drawChart(figure, source, chosen(), t));
    element.dataset.drawn = (Number(element.dataset.drawn) || 0) + 1;
  }
  const view = live({element, tab: 'forward', views: [], draw});

  async function load() {
    const {dataset} = props.value || {};
    if (!dataset || asked === dataset) { view.redraw(); return; }
    asked = dataset;
    let answer;
    try { answer = await server.forward_process(dataset); } catch { answer = null; }
    if (asked !== dataset) return;
    const failed = !answer ? 'The server did not answer. Please try again.' : answer.error || '';
    $('.forward-error').textContent = failed;
    if (failed) { asked = null; return; }
    source = decoded(answer);
    eps = normals(source.x0.length, seed);
    $('.pg-note').textContent = `${source.title}, held-out ${source.kind}${source.kind === 'points' ? '; grey is data, pink is noise' : ''}`;
    say();
    view.redraw();
  }

  const way = player({seconds: SECONDS, at: t, alive: () => element.isConnected, show: at => { t = at; view.redraw(); }, paint: playing => { play.textContent = playText(playing); }});

  play.addEventListener('click', way.toggle);
  slider.addEventListener('input', () => way.to(Number(slider.value) / 200));
  slider.addEventListener('keydown', event => { if (event.key === ' ') { event.preventDefault(); way.toggle(); } });
  $('.forward-noise').addEventListener('click', () => { seed += 1; if (source) { eps = normals(source.x0.length, seed); view.redraw(); } });
  unit.addEventListener('click', () => { unit.setAttribute('aria-pressed', String(!pressed(unit))); view.redraw(); });
  charts.forEach(figure => {
    const canvas = figure.querySelector('canvas');
    canvas.addEventListener('pointerdown', event => { canvas.setPointerCapture(event.pointerId); way.to(timeAt(canvas, event)); });
    canvas.addEventListener('pointermove', event => {
      hovered = {chart: figure.dataset.chart, at: timeAt(canvas, event)};
      if (event.buttons) way.to(hovered.at);
      say();
    });
    canvas.addEventListener('pointerleave', () => { hovered = null; say(); });
  });
  watch('value', load);
  say();
  load();
}
