/* The Compare tab: runs side by side, those in the page's address. A column is a run, or a few that differ by nothing but the seed.
   Payload: shape.py. */
import {arrays} from '../ui/lib/codec.js';
import {duration, thousands} from '../ui/lib/format.js';
import {openTab} from '../ui/lib/going.js';
import {ACTIVE, tell} from '../ui/lib/bus.js';
import {latest, visible} from '../ui/lib/live.js';
import {nameOf} from '../ui/lib/mine.js';
import {button, node} from '../ui/lib/nodes.js';
import {classColours, onTheme} from '../ui/lib/theme.js';
import {chosen, planned, write, writePlan} from './address.js';
import {beginning} from './begin.js';
import {chooser, known, nameHere} from './chooser.js';
import {plots} from './curves.js';
import {maps} from './maps.js';
import {numbers} from './numbers.js';
import {sorted} from './panel.js';
import {reconstructions, samples} from './pictures.js';
import {planBar} from './plan_bar.js';
import {settingsTable} from './settings_table.js';

const NO_ANSWER = 'The server did not answer. Please try again.';
const EVERY = {going: 1500, still: 8000};
const MOST_COLUMNS = 6;
const CHANNEL = {latent_diffusion: 'diffusion'};

/** @typedef {import('../ui/lib/payloads.d.ts').CompareColumn} Column */

export function mount({element, server}) {
  const $ = selector => element.querySelector(selector);
  const body = $('.compare-body'), note = $('.compare-note'), tools = $('.compare-tools'), box = $('.compare-chooser'), root = $('.compare');
  /** @type {Map<string, Column & {pictures: any}>} */
  const runs = new Map();
  let shown = chosen(), all = {order: [], groups: [], settings: {differ: [], same: []}}, life = 0, said = '', sort = '', plan = null, planLife = 0;

  const ask = async (name, request) => { try { return (await server[name](request)) || {error: NO_ANSWER}; } catch { return {error: NO_ANSWER}; } };
  function say(text) { if (text !== said) { said = text; note.textContent = text; } }

  /* --- which runs ------------------------------------------------------------------------------------------------------- */
  function show(next, push = true) {
    shown = next;
    write(next, push);
    for (const run of [...runs.keys()]) if (!next.includes(run)) runs.delete(run);
    follow();
  }
  const pick = chooser({box, ask, kept: () => shown, toggle: run => show(shown.includes(run) ? shown.filter(one => one !== run) : [...shown, run])});
  addEventListener('popstate', () => { if (element.isConnected && chosen().join() !== shown.join()) show(chosen(), false); });

  /* --- following them --------------------------------------------------------------------------------------------------- */
  async function follow() {
    const mine = ++life;
    draw();
    while (mine === life && element.isConnected) {
      if (visible(element) && shown.length) await load(mine);
      const going = [...runs.values()].some(run => run.goes_on);
      await new Promise(done => setTimeout(done, visible(element) && shown.length ? (going ? EVERY.going : EVERY.still) : 400));
    }
  }
  async function load(mine) {
    const versions = Object.fromEntries([...runs].map(([run, column]) => [run, column.version]));
    const answer = await ask('compare_columns', [shown, versions]);
    if (mine !== life) return;
    if (answer.error) { say(answer.error); return; }
    for (const [run, column] of Object.entries(answer.runs)) runs.set(run, {...column, pictures: arrays({originals: column.originals, reconstructions: column.reconstructions, samples: column.samples})});
    all = answer;
    if (window.playgroundPage) window.playgroundPage.watch.compare = {run: shown.join(','), watch: answer.order.map(run => runs.get(run)?.watch).filter(Boolean).join(',')};
    const gone = Object.entries(answer.gone), over = all.groups.length - MOST_COLUMNS;
    say(gone.length ? `${gone.length === 1 ? 'A run is' : `${gone.length} runs are`} left out: ${gone[0][1]}` : over > 0 ? `More than ${MOST_COLUMNS} are shown small: take some out, and the rest stand side by side.` : '');
    draw();
  }

  /* --- what is begun together ------------------------------------------------------------------------------------------- */
  async function begin(what, values) {
    const answer = await ask('compare_begin', [what, values]);
    if (answer.error) { say(answer.error); return; }
    say('');
    writePlan(answer.plan);
    if (what !== 'evaluate') show([]);
    lookAfter(answer.plan);
  }
  /* Asks how far it is until it is over; its runs come into the comparison as they begin. */
  async function lookAfter(id) {
    const mine = ++planLife, added = new Set(shown);
    while (id && mine === planLife && element.isConnected) {
      if (!document.hidden) {
        const answer = await ask('compare_plan', id);
        if (mine !== planLife) return;
        if (answer.error && answer.error !== NO_ANSWER) { plan = null; writePlan(''); drawPlan(); return; }
        if (!answer.error) plan = answer;
        const fresh = (plan?.jobs || []).filter(job => job.trains && job.run && !added.has(job.run)).map(job => job.run);
        fresh.forEach(run => added.add(run));
        if (fresh.length) show([...shown, ...fresh], false);
        drawPlan();
        if (plan?.state === 'over') { writePlan(''); follow(); return; }  // what was measured last is there now
      }
      await new Promise(done => setTimeout(done, 1000));
    }
  }
  const bar = planBar({place: $('.compare-plan'), send: async name => { const answer = await ask('compare_command', [plan.plan, name]); if (answer.error) say(answer.error); }, close: () => { planLife += 1; plan = null; drawPlan(); }});
  function drawPlan() { bar.draw(plan); draw(); }
  /* The runs that are measured now, or soon. */
  const busy = () => new Set((plan && plan.state !== 'over' ? plan.jobs : []).filter(job => !job.trains && ACTIVE.includes(job.state)).map(job => job.of).filter(Boolean));

  /* --- drawing ------------------------------------------------------------------------------------------------------------ */
  /* [{runs, head, colour, title}]: what stands side by side. */
  function columns() {
    const colours = classColours();
    const found = all.groups.map(group => group.filter(index => runs.has(all.order[index]))).filter(group => group.length)
      .map((group, k) => ({indices: group, runs: group.map(index => runs.get(all.order[index])), head: runs.get(all.order[group[0]]), colour: colours[k % colours.length]}))
      .map(column => ({...column, title: titleOf(column.runs)}));
    const titles = found.map(column => column.title);
    found.forEach((column, k) => { if (titles.filter(title => title === titles[k]).length > 1) column.title = apart(column); });
    return sorted(found, sort);
  }
  /* Columns of one name go by the settings in which they differ: "Latent dimensions 4". */
  function apart(column) {
    const differ = all.settings.differ.filter(row => row.name !== 'seed').map(row => `${row.label} ${row.values[column.indices[0]]}`);
    return `${differ.join(', ') || `${column.title}, seed ${column.head.seed}`}${differ.length && column.runs.length > 1 ? `, ${column.runs.length} seeds` : ''}`;
  }
  function titleOf(group) {
    const [head] = group;
    if (group.length > 1) return `${nameOf(head.about)}, ${group.length} seeds`;
    return nameHere(head.run, head.name) || nameOf(head.about);
  }
  const mapsView = maps({sheet: dataset => ask('compare_sheet', dataset)}), plotsView = plots();

  function paint() {
    const every = columns(), now = every.slice(0, MOST_COLUMNS);
    root.dataset.count = String(now.length);
    root.style.setProperty('--count', String(Math.max(1, now.length)));
    if (!now.length) { body.replaceChildren(empty()); mapsView.clear(); plotsView.clear(); drawTools(); return; }
    if (every.length > MOST_COLUMNS) { grid(every); drawTools(); return; }
    if (!body.querySelector('.compare-heads')) { plotsView.clear(); body.replaceChildren(...sections()); }
    const width = (body.clientWidth - 168 - 12 * now.length) / now.length;
    fill('.compare-heads', () => [node('div', 'compare-label', ''), ...now.map(head)], now.map(column => [column.title, ...column.runs.flatMap(run => [run.status, run.step, run.name, run.picture, run.message])]));
    fill('.compare-samples', () => [label('Samples'), ...now.map(column => samples(column, width))], [width, now.map(versionOf)]);
    fill('.compare-reconstructions', () => [label('Held-out data', 'The first of each class, and below what the model makes of it.'), ...now.map(column => reconstructions(column, width))], [width, now.map(versionOf)]);
    mapsView.draw($('.compare-maps'), label('Maps', 'Held-out data: point at a dot, and the same example lights up in every map.'), now, width);
    fillNumbers(now);
    fill('.compare-settings', () => settingsTable(all, now), [all.settings, now.map(column => column.title)]);
    plotsView.draw($('.compare-curves'), now);
    drawTools();
  }
  /* More than can stand side by side, such as a sweep: small pictures, and the curves. */
  function grid(every) {
    if (!body.querySelector('.compare-grid')) { plotsView.clear(); mapsView.clear(); body.replaceChildren(node('div', 'compare-grid'), node('div', 'compare-row compare-numbers'), node('div', 'compare-row compare-curves')); }
    fill('.compare-grid', () => every.map(column => node('div', 'compare-card', head(column), samples(column, 180))), every.map(column => [versionOf(column), column.head.status, column.head.step]));
    root.style.setProperty('--count', String(every.length));
    fillNumbers(every);
    plotsView.draw($('.compare-curves'), every);
  }
  function fillNumbers(now) {
    fill('.compare-numbers', () => numbers(now, {sort, busy: busy(), act: {evaluate: runs_ => begin('evaluate', runs_), sortBy: name => { sort = name; draw(); }}}),
      [sort, [...busy()], now.map(column => [column.title, column.runs.map(run => [run.run, run.version, run.evaluated])])]);
  }
  const versionOf = column => [column.head.run, column.head.version, column.title];
  const label = (title, help) => { const made = node('div', 'compare-label', node('b', '', title), help ? node('span', '', help) : null); return made; };
  /* Makes the nodes of a row only where what they show has changed: nobody's focus is lost, and nothing is drawn for nothing. */
  function fill(row, made, key) {
    const place = $(row), now = JSON.stringify(key);
    if (place.dataset.key === now) return;
    place.dataset.key = now;
    place.replaceChildren(...made());
  }
  const sections = () => ['heads', 'samples', 'reconstructions', 'numbers', 'maps', 'settings', 'curves'].map(name => node('div', `compare-row compare-${name}`));

  function head(column) {
    const {head: run} = column, made = node('div', 'compare-head');
    const picture = run.picture ? node('div', 'compare-picture', node('img')) : null;
    if (picture) Object.assign(picture.firstChild, {src: new URL(run.picture, document.baseURI).href, alt: '', width: 64, height: 48});
    const far = run.goes_on || run.status !== 'finished' ? `${run.status}, step ${thousands(run.step)} of ${thousands(run.steps)}` : `${thousands(run.step)} steps, ${duration(run.seconds)}`;
    const open = button(column.title, 'compare-title', () => openRun(run), {title: `${column.title}: open it on its tab`});
    open.style.setProperty('--swatch', column.colour);
    const words = [column.title.startsWith(nameOf(run.about)) ? '' : nameOf(run.about), far, column.runs.length > 1 ? `seeds ${column.runs.map(one => one.seed).join(', ')}; pictures of seed ${run.seed}` : `seed ${run.seed}`];
    made.append(...(picture ? [picture] : []), node('div', 'compare-facts', open, ...words.filter(Boolean).map(text => node('span', '', text)), run.goes_on || run.status !== 'failed' ? null : node('span', 'compare-bad', run.message)),
      button('×', 'compare-off', () => show(shown.filter(one => !column.runs.some(each => each.run === one))), {ariaLabel: `Take ${column.title} out of the comparison`}));
    return made;
  }
  function openRun(run) {
    const tab = CHANNEL[run.model] || run.model;
    tell(`show|${tab}`, run.run);
    const url = new URL(location.href);
    url.searchParams.set(tab, run.run);
    history.replaceState(history.state, '', url);
    openTab(tab);
  }

  function empty() {
    const some = known().filter(run => run.run.startsWith('kept-'));
    return node('div', 'compare-empty',
      node('p', '', shown.length || plan ? 'Loading…' : 'Nothing is compared yet. Train all four: an autoencoder, a VAE, a diffusion in the VAE’s latents and one of the pixels learn the same data, one after another, and then are measured by the same measures. Or choose runs that there are.'),
      shown.length || plan ? null : node('div', 'compare-ways',
        button('Train all four', 'compare-main', () => /** @type {HTMLElement} */ (begun.querySelector('.compare-main'))?.click(), {title: 'On the data that are chosen above'}),
        button('Choose runs', 'compare-quiet', () => pick.open(true)),
        some.length > 1 ? button('Compare the runs that came with the project', 'compare-quiet', () => show(some.map(run => run.run))) : null));
  }
  function drawTools() {
    if (tools.childElementCount) return;
    tools.replaceChildren(button('Choose runs', 'compare-quiet', () => pick.open(box.hidden)), button('Take all out', 'compare-quiet', () => show([])));
  }
  const draw = latest(paint, 100);

  new ResizeObserver(() => draw()).observe(element);
  onTheme(() => { element.querySelectorAll('[data-key]').forEach(row => { row.dataset.key = ''; }); draw(); });
  const begun = $('.compare-begin');
  beginning({place: begun, describe: () => ask('compare_describe', null), begin}).draw();
  pick.load().then(() => draw());
  if (planned()) lookAfter(planned());
  follow();
}
